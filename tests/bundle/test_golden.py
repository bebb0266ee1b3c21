import json

import numpy as np
import pytest


@pytest.fixture
def golden(tiny_bundle):
    def make(**changes):
        folder = tiny_bundle(**changes)
        document = json.loads((folder / "manifest.json").read_text())
        return folder, document["golden"][0], document["artefacts"][0]

    return make


def test_each_tensor_is_one_npy_and_one_bin_per_sample(golden, package_tiny):
    folder, record, _ = golden()
    (tensor,) = record["outputs"]
    assert tensor == {"name": "/out/y:0", "array": "golden/main/out_y_0.npy", "samples": "golden/main/out_y_0"}
    array = np.load(folder / tensor["array"])
    assert np.array_equal(array, package_tiny.floats * 2)
    bins = sorted((folder / tensor["samples"]).iterdir())
    assert [path.name for path in bins] == ["000.bin", "001.bin", "002.bin", "003.bin", "004.bin"]
    assert b"".join(path.read_bytes() for path in bins) == array.tobytes()
    assert record["count"] == 5
    assert record["pixels"] == []


def test_an_om_with_aipp_gets_the_pixels_that_the_floats_came_from(golden, package_tiny):
    folder, record, artefact = golden(aipp_mode="rgb")
    (tensor,) = record["pixels"]
    pixels = np.load(folder / tensor["array"])
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, package_tiny.pixels)
    assert "golden/main-pixels/x" in artefact["ais_bench"]


def test_floats_that_came_from_no_pixels_get_none_and_no_ais_bench_line(golden, package_tiny):
    package_tiny.floats[0, 0, 0, 0] += 0.01
    folder, record, artefact = golden(aipp_mode="rgb")
    assert record["pixels"] == []
    assert artefact["ais_bench"] == []
    assert "ais_bench" not in (folder / "README.md").read_text()


def test_the_ais_bench_line_fits_the_om(golden):
    _, _, artefact = golden()
    assert " ".join(artefact["ais_bench"]) == (
        "--model models/card/main.om --input golden/main/x --output /tmp --output_dirname golden-main-card --outfmt NPY"
    )


def test_gears_run_at_the_largest(golden):
    _, _, artefact = golden(sizes=(1, 2, 8))
    assert artefact["ais_bench"][-2:] == ["--dymBatch", "8"]

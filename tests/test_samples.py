from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ascendc.errors import UsageError
from ascendc.samples import read_samples, sample_files


def test_a_folder_of_pictures_texts_and_arrays(tmp_path):
    Image.new("RGB", (6, 4), (255, 0, 0)).save(tmp_path / "b.png")
    Image.new("L", (3, 3), 7).save(tmp_path / "a.png")
    (tmp_path / "texts.txt").write_text("一只猫\n\na dog\n", encoding="utf-8")
    np.savez(tmp_path / "x.npz", x=np.arange(3))
    np.savez(tmp_path / "y.npz", x=np.arange(3))
    (tmp_path / "notes.md").write_text("not a sample")

    samples = read_samples(sample_files(tmp_path))

    assert [image.shape for image in samples.images] == [(3, 3, 3), (4, 6, 3)]
    assert samples.images[1][0, 0].tolist() == [255, 0, 0]
    assert samples.texts == ("一只猫", "a dog")
    assert samples.arrays[0]["x"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: folder.mkdir()], ids=["missing", "empty"])
def test_no_samples(tmp_path, make):
    make(tmp_path / "samples")
    with pytest.raises(UsageError, match=r"samples holds no samples; allowed: pictures .*, texts.txt with one text"):
        sample_files(tmp_path / "samples")


@pytest.mark.parametrize("name", ["x.png", "x.npz"])
def test_a_file_that_is_not_what_it_says(tmp_path, name):
    (tmp_path / name).write_bytes(b"neither")
    with pytest.raises(UsageError, match=f"{name} cannot be read as a sample: "):
        read_samples(sample_files(tmp_path))


def test_a_damaged_or_misnamed_archive(tmp_path):
    np.savez(tmp_path / "X.NPZ.npz", x=np.zeros(3))
    archive = (tmp_path / "X.NPZ.npz").read_bytes()
    (tmp_path / "X.NPZ.npz").unlink()
    np.save(tmp_path / "y.npy", np.zeros(3))
    (tmp_path / "folder.png").mkdir()
    for content in (archive[:-30], (tmp_path / "y.npy").read_bytes()):
        (tmp_path / "X.NPZ").write_bytes(content)
        with pytest.raises(UsageError, match=r"X\.NPZ cannot be read as a sample: "):
            read_samples(sample_files(tmp_path))


def test_a_pickled_array_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.array([object()], dtype=object))
    with pytest.raises(UsageError, match="Object arrays cannot be loaded when allow_pickle=False"):
        read_samples(sample_files(tmp_path))


def test_one_sample_of_a_kind_is_no_scale(tmp_path):
    (tmp_path / "texts.txt").write_text("a dog\n")
    with pytest.raises(UsageError) as caught:
        read_samples(sample_files(tmp_path))
    assert caught.value.message == (
        f"{tmp_path} holds one text; allowed: none, or two and more: errors are judged by how far apart different "
        "samples are"
    )

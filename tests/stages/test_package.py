import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ascendc import graph
from ascendc.bundle.tree import materialise
from ascendc.errors import StageError
from ascendc.model import Source, Weights


def read(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_a_bundle_holds_all_that_a_board_needs(tiny_bundle):
    folder = tiny_bundle(assets=(("labels.txt", "a\nb\n"), ("sub/more.json", "{}")))
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {
        "manifest.json",
        "README.md",
        "README.zh-CN.md",
        "deploy.sh",
        "compile.sh",
        "models/main.onnx",
        "configs/card/main.atc.sh",
        "assets/labels.txt",
        "assets/sub/more.json",
        "golden/main/x.npy",
        "golden/main/x/000.bin",
        "golden/main/out_y_0.npy",
        "licences/ascendc/LICENSE",
        "licences/ascendc/NOTICE",
        "python/__main__.py",
        "python/ascendc_device/__init__.py",
        "python/ascendc_runtime/__init__.py",
        "python/ascendc_runtime/selftest.py",
    } <= there
    assert there - set(read(folder)["files"]) == {"manifest.json"}
    assert {p.suffix for p in (folder / "python").rglob("*") if p.is_file()} == {".py"}


def test_the_manifest_says_what_was_built(tiny_bundle):
    document = read(tiny_bundle(aipp_mode="rgb", sizes=(1, 4), weights=Weights("random", 7), notes=("random!",)))
    assert document["model"] == {
        "plugin": "onnx",
        "source": "tiny.onnx",
        "revision": None,
        "weights": "random",
        "seed": 7,
        "notes": ["random!"],
    }
    assert document["device"] == {"package": "ascendc_device", "modules": ["PIL", "numpy"]}
    (artefact,) = document["artefacts"]
    assert artefact["state"] == "om-deferred"
    assert artefact["om"] == "models/card/main.om"
    assert artefact["config"] == "configs/card/main.aipp.cfg"
    assert artefact["error"] == 1.2e-7
    assert artefact["atc"][:3] == ["--framework=5", "--model=models/main.onnx", "--output=models/card/main"]
    assert "--insert_op_conf=configs/card/main.aipp.cfg" in artefact["atc"]
    assert document["verdicts"] == ["top-1 agrees"]


def test_a_compiled_om_is_in_the_bundle(tiny_bundle):
    folder = tiny_bundle(om=b"an OM")
    (artefact,) = read(folder)["artefacts"]
    assert artefact["state"] == "om-compiled"
    assert (folder / artefact["om"]).read_bytes() == b"an OM"
    assert artefact["om"] in read(folder)["files"]
    assert "Compiling the OM" not in (folder / "README.md").read_text()
    assert "deferred=(\n)" in (folder / "deploy.sh").read_text()


def test_equal_builds_give_equal_bytes(package_tiny, store, tmp_path):
    first = package_tiny(aipp_mode="rgb")
    materialise(first, store, tmp_path / "one")
    again = package_tiny(aipp_mode="rgb")
    assert again == first
    manifest = (tmp_path / "one/manifest.json").read_text()
    assert str(tmp_path) not in manifest
    assert str(Path.home()) not in manifest


def test_where_a_local_model_lay_is_not_told(tiny_bundle):
    folder = tiny_bundle(source=Source("/home/somebody/secret project/clip"))
    assert read(folder)["model"]["source"] == "clip"
    assert not [p for p in folder.rglob("*") if p.is_file() and b"somebody" in p.read_bytes()]


def test_a_graph_too_large_for_one_file_brings_its_data(package_tiny, store, tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "SINGLE_FILE_LIMIT", 0)
    folder = tmp_path / "it"
    materialise(package_tiny(), store, folder)
    assert sorted(p.name for p in (folder / "models").iterdir()) == ["main.onnx", "main.onnx.data"]
    assert "models/main.onnx models/main.onnx.data\n" in (folder / "compile.sh").read_text()
    assert start(folder, sys.executable, "selftest").returncode == 0


def test_external_data_belongs_to_the_model_that_is_tested(package_tiny, store, tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "SINGLE_FILE_LIMIT", 0)
    folder = tmp_path / "it"
    materialise(package_tiny(), store, folder)
    data = folder / "models/main.onnx.data"
    data.write_bytes(data.read_bytes().replace(b"\x40", b"\x41"))
    done = start(folder, sys.executable, "selftest")
    assert done.returncode == 4
    assert done.stderr == f"error: {data}: was changed: its sha256 is not the one in manifest.json\n"


def test_a_device_half_that_is_no_package_is_refused(package_tiny):
    with pytest.raises(StageError) as caught:
        package_tiny(device="ascendc_plugins.onnx.no_device")
    assert caught.value.id == "ASC1820"


def test_an_asset_with_an_unsafe_name_is_refused(package_tiny):
    with pytest.raises(StageError, match=r"`assets/my labels\.txt` cannot be in a bundle") as caught:
        package_tiny(assets=(("my labels.txt", ""),))
    assert caught.value.id == "ASC1821"


def alone(folder, *modules):
    """A Python that finds nothing but the standard library and `modules`."""
    site = folder / "site"
    site.mkdir()
    for name in modules:
        origin = Path(__import__(name).__file__).parent
        for path in (origin, origin.parent / f"{name}.libs"):
            if path.exists():
                (site / path.name).symlink_to(path)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    return python


def start(folder, python, *args):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [python, folder / "python/__main__.py", *args]  # given the folder, Python would cache __main__ in it
    return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, env=env)


def test_numpy_and_onnxruntime_are_enough_anywhere(tiny_bundle, tmp_path):
    folder = tmp_path / "else where" / "+tiny"
    shutil.copytree(tiny_bundle(), folder)
    before = sorted((str(p), p.lstat().st_mtime_ns) for p in [folder, *folder.rglob("*")])
    python = alone(tmp_path, "numpy", "onnxruntime")
    for args in (("check",), ("selftest",), ("run", "--arrays", str(folder / "golden/main/x.npy"))):
        done = start(folder, python, *args)
        assert (done.returncode, done.stderr) == (0, "")
    assert "pillow: missing; `run` may need it: python3 -m pip install pillow" in start(folder, python, "check").stdout
    assert before == sorted((str(p), p.lstat().st_mtime_ns) for p in [folder, *folder.rglob("*")])


def test_without_numpy_or_onnxruntime_it_is_said_what_to_install(tiny_bundle, tmp_path):
    folder = tiny_bundle()
    (tmp_path / "bare").mkdir()
    done = start(folder, alone(tmp_path / "bare"), "selftest")
    assert done.returncode == 5
    assert done.stderr == f"error: No module named 'numpy': {sys.executable} -m pip install numpy\n"
    done = start(folder, alone(tmp_path, "numpy"), "selftest")
    assert done.returncode == 5
    assert "onnxruntime must be installed for this Python" in done.stderr


def test_a_model_that_answers_wrongly_is_refused_on_the_board(tiny_bundle, package_tiny):
    folder = tiny_bundle(answer=package_tiny.floats * np.float32(2.002))
    done = start(folder, sys.executable, "selftest")
    assert done.returncode == 4
    assert done.stdout.endswith(" of the sample distance (limit 2e-04): REFUSED\n")


def test_a_reader_that_has_had_enough_is_no_error(tiny_bundle):
    folder = tiny_bundle()
    done = subprocess.run(
        [
            "bash",
            "-c",
            '"$0" "$1" run --arrays "${1%/*}"/../golden/main/x.npy | true',
            sys.executable,
            folder / "python/__main__.py",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert done.stderr == ""


def stub_cann(folder):
    """A toolkit whose atc checks that its files are there, and writes an OM that says which graph it came from."""
    (folder / "bin").mkdir(parents=True)
    (folder / "set_env.sh").write_text(f'export PATH="{folder}/bin:$PATH"\n')
    atc = folder / "bin/atc"
    atc.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "given = dict(word[2:].split('=', 1) for word in sys.argv[1:])\n"
        "model = pathlib.Path(given['model']).read_bytes()\n"
        "aipp = pathlib.Path(given['insert_op_conf']).read_text() if 'insert_op_conf' in given else ''\n"
        "om = pathlib.Path(given['output'] + '.om')\n"
        "om.write_text(f'{len(model)} {len(aipp)} {given[\"soc_version\"]}')\n"
        "print('ATC run success, welcome to the next use.')\n"
    )
    atc.chmod(0o755)
    return folder / "set_env.sh"


def test_compile_sh_puts_the_om_where_the_manifest_says(tiny_bundle, tmp_path):
    folder = tiny_bundle(aipp_mode="rgb")
    done = subprocess.run(
        ["bash", str(folder / "compile.sh")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ASCENDC_SET_ENV": str(stub_cann(tmp_path / "cann"))},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (artefact,) = read(folder)["artefacts"]
    sizes = [(folder / artefact[name]).stat().st_size for name in ("onnx", "config")]
    assert (folder / artefact["om"]).read_text() == f"{sizes[0]} {sizes[1]} Ascend310P3"
    assert "main.om came later, without a digest" in start(folder, sys.executable, "check").stdout

"""A folder of pictures through the OM of a bundle, pipelined; the strict device tells what would be left on it."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from PIL import Image

from ascendc.runtime import SessionError
from ascendc.runtime.om import OmSession
from ascendc.sim.settings import Settings
from ascendc.sim.tree import plant


@pytest.fixture
def folder(tmp_path):
    from ascendc_plugins.clip.shapes import drawings

    path = tmp_path / "pictures"
    path.mkdir()
    for i, (picture, text) in enumerate(drawings(9, seed=1)):
        Image.fromarray(picture).save(path / f"{i} {text}.png")
    (path / "7a.png").write_text("no picture")
    return path


def test_each_picture_finds_its_label(built, folder, tmp_path):
    script = plant(tmp_path / "cann", Settings("Ascend310P3", strict=True))
    drawn = [path.stem.split(" ", 1)[1] for path in sorted(folder.glob("* *.png"))]
    (tmp_path / "labels.txt").write_text("\n".join(dict.fromkeys(drawn)))
    deploy = (
        f"'{built.output / 'deploy.sh'}' --python '{sys.executable}' run --image '{folder}' --top-k 1 --skip-broken"
    )
    command = f"source '{script}' && {deploy} --labels '{tmp_path / 'labels.txt'}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr.startswith(f"skipped: image {folder / '7a.png'} is not a picture")
    assert len(done.stderr.splitlines()) == 1
    lines = done.stdout.splitlines()
    told = [line.split(".png: ")[1].rsplit(" ", 2)[0] for line in lines[:9]]
    assert sum(mine == wanted for mine, wanted in zip(told, drawn, strict=True)) >= 8
    assert lines[9] == "9 pictures, 1 skipped"
    assert "image: pyACL Ascend310P3 SIMULATED" in lines


def test_a_device_that_is_lost_ends_it_and_no_thread_is_left(simulated, built, folder):
    from ascendc_plugins.clip.device import open_service

    simulated(fault="device-lost@20")
    before = set(threading.enumerate())
    with OmSession(str(built.output / "models" / "ascend310p3" / "image.om")) as image:
        service = open_service({"image": image}, built.output / "assets")
        with pytest.raises(SessionError):
            list(service.encode_folder(folder, lambda *_: None))
    assert set(threading.enumerate()) == before

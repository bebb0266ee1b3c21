from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image

from ascendc.report.given import Given, read
from ascendc.report.page import Origin, Pictures, Remark
from ascendc.report.sections.aipp import aipp
from ascendc.report.words import say


def test_a_bundle_without_aipp_has_none(tiny_bundle):
    assert aipp(read([tiny_bundle()])) is None
    assert aipp(Given()) is None


PREPROCESS = {
    "height": 4,
    "width": 4,
    "resize": "squash",
    "resize_to": None,
    "interpolation": "bicubic",
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.25, 0.5],
}


def test_a_golden_picture_before_and_after(tiny_bundle, package_tiny):
    assets = (("preprocess.json", json.dumps(PREPROCESS)),)
    [pictures] = aipp(read([tiny_bundle(aipp_mode="rgb", assets=assets)])).blocks
    assert isinstance(pictures, Pictures)
    handed, seen = pictures.pictures
    with Image.open(io.BytesIO(handed.png)) as image:
        assert (np.asarray(image) == package_tiny.pixels[0]).all()
    with Image.open(io.BytesIO(seen.png)) as image:
        assert image.size == (4, 4)
    assert (handed.origin, seen.origin) == (Origin.RECORDED, Origin.ESTIMATED)
    assert say(seen.caption, "en") == "The same, as the network gets it, on Ascend310P3"
    assert "off the model's own preprocessing by 0.00" in say(seen.note, "en")


def test_a_bundle_that_does_not_say_how_it_wants_pictures_has_them_all_the_same(tiny_bundle):
    [pictures] = aipp(read([tiny_bundle(aipp_mode="rgb")])).blocks
    assert say(pictures.pictures[1].note, "en") == "1×3×4×4, values -2.205 to 2.363"


def test_a_configuration_that_cannot_be_shown_is_said(tiny_bundle):
    given = read([tiny_bundle(aipp_mode="rgb")])
    build = given.builds[0]
    config = build.folder / build.manifest.artefacts[0].config
    text = config.read_text().replace("RGB888_U8", "RGB999_U8")
    config.unlink()  # it may be a link into the store
    config.write_text(text)
    [remark] = aipp(given).blocks
    assert isinstance(remark, Remark)
    assert say(remark.text, "en").startswith("main @ card cannot be shown: ")


def test_a_damaged_golden_record_shows_nothing(tiny_bundle):
    given = read([tiny_bundle(aipp_mode="rgb")])
    build = given.builds[0]
    path = build.folder / build.manifest.golden[0].pixels[0].array
    path.unlink()
    path.write_bytes(b"\x80\x04no array")
    assert aipp(given) is None

from __future__ import annotations

import pytest

from ascendc.cann import images
from ascendc.cann.soc import resolve
from ascendc.cann.version import Cann


@pytest.mark.parametrize(
    ("soc", "cann", "name"),
    [
        ("Ascend310P3", "8.1.RC1", "ascendai/cann:8.1.rc1-310p-ubuntu22.04-py3.10"),
        ("Ascend310P3", "8.2.RC2", "ascendai/cann:8.2.rc1-310p-ubuntu22.04-py3.11"),
        ("Ascend310P3", "8.4", "ascendai/cann:8.3.rc1-310p-ubuntu22.04-py3.11"),
        ("Ascend910B4", "12.0", "ascendai/cann:9.0.0-910b-ubuntu22.04-py3.11"),
        ("Ascend910_9391", "8.5.0", "ascendai/cann:8.5.0-a3-ubuntu22.04-py3.11"),
        # The toolkit of these releases compiles for every chip, whatever the image is called.
        ("Ascend310", "9.0", "ascendai/cann:8.2.rc1-310p-ubuntu22.04-py3.11"),
        ("Ascend310B4", "9.0", "ascendai/cann:8.3.rc1-310p-ubuntu22.04-py3.11"),
        ("Ascend910A", "8.1", "ascendai/cann:8.1.rc1-310p-ubuntu22.04-py3.10"),
        # An unknown board gets the oldest.
        ("Ascend310P3", None, "ascendai/cann:8.1.rc1-310p-ubuntu22.04-py3.10"),
    ],
)
def test_published_images(soc, cann, name):
    found = images.published(resolve(soc).soc, Cann(cann) if cann else None)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(("soc", "cann"), [("Ascend310P3", "7.0.1"), ("Ascend910_95", "8.0")])
def test_no_published_image(soc, cann):
    soc = resolve(soc).soc
    assert images.published(soc, Cann(cann)) is None
    assert images.none_fits(soc, Cann(cann)) == (
        f"no published CANN image compiles for {soc.name} and is not newer than CANN {cann}"
    )


def test_names_that_are_no_cann_image():
    assert images.parse("ubuntu:22.04") is None
    assert images.parse("me/cannibal:8.1-310p-x") is None
    assert images.parse("me/cann:latest") is None


def test_images_from_any_registry_are_taken():
    found = images.parse("registry.example:5000/ascend/cann:8.2.rc1-310p-ubuntu22.04-py3.11")
    assert found is not None
    assert (found.version, found.chip) == ("8.2.rc1", "310p")


def test_the_newest_cann_is_a_version_not_a_text():
    assert str(images.newest()) == "9.0.0"

from __future__ import annotations

import pytest

from ascendc.cann.om.command import cann_version, option


@pytest.mark.parametrize(
    ("command", "version"),
    [
        ("/usr/local/Ascend/ascend-toolkit/8.0.0/aarch64-linux/bin/atc.bin --model=a.onnx", "8.0.0"),
        ("/usr/local/Ascend/ascend-toolkit/5.0.4.alpha002/x86_64-linux/bin/atc.bin --model=a.pb", "5.0.4.alpha002"),
        ("/usr/local/Ascend/cann-8.5.0/bin/atc.bin --model=a.onnx", "8.5.0"),
        ("/usr/local/Ascend/ascend-toolkit/latest/bin/atc.bin --model=a.onnx", None),
        ("atc --model=/home/me/ascend-toolkit/8.0.0/a.onnx", None),
        (None, None),
    ],
)
def test_which_cann_compiled(command, version):
    assert cann_version(command) == version


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("atc --model=a --soc_version=Ascend310P3", "Ascend310P3"),
        ("atc --soc_version Ascend310P3 --model=a", "Ascend310P3"),
        ("atc --model=a", None),
        ("atc --soc_version", ""),
        ("atc 'unclosed", None),
        ("atc --soc_version=" + "x" * 70_000, None),
        (None, None),
    ],
    ids=["=", "blank", "absent", "last", "unclosed", "endless", "none"],
)
def test_an_option(command, value):
    assert option(command, "soc_version") == value

from __future__ import annotations

import sys

import pytest

from ascendc.bundle import travel
from ascendc.device import DeviceHalf
from ascendc.errors import StageError

TITLE = "device half `wordy.device` of ascendc-wordy 0.1"


@pytest.fixture
def refuse(tmp_path, monkeypatch):
    """Write `text` into a file of ``wordy.device``, and return the error without its beginning, and the hint."""
    for name in ("wordy", "wordy/device", "wordy/device/inner"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    info = tmp_path / "ascendc_wordy-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ascendc-wordy\nVersion: 0.1\n")
    (info / "top_level.txt").write_text("wordy\nwordy_common\n")
    monkeypatch.syspath_prepend(tmp_path)

    def check(text, file="service.py"):
        path = tmp_path / "wordy/device" / file
        path.write_text(text)
        half = DeviceHalf("wordy.device", "ascendc-wordy 0.1")
        with pytest.raises(StageError) as caught:
            travel.check(half, "ascendc-wordy")
        start = f"{TITLE}: {path}:"
        assert caught.value.message.startswith(start)
        return caught.value.id, caught.value.message[len(start) :], caught.value.hint

    yield check
    sys.modules.pop("wordy", None)


FUTURE = "or `from __future__ import annotations`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nif (n := 1):\n    pass\n", "2: an assignment expression needs Python 3.8"),
        ("def f(a, /):\n    pass\n", "1: a positional-only parameter needs Python 3.8"),
        ("match 1:\n    case 1:\n        pass\n", "1: `match` needs Python 3.10"),
        ("def f(a: list[int]):\n    pass\n", f"1: `list[int]` needs Python 3.9, {FUTURE}"),
        ("def f() -> int | None:\n    pass\n", f"1: `int | None` needs Python 3.10, {FUTURE}"),
        ("x = (\n", "1: '(' was never closed"),
    ],
)
def test_what_is_newer_than_the_board_s_python(refuse, text, message):
    assert refuse(text) == ("ASC1823", message + "; what travels to the board must be Python 3.7", None)


def test_what_only_the_parser_knows(refuse):
    id, message, _ = refuse("with (open('a') as b, open('c') as d):\n    pass\n")
    assert id == "ASC1823"
    assert "Parenthesized context managers are only supported in Python 3.9 and greater; what travels " in message


RENAMED = "names the package as the host does; on the board it is `ascendc_device`"
CARRY = "let assets() write what it needs, and read that from the assets folder"


@pytest.mark.parametrize(
    ("file", "text", "message", "hint"),
    [
        (
            "service.py",
            "import os\nfrom wordy.topics import TOPICS\n",
            "2: `from wordy.topics import TOPICS` is not on the board: the plugin's host half stays on the host",
            CARRY,
        ),
        (
            "service.py",
            "def f():\n    import wordy_common.names as n\n",
            "2: `import wordy_common.names as n` is not on the board: the plugin's host half stays on the host",
            CARRY,
        ),
        (
            "service.py",
            "from wordy.device.inner import x\n",
            f"1: `from wordy.device.inner import x` {RENAMED}",
            "from .inner import …",
        ),
        (
            "inner/deep.py",
            "from wordy.device import x\n",
            f"1: `from wordy.device import x` {RENAMED}",
            "from .. import …",
        ),
        (
            "service.py",
            "from ..topics import TOPICS\n",
            "1: `from ..topics import TOPICS` leads out of the package, which travels alone",
            CARRY,
        ),
        (
            "inner/deep.py",
            "from ... import topics\n",
            "1: `from ... import topics` leads out of the package, which travels alone",
            CARRY,
        ),
        (
            "service.py",
            "from ascendc.runtime import InputError\n",
            "1: `from ascendc.runtime import InputError` is not on the board; `ascendc_runtime` is",
            "from ascendc_runtime import …",
        ),
    ],
)
def test_what_stays_on_the_host(refuse, file, text, message, hint):
    assert refuse(text, file) == ("ASC1824", message, hint)


@pytest.mark.parametrize("package", ["ascendc_plugins.clip.device", "ascendc_plugins.onnx.device"])
def test_our_own_halves_travel(package):
    travel.check(DeviceHalf(package, "ascendc 0.1"), "ascendc")


def test_what_travels_well_passes(refuse, tmp_path):
    (tmp_path / "wordy/device/__init__.py").write_text(
        "from __future__ import annotations\nimport json, PIL\nfrom ascendc_runtime import Answer\n"
        "from .inner import deep\ndef f(a: list[int] | None): pass\n"
    )
    (tmp_path / "wordy/device/inner/deep.py").write_text("from .. import service\nfrom . import deep\n")
    travel.check(DeviceHalf("wordy.device", "ascendc-wordy 0.1"), "no-such-distribution")

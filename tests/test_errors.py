from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_id_has_one_meaning():
    """An id may be raised in several places of one module (one message, several ways), never in two modules."""
    homes = defaultdict(set)
    for path in [*(ROOT / "ascendc").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        for number in re.findall(r'"(ASC\d+)"', path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"ASC(1[0-9]|2[0-9])\d\d", number), f"{path}: {number}"
            homes[number].add(path.relative_to(ROOT).as_posix())
    assert homes
    assert {number: sorted(files) for number, files in homes.items() if len(files) > 1} == {}

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from ascendc.clean import Cleaned
from ascendc.cli.clean import report
from ascendc.store import Store

RECIPE = Path(__file__).parents[2] / "recipes" / "onnx.yaml"


def test_what_was_removed_is_said_with_its_bytes():
    cleaned = Cleaned(
        entries=1, objects=2, leftovers=0, freed=1_200_000_000, shared=3_500_000, kept_entries=20, kept=999
    )
    assert report(cleaned, "/store", dry_run=False).splitlines() == [
        "/store: removed 1 entry, 2 objects, 0 leftovers: 1.2 GB freed",
        "3.5 MB more are of objects that bundles link: freed when those bundles go",
        "kept: 20 entries, 999 B",
    ]
    assert report(cleaned, "/store", dry_run=True).startswith(
        "/store: would remove 1 entry, 2 objects, 0 leftovers: 1.2 GB would be freed\n"
    )


@pytest.fixture
def build(ascendc, tmp_path):
    """Build; as when the process has ended, nobody has the store open afterwards."""

    def run():
        ran = ascendc("build", RECIPE, "-o", tmp_path / "out")
        gc.collect()
        return ran

    return run


def test_without_options_only_what_nothing_needs_goes(ascendc, build, tmp_path):
    build()
    Store().put_bytes(b"unneeded")

    ran = ascendc("clean")

    assert ran.code == 0
    first, kept, hint = ran.out.splitlines()
    assert first.startswith(f"{tmp_path}/cache: removed 0 entries, 1 object, ")
    assert kept.startswith("kept: 9 entries, ")
    assert hint == "to remove more: ascendc clean --older-than 30d, or --max-size 20GB"
    assert "nothing to do" in build().out


def test_after_everything_was_removed_a_build_makes_the_same_again(ascendc, build, tmp_path):
    build()
    before = (tmp_path / "out/manifest.json").read_bytes()

    assert ascendc("clean", "--max-size", "0B", "--dry-run").out.splitlines()[-1] == "kept: 0 entries, 0 B"
    assert "nothing to do" in build().out
    assert ascendc("clean", "--max-size", "0B").out.splitlines()[-1] == "kept: 0 entries, 0 B"

    ran = build()
    assert ran.code == 0
    assert "note: " not in ran.out
    assert (tmp_path / "out/manifest.json").read_bytes() == before


def test_what_is_no_time_and_no_size(ascendc):
    ran = ascendc("clean", "--older-than", "3x")
    assert ran.code == 2
    assert ran.err == (
        "ascendc: ASC1022 --older-than 3x: must be a number and m (minutes), h (hours), d (days) or w (weeks): 30d\n"
    )
    assert ascendc("clean", "--max-size", "many").code == 2


def test_while_a_build_runs_it_is_refused(ascendc):
    build = Store()
    ran = ascendc("clean")
    assert ran.code == 5
    assert f"ascendc: ASC1904 the store at {build.root} is in use" in ran.err

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from ascendc.clean import clean
from ascendc.errors import EnvironmentLacksError
from ascendc.store import Store

DAY = 86400


@pytest.fixture
def entry(store):
    """Record an entry of so many days ago that speaks of these contents."""

    def record(key, days, *contents):
        blobs = [store.put_bytes(content) for content in contents]
        store.record("fix", key * 64, ingredients={}, result={}, blobs=blobs)
        path = store.root / "entries" / "fix" / f"{key * 64}.json"
        then = time.time() - days * DAY
        os.utime(path, (then, then))
        return path

    return record


def held(store):
    return sorted(path.read_bytes() for path in store.objects())


def test_what_an_entry_needs_stays(store, entry):
    path = entry("a", 999, b"needed")
    unneeded = store.put_bytes(b"unneeded")
    cleaned = clean(store)
    assert held(store) == [b"needed"]
    assert (cleaned.entries, cleaned.objects, cleaned.freed) == (0, 1, unneeded.size)
    assert (cleaned.kept_entries, cleaned.kept) == (1, path.stat().st_size + len(b"needed"))
    assert clean(store).objects == 0


def test_entries_that_were_not_used_for_long_go_with_what_only_they_need(store, entry):
    old = entry("a", 40, b"old", b"both")
    entry("b", 20, b"both")
    size = old.stat().st_size
    cleaned = clean(store, older_than=30 * DAY)
    assert [e.key[0] for e in store.entries()] == ["b"]
    assert held(store) == [b"both"]
    assert (cleaned.entries, cleaned.objects, cleaned.freed) == (1, 1, size + 3)


def test_an_entry_that_a_build_recalled_is_young_again(store, entry):
    entry("a", 40, b"old")
    store.entry("fix", "a" * 64)
    assert clean(store, older_than=30 * DAY).entries == 0


def test_the_least_recently_used_go_until_the_rest_fits(store, entry):
    for key, days in (("a", 3), ("b", 9), ("c", 1)):
        entry(key, days, key.encode() * 5000, b"x" * 1000)
    clean(store, max_size=14_000)
    assert sorted(e.key[0] for e in store.entries()) == ["a", "c"]
    assert held(store) == [b"a" * 5000, b"c" * 5000, b"x" * 1000]
    cleaned = clean(store, max_size=0)
    assert (cleaned.kept_entries, cleaned.kept) == (0, 0)
    assert held(store) == []


def test_what_a_bundle_links_frees_nothing_and_stays_in_the_bundle(store, tmp_path):
    blob = store.put_bytes(b"linked")
    store.link(blob, tmp_path / "model.onnx")
    cleaned = clean(store)
    assert (cleaned.objects, cleaned.freed, cleaned.shared) == (1, 0, 6)
    assert held(store) == []
    assert (tmp_path / "model.onnx").read_bytes() == b"linked"


def test_leftovers_go(store, tmp_path, entry):
    (store.root / "work" / "killed").mkdir()
    (store.root / "work" / "killed" / "half").write_bytes(bytes(10))
    entry("a", 0).write_bytes(b"{torn")
    (store.root / "stat" / "stale.json").write_text("{}")
    with store.lock("key"):
        pass
    store.trials("search").touch()
    cleaned = clean(store)
    assert cleaned.leftovers == 5
    assert cleaned.freed == 10 + len("{torn") + len("{}")
    for folder in ("work", "stat", "locks", "trials"):
        assert list((store.root / folder).iterdir()) == []


def test_with_an_object_goes_its_record(store):
    store.put_bytes(b"unneeded")
    clean(store)
    assert list((store.root / "stat").iterdir()) == []


def test_damaged_objects_go_with_the_entries_that_need_them(store, entry):
    entry("a", 0, b"whole")
    entry("b", 0, b"spoilt")
    path = next(path for path in store.objects() if path.read_bytes() == b"spoilt")
    times = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"SPOILT")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert clean(store).entries == 0
    cleaned = clean(store, verify=True)
    assert (cleaned.entries, cleaned.objects) == (1, 1)
    assert held(store) == [b"whole"]


def test_a_dry_run_says_the_same_and_removes_nothing(store, entry):
    entry("a", 40, b"old")
    store.put_bytes(b"unneeded")
    said = clean(store, older_than=DAY, dry_run=True)
    assert len(held(store)) == 2
    assert clean(store, older_than=DAY) == said


def test_a_build_that_runs_is_not_harmed(store):
    hold = "import sys, pathlib, ascendc.store as s\nx = s.Store(pathlib.Path(sys.argv[1]))\nprint(flush=True)\ninput()"
    command = [sys.executable, "-c", hold, store.root]
    store.put_bytes(b"not yet in an entry")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as build:
        build.stdout.readline()
        for dry in (True, False):
            with pytest.raises(EnvironmentLacksError) as caught:
                clean(Store(store.root), dry_run=dry)
            assert caught.value.id == "ASC1904"
        assert held(store) == [b"not yet in an entry"]
        build.communicate(b"\n")


def test_entries_go_before_the_objects_that_they_speak_of(store, entry, monkeypatch):
    """Killed in between, nothing speaks of a file that is gone."""
    entry("a", 40, b"old")
    removed = []
    monkeypatch.setattr("ascendc.store.store.remove", removed.append)
    clean(store, older_than=DAY)
    assert [path.relative_to(store.root).parts[0] for path in removed] == ["entries", "objects"]

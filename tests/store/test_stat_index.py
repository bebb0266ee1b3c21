from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from ascendc.store import stat_index
from ascendc.store.root import Root
from ascendc.store.stat_index import StatIndex


@pytest.fixture
def index(tmp_path):
    return StatIndex(Root(tmp_path / "store"))


@pytest.fixture
def settled(monkeypatch):
    """Files settle at once."""
    monkeypatch.setattr(stat_index, "SETTLES", -1)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def forge(index, path, **changes):
    """Change the record of a file; whoever believes it says so."""
    record = index.record(path)
    record.write_text(json.dumps({**json.loads(record.read_text()), "sha256": "remembered", **changes}))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "w.bin"
    path.write_bytes(b"one")
    return path


@pytest.mark.usefixtures("settled")
def test_a_file_is_hashed_again_only_if_it_changed(index, file):
    index.digest(file)
    forge(index, file)
    assert index.digest(file) == "remembered"
    file.write_bytes(b"other")
    assert index.digest(file) == sha256(b"other")


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("change", ["mtime", "inode", "neither"])
def test_a_changed_file_of_the_same_size_is_hashed_again(index, file, tmp_path, change):
    """Also where a program set its mtime back, as unpacking an archive does: ctime tells."""
    stat, other = file.stat(), tmp_path / "other.bin"
    index.digest(file)
    if change == "inode":
        other.write_bytes(b"two")
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(file)
    else:
        file.write_bytes(b"two")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + (change == "mtime")))
    assert index.digest(file) == sha256(b"two")


@pytest.mark.usefixtures("settled")
def test_a_link_more_does_not_change_an_object_but_a_user_s_file(index, file, tmp_path):
    for ours, expected in ((True, "remembered"), (False, sha256(b"one"))):
        index.digest(file, ours=ours)
        forge(index, file)
        (tmp_path / f"link-{ours}").hardlink_to(file)
        assert index.digest(file, ours=ours) == expected


def test_a_file_that_changed_a_moment_ago_is_not_remembered(index, file):
    """It may change again within the same tick of the file system's clock."""
    index.digest(file)
    assert not index.record(file).exists()


def test_with_the_clock_set_back_a_file_of_the_future_is_hashed_each_time(index, file, monkeypatch):
    now = time.time_ns()
    monkeypatch.setattr(stat_index.time, "time_ns", lambda: now - 3600 * 10**9)
    index.digest(file)
    assert not index.record(file).exists()


def test_a_file_that_changes_while_it_is_hashed_is_not_remembered(index, file, monkeypatch):
    real = stat_index.sha256

    def slow(path):
        digest = real(path)
        path.write_bytes(b"two")
        return digest

    monkeypatch.setattr(stat_index, "sha256", slow)
    index.digest(file, ours=True)
    assert not index.record(file).exists()


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.usefixtures("settled")
def test_after_a_power_cut_a_file_is_hashed_once_more(index, file, monkeypatch, ours):
    """Size and times came back from the disk, the content did not."""
    index.digest(file, ours=ours)
    known = stat_index.look(file, ours=ours)
    monkeypatch.setattr(stat_index, "look", lambda path, ours: known)
    file.write_bytes(bytes(3))
    assert index.digest(file, ours=ours) == sha256(b"one")

    monkeypatch.setattr(stat_index, "boot", lambda: "another boot")

    assert index.digest(file, ours=ours) == sha256(bytes(3))


@pytest.mark.usefixtures("settled")
def test_what_was_read_in_a_later_boot_came_from_the_disk(index, file, monkeypatch):
    index.digest(file)
    monkeypatch.setattr(stat_index, "boot", lambda: "the second boot")
    index.digest(file)
    forge(index, file)
    monkeypatch.setattr(stat_index, "boot", lambda: "the third boot")
    assert index.digest(file) == "remembered"


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"seen": 3}', '{"path": 3, "seen": [1, 2, 3]}'])
@pytest.mark.usefixtures("settled")
def test_a_torn_record_is_no_record(index, file, torn):
    index.digest(file)
    index.record(file).write_text(torn)
    assert index.digest(file) == sha256(b"one")


@pytest.mark.usefixtures("settled")
def test_records_of_what_is_gone_or_changed_are_stale(index, file, tmp_path):
    gone, changed = tmp_path / "gone", tmp_path / "changed"
    for path in (gone, changed):
        path.write_bytes(b"x")
        index.digest(path)
    index.digest(file)
    gone.unlink()
    changed.write_bytes(b"longer")
    torn = index.record(tmp_path / "torn")
    torn.write_text("{")
    assert sorted(index.stale()) == sorted([index.record(gone), index.record(changed), torn])


def test_this_boot_has_a_name():
    if not Path("/proc/sys/kernel/random/boot_id").exists():
        pytest.skip("this system does not name its boots")
    assert stat_index.boot()

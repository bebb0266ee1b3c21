from __future__ import annotations

import hashlib
import os
import stat

import pytest

from ascendc.errors import EnvironmentLacksError
from ascendc.store import Blob, Store


def test_put_moves_hashes_and_protects(store, tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"weights")

    blob = store.put(path)

    assert blob == Blob(hashlib.sha256(b"weights").hexdigest(), 7)
    assert not path.exists()
    assert store.path(blob).read_bytes() == b"weights"
    assert stat.S_IMODE(store.path(blob).stat().st_mode) == 0o444


def test_equal_content_is_kept_once(store):
    assert store.put_bytes(b"same") == store.put_bytes(b"same")
    assert len([p for p in (store.root / "objects").rglob("*") if p.is_file()]) == 1


def test_a_truncated_object_is_noticed_and_replaced(store):
    blob = store.put_bytes(b"twelve bytes")
    path = store.path(blob)
    path.chmod(0o644)
    path.write_bytes(b"torn")

    assert not store.holds(blob)
    with pytest.raises(EnvironmentLacksError, match=f"the store lost or damaged object {blob.digest}"):
        store.path(blob)

    store.put_bytes(b"twelve bytes")
    assert store.path(blob).read_bytes() == b"twelve bytes"


def test_an_edit_through_a_bundle_s_link_is_noticed(store, tmp_path):
    """Same size, same file: only its time of change tells."""
    blob = store.put_bytes(b"weights")
    store.link(blob, tmp_path / "model.onnx")
    (tmp_path / "model.onnx").chmod(0o644)
    (tmp_path / "model.onnx").write_bytes(b"WEIGHTS")

    assert not store.holds(blob)

    store.put_bytes(b"weights")
    assert store.path(blob).read_bytes() == b"weights"
    assert (tmp_path / "model.onnx").read_bytes() == b"WEIGHTS"


def test_a_link_is_never_laid_over_a_file(store, tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        store.link(store.put_bytes(b"ours"), tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"


def test_where_links_are_refused_it_copies(store, tmp_path, monkeypatch):
    def refuse(source, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    blob = store.put_bytes(b"far away")
    store.link(blob, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"far away"
    assert (tmp_path / "copy").stat().st_ino != store.path(blob).stat().st_ino


def test_scratch_of_a_killed_build_is_swept_a_day_later(store):
    old, young = store.root / "work" / "old", store.root / "work" / "young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "graph.onnx").write_bytes(b"half")
    os.utime(old, (0, 0))

    Store(store.root)

    assert not old.exists()
    assert young.exists()


def test_link_shares_the_inode(store, tmp_path):
    blob = store.put_bytes(b"shared")

    store.link(blob, tmp_path / "out" / "model.onnx")

    assert (tmp_path / "out" / "model.onnx").stat().st_ino == store.path(blob).stat().st_ino


def test_digest_is_remembered_until_the_file_changes(store, tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("a cat\n")
    first = store.digest(path)
    index = next((store.root / "stat").iterdir())
    index.write_text(index.read_text().replace(first, "remembered"))

    assert store.digest(path) == "remembered"

    path.write_text("a dog!\n")
    assert store.digest(path) == hashlib.sha256(b"a dog!\n").hexdigest()


@pytest.mark.parametrize("change", ["mtime", "inode"])
def test_a_changed_file_of_the_same_size_is_hashed_again(store, tmp_path, change):
    path, other = tmp_path / "w.bin", tmp_path / "other.bin"
    path.write_bytes(b"one")
    stat = path.stat()
    store.digest(path)
    if change == "mtime":
        path.write_bytes(b"two")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    else:
        other.write_bytes(b"two")
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(path)
    assert store.digest(path) == hashlib.sha256(b"two").hexdigest()


def test_entries_come_back_and_a_torn_one_is_no_entry(store):
    assert store.entry("fix", "k" * 64) is None

    store.record("fix", "k" * 64, ingredients={"spec": 1}, result={"n": 2})
    assert store.entry("fix", "k" * 64) == {"n": 2}

    for torn in ('{"result": {"n"', "{}", "[]"):
        (store.root / "entries" / "fix" / f"{'k' * 64}.json").write_text(torn)
        assert store.entry("fix", "k" * 64) is None


def test_a_workspace_is_gone_afterwards(store):
    with store.workspace(lambda _: None) as workspace:
        (workspace.folder / "scratch").write_text("x")
        blob = workspace.put(workspace.folder / "scratch")
    assert not workspace.folder.exists()
    assert store.holds(blob)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_root_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(EnvironmentLacksError, match=r"the store at .* cannot be written: Permission denied"):
        Store(tmp_path / "store")


def test_a_root_that_is_a_file(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(EnvironmentLacksError, match=r"cannot be written: (Not a directory|File exists)") as caught:
        Store(tmp_path / "store")
    assert caught.value.hint == "set ASCENDC_CACHE to a folder that can"

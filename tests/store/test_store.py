from __future__ import annotations

import hashlib
import os
import stat

import pytest

from ascendc.errors import EnvironmentLacksError
from ascendc.store import Blob, Damage, Store


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
    with pytest.raises(EnvironmentLacksError, match=f"the store lost or damaged object {blob.digest}") as caught:
        store.path(blob)
    assert caught.value.hint == "run the same command again: it is made anew"
    assert store.damage == (Damage(path, f"object {blob.digest[:12]}… has other content than it was made with"),)

    store.put_bytes(b"twelve bytes")
    assert store.path(blob).read_bytes() == b"twelve bytes"


def test_an_edit_through_a_bundle_s_link_is_noticed(store, tmp_path):
    """Same size, same file: only its time of change tells."""
    blob = store.put_bytes(b"weights")
    store.link(blob, tmp_path / "model.onnx")
    (tmp_path / "model.onnx").chmod(0o644)
    (tmp_path / "model.onnx").write_bytes(b"WEIGHTS")

    assert not store.holds(blob)
    (damage,) = store.damage
    assert damage.what == (
        f"object {blob.digest[:12]}… has other content than it was made with "
        "(a bundle may link it: an edit there is an edit here)"
    )

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


def test_link_shares_the_inode(store, tmp_path):
    blob = store.put_bytes(b"shared")

    store.link(blob, tmp_path / "out" / "model.onnx")

    assert (tmp_path / "out" / "model.onnx").stat().st_ino == store.path(blob).stat().st_ino


def test_a_workspace_is_gone_afterwards(store):
    with store.workspace(lambda _: None) as workspace:
        (workspace.folder / "scratch").write_text("x")
        blob = workspace.put(workspace.folder / "scratch")
    assert not workspace.folder.exists()
    assert store.holds(blob)


def test_an_object_that_is_gone_is_damage_and_a_new_one_is_none(store):
    store.put_bytes(b"new")
    assert store.damage == ()
    lost = store.put_bytes(b"lost")
    store.path(lost).unlink()
    assert not store.holds(lost)
    assert [damage.what for damage in store.damage] == [f"object {lost.digest[:12]}… is gone"]


def flip(path):
    """Change a byte and nothing that stat says, as a failing disk does."""
    before = path.stat()
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_only_a_full_hash_sees_a_failing_disk(store):
    blob = store.put_bytes(b"weights")
    flip(store.path(blob))
    assert store.holds(blob)
    assert not Store(store.root, verify=True).holds(blob)


def test_verifying_hashes_each_file_once(store):
    blob = store.put_bytes(b"weights")
    careful = Store(store.root, verify=True)
    path = careful.path(blob)
    flip(path)
    assert careful.holds(blob)


def test_check_finds_whatever_is_damaged(store):
    whole, flipped, gone = (store.put_bytes(text) for text in (b"whole", b"flipped", b"gone"))
    store.record("fix", "k" * 64, ingredients={}, result={}, blobs=(whole, flipped, gone))
    assert store.check() == ()
    flip(store.path(flipped))
    store.path(gone).unlink()
    (store.root / "entries" / "fix" / f"{'t' * 64}.json").write_text("{")
    assert {damage.what for damage in store.check()} == {
        f"entry fix/{'t' * 12}… is torn",
        f"object {flipped.digest[:12]}… has other content than it was made with",
        f"object {gone.digest[:12]}… is gone",
    }


def test_entries_come_back_and_what_their_keys_were_made_of(store):
    assert store.entry("fix", "k" * 64) is None
    store.record("fix", "k" * 64, ingredients={"spec": 1}, result={"n": 2}, blobs=())
    assert store.entry("fix", "k" * 64) == {"n": 2}
    assert [(e.stage, e.key, e.ingredients) for e in store.entries()] == [("fix", "k" * 64, {"spec": 1})]
    assert store.damage == ()


@pytest.mark.parametrize("harm", ['{"result": {"n"', "{}", "[]", "", '{"result": null}'])
def test_a_torn_entry_is_no_entry(store, harm):
    store.record("fix", "k" * 64, ingredients={"spec": 1}, result={"n": 2}, blobs=())
    path = store.root / "entries" / "fix" / f"{'k' * 64}.json"
    path.write_text(harm)
    assert store.entry("fix", "k" * 64) is None
    assert store.damage == (Damage(path, f"entry fix/{'k' * 12}… is torn"),)


def test_a_figure_that_changed_in_an_entry_is_noticed(store):
    store.record("verify", "k" * 64, ingredients={}, result={"error": 0.25}, blobs=())
    path = store.root / "entries" / "verify" / f"{'k' * 64}.json"
    path.write_text(path.read_text().replace("0.25", "0.05"))
    assert store.entry("verify", "k" * 64) is None


def test_recalling_an_entry_is_a_use_of_it_and_looking_is_none(store):
    store.record("fix", "k" * 64, ingredients={}, result={}, blobs=())
    path = store.root / "entries" / "fix" / f"{'k' * 64}.json"
    os.utime(path, (1000, 1000))
    assert [entry.used for entry in store.entries()] == [1000]
    store.entry("fix", "k" * 64)
    assert path.stat().st_mtime > 1000


def test_who_waits_for_a_lock_can_be_stopped(store):
    with store.lock("key"):
        waiting = Store(store.root)
        waiting.stop_waiting()
        with pytest.raises(KeyboardInterrupt), waiting.lock("key"):
            pass
        with waiting.lock("another"):  # nobody has to wait for this one
            pass


def test_a_lock_is_for_one(store):
    import threading

    order, entered = [], threading.Event()

    def second():
        entered.set()
        with Store(store.root).lock("key"):
            order.append("second")

    with store.lock("key"):
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait()
        threading.Event().wait(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]

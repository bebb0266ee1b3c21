from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ascendc.errors import EnvironmentLacksError
from ascendc.store import Store

HOLD = """
import sys, pathlib
from ascendc.store import Store
store = Store(pathlib.Path(sys.argv[1]))
with store.workspace(print) as workspace:
    (workspace.folder / "half").write_text("half")
    print(workspace.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that has the store open, and where it works."""
    command = [sys.executable, "-c", HOLD, tmp_path / "store"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.folder = Path(child.stdout.readline().strip())
        yield child
        child.kill()


@pytest.mark.parametrize("mtime", [0, 2**33], ids=["clock set forward", "clock set back"])
def test_what_a_living_build_works_on_stays_whatever_the_clock_says(other, tmp_path, mtime):
    os.utime(other.folder, (mtime, mtime))
    Store(tmp_path / "store")
    assert (other.folder / "half").exists()


def test_what_a_killed_build_left_goes_when_the_next_one_comes(other, tmp_path):
    other.kill()
    other.wait()
    assert other.folder.exists()
    Store(tmp_path / "store")
    assert not other.folder.exists()


def test_nobody_is_alone_while_another_has_the_store_open(other, tmp_path):
    store = Store(tmp_path / "store")
    with pytest.raises(EnvironmentLacksError) as caught, store.alone():
        pass
    assert caught.value.id == "ASC1904"
    by = f" by process {other.pid}" if Path("/proc/locks").exists() else ""
    assert caught.value.message == f"the store at {store.root} is in use{by}; nothing was removed"
    other.kill()
    other.wait()
    with store.alone():
        pass


def test_who_opens_a_store_that_is_being_cleaned_waits(store):
    program = HOLD.replace("sys.stdin.read()", "")
    with store.alone():
        command = [sys.executable, "-c", program, store.root]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        assert child.poll() is None
    assert child.communicate()[0]


def test_a_store_is_let_go_with_its_object(tmp_path):
    Store(tmp_path / "store")
    with Store(tmp_path / "store").alone():
        pass


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


def test_a_full_disk_tears_nothing(small_disk):
    store = Store(small_disk / "store")
    kept = store.put_bytes(b"kept")
    store.record("fix", "a" * 64, ingredients={}, result={"n": 1}, blobs=())

    def fill():
        for key in range(1000):
            store.record("fix", f"{key:064}", ingredients={}, result={"n": "x" * 10_000}, blobs=())

    with pytest.raises(EnvironmentLacksError) as caught:
        fill()
    assert caught.value.message == f"the store at {store.root} cannot be written: No space left on device"
    assert caught.value.hint == "free some space (ascendc clean), or set ASCENDC_CACHE to a folder that has it"
    with pytest.raises(EnvironmentLacksError, match="No space left on device"):
        store.put_bytes(bytes(1 << 20))
    assert store.check() == ()
    assert store.path(kept).read_bytes() == b"kept"
    assert list((store.root / "work").iterdir()) == []


def test_a_store_that_cannot_be_written_still_answers(small_disk, remount):
    store = Store(small_disk / "store")
    blob = store.put_bytes(b"kept")
    store.record("fix", "a" * 64, ingredients={}, result={"n": 1}, blobs=())
    del store
    remount("ro")
    store = Store(small_disk / "store")
    with store.lock("key"):
        assert store.entry("fix", "a" * 64) == {"n": 1}
    assert store.path(blob).read_bytes() == b"kept"
    assert store.digest(small_disk / "store" / "in-use") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    for attempt in (
        lambda: store.put_bytes(b"new"),
        lambda: store.record("fix", "b" * 64, ingredients={}, result={}, blobs=()),
        lambda: store.workspace(print).__enter__(),
        lambda: store.alone().__enter__(),
    ):
        with pytest.raises(EnvironmentLacksError) as caught:
            attempt()
        assert re.fullmatch(r"the store at .* cannot be written: Read-only file system", caught.value.message)
        assert caught.value.id == "ASC1903"

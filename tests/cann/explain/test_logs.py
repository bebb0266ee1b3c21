from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace

import pytest

from ascendc.cann.explain import logs
from ascendc.errors import UsageError


def test_one_file(tmp_path):
    path = tmp_path / "atc.log"
    path.write_bytes(b"\xffE10001")
    assert logs.read(str(path)) == (logs.Log(str(path), b"\xffE10001"),)


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"said")))
    assert logs.read("-") == (logs.Log("standard input", b"said"),)


def test_a_folder_from_the_newest_without_links_and_pipes(tmp_path):
    for at, name in enumerate(("debug/plog/plog-1.log", "run/plog/plog-2.log", "atc.txt")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (at, at))
    (tmp_path / "empty.log").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert [log.content.decode() for log in logs.read(str(tmp_path))] == [
        "atc.txt",
        "run/plog/plog-2.log",
        "debug/plog/plog-1.log",
    ]


def test_of_large_logs_the_end_is_read_and_of_many_the_newest(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MOST_BYTES", 10)
    for at, name in enumerate("abc"):
        (tmp_path / name).write_text(name * 6)
        os.utime(tmp_path / name, (at, at))
    assert [log.content for log in logs.read(str(tmp_path))] == [b"cccccc", b"bbbb"]
    (tmp_path / "long").write_text("0123456789end")
    assert logs.read(str(tmp_path / "long"))[0].content == b"3456789end"


def test_utf_16(tmp_path):
    path = tmp_path / "atc.log"
    path.write_bytes("E10001: 值".encode("utf-16"))
    assert logs.read(str(path))[0].content.decode() == "E10001: 值"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.log", "the log `{}` does not exist"),
        ("empty", "the folder `{}` holds no file"),
        ("file/x", "the log `{}` cannot be read: Not a directory"),
        ("n" * 300, "the log `{}` cannot be read: File name too long"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    path = str(tmp_path / name)
    with pytest.raises(UsageError) as caught:
        logs.read(path)
    assert (caught.value.id, caught.value.message) == ("ASC2401", message.format(path))


def test_a_path_with_a_nul():
    with pytest.raises(UsageError, match="cannot be read: embedded null"):
        logs.read("a\0b")

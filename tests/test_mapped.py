from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from ascendc.mapped import Mapping, locate, mappings

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says what is mapped")


@pytest.fixture
def on_disk(tmp_path):
    path = tmp_path / "a file with spaces.bin"
    np.arange(4096, dtype=np.float32).tofile(path)
    return path


@pytest.fixture
def mapped(on_disk):
    with on_disk.open("r+b") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), np.float32)


def address(array):
    return array.__array_interface__["data"][0]


@linux
def test_an_array_is_found_in_its_file(on_disk, mapped):
    part = mapped[1000:1010]
    assert locate(address(part), part.nbytes, mappings([on_disk])) == (on_disk, 4000)


@linux
def test_a_file_is_known_by_any_of_its_names(on_disk, mapped, tmp_path):
    (tmp_path / "link").symlink_to(on_disk)
    assert locate(address(mapped), 4, mappings([tmp_path / "link"])) == (tmp_path / "link", 0)


@linux
def test_memory_that_was_written_to_is_not_the_files(on_disk, mapped):
    mapped.flags.writeable = True
    mapped[0] = 7
    assert mappings([on_disk]) == ()


@linux
def test_other_files_and_other_memory_are_not_found(on_disk, mapped, tmp_path):
    own = np.zeros(4096, np.float32)
    assert locate(address(own), own.nbytes, mappings([on_disk])) is None
    (tmp_path / "other").write_bytes(b"x")
    assert mappings([tmp_path / "other", tmp_path / "none"]) == ()


def test_what_reaches_over_the_end_of_a_mapping_is_not_found():
    known = (Mapping(1000, 2000, Path("w"), 4096),)
    assert locate(1500, 500, known) == (Path("w"), 4596)
    assert locate(1500, 501, known) is None


def test_where_the_system_does_not_say_nothing_is_found(on_disk, tmp_path):
    assert mappings([on_disk], tmp_path / "no smaps") == ()

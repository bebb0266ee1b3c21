from __future__ import annotations

import pytest

from ascendc.cann.om import file as oms
from ascendc.cann.om.facts import SIMULATED
from ascendc.cann.om.interface import Interface, Port
from ascendc.runtime import SessionError
from ascendc.runtime.om_file import OmFacts, read_facts
from ascendc.sim import container

FACES = Interface((Port("x", (1, 3), "float32", "ND", 12),), (Port("y:0", (1, 3), "float32", "ND", 12),), None)
ATTRIBUTES = {"stream_num": 2, "soc_version": "Ascend310P3", "atc_version": "7.6.0.1.220", SIMULATED: "1"}


def write(path, attributes=ATTRIBUTES, **layout):
    blueprint = container.Blueprint("m", FACES, attributes, partitions=((1, b"weights"),), **layout)
    path.write_bytes(container.write(blueprint))
    return str(path)


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("layout", [{}, {"wide": False}, {"first_version": True}], ids=["64 bit", "32 bit", "first"])
def test_it_reads_what_the_reader_of_the_host_reads(tmp_path, layout, listed):
    path = write(tmp_path / "m.om", listed=listed, **layout)
    om = oms.read(tmp_path / "m.om")
    assert read_facts(path) == (om.soc_version, om.atc_version, om.simulated)
    assert read_facts(path) == OmFacts("Ascend310P3", "7.6.0.1.220", True)


def test_what_a_file_does_not_say_is_empty(tmp_path):
    assert read_facts(write(tmp_path / "m.om", {})) == OmFacts("", "", False)
    (tmp_path / "m.om2").write_bytes(b"PK\x03\x04 and more")
    assert read_facts(str(tmp_path / "m.om2")) == OmFacts()


def test_a_file_that_is_cut_short_is_refused_at_any_length(tmp_path):
    path = write(tmp_path / "m.om")
    whole = (tmp_path / "m.om").read_bytes()
    for length in (*range(260), *range(260, len(whole), 37)):
        (tmp_path / "m.om").write_bytes(whole[:length])
        with pytest.raises(SessionError, match=r"m\.om` is (cut short: its header says that|no OM: it begins with)"):
            read_facts(path)


def test_bytes_that_are_changed_never_raise_anything_else(tmp_path):
    path = write(tmp_path / "m.om")
    whole = (tmp_path / "m.om").read_bytes()
    seen = set()
    for at in (*range(0, 320, 3), *range(320, len(whole), 7)):
        for value in (0x7F, 0xFF):
            (tmp_path / "m.om").write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            try:
                seen.add(read_facts(path))
            except SessionError as error:
                seen.add(str(error).split(":")[0].split("` ")[1])
    assert {"is no OM", "is cut short", OmFacts(), OmFacts("Ascend310P3", "7.6.0.1.220", True)} <= seen


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "begins with b''"), (b"version https", "begins with b'vers'"), (b"IMOD", "no OM")]
)
def test_other_files_are_named(tmp_path, content, message):
    path = tmp_path / "m.om"
    path.write_bytes(content)
    with pytest.raises(SessionError, match=message):
        read_facts(str(path))
    with pytest.raises(SessionError, match=r"gone\.om` cannot be read: No such file or directory"):
        read_facts(str(tmp_path / "gone.om"))

"""What ATC's log says of names in the file of --keep_dtype; lines as the graph engine's source has them."""

import pytest

from ascendc.cann.atc.ignored import Ignored, ignored

LATE = '[WARNING] GE(7,atc.bin):2026 [attr_options.cc:58]7 KeepDtypeReportError:"…, op name:[/a/Add] op name:[/b]"'
EARLY = "[ERROR] GE(7,atc.bin):2021 [keep_dtype_option.cc:50]7 KeepDtypeReportError: …, op names:/a/Add /b "


@pytest.mark.parametrize("line", [LATE, EARLY])
def test_the_names_that_the_log_mentions(line):
    assert ignored(["nothing", line], ["/a/Add", "/a/Add_1", "Add", "/b", "/c"]) == Ignored(("/a/Add", "/b"), False)


def test_a_name_is_not_found_in_a_longer_one():
    line = LATE.replace("/a/Add", "/a/Add_1")
    assert ignored([line], ["/a/Add", "a/Add_1", "/a/Add_1"]) == Ignored(("/a/Add_1",), False)


def test_ten_names_may_stand_for_more():
    names = [f"/n{i}" for i in range(12)]
    line = "KeepDtypeReportError: " + " ".join(f"op name:[{name}]" for name in names[:10]) + " .."
    assert ignored([line], names) == Ignored(tuple(names[:10]), True)


def test_a_wording_that_is_not_known():
    assert ignored(["KeepDtypeReportError: something"], ["/a"]) == Ignored((), True)


def test_nothing_is_said():
    assert ignored(["[WARNING] GE op name:[/a]"], ["/a"]) is None

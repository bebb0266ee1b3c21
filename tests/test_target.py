import pytest

from ascendc.cann import soc
from ascendc.cann.version import Cann
from ascendc.errors import UsageError
from ascendc.target import Batch, PartTarget, Target


def test_batch_is_written_as_atc_takes_gears():
    assert str(Batch((8,))) == "8"
    assert str(Batch((1, 4))) == "1,4"


@pytest.mark.parametrize(
    ("text", "version"),
    [("8.1", (8, 1)), ("8.1.RC1", (8, 1)), ("7.0.RC1.alpha003", (7, 0)), ("6.0.1", (6, 0)), ("8.10", (8, 10))],
)
def test_cann_compares_by_its_first_two_numbers(text, version):
    cann = Cann.parse(text)
    assert (cann.version, str(cann)) == (version, text)


@pytest.mark.parametrize("text", ["", "8", "v8.1", "8.1 ", "8.1;x", "8.x", "8.1/..", "8.1\n", "8.1..RC1", "9999.1"])
def test_cann_refuses_what_is_no_version(text):
    with pytest.raises(UsageError) as caught:
        Cann.parse(text)
    assert caught.value.message == f'must not be `{text}`; allowed: a version such as "8.1" or "8.0.RC2", unknown'


def test_cann_refuses_what_is_older_than_its_rules():
    with pytest.raises(UsageError) as caught:
        Cann.parse("3.3.0")
    assert caught.value.message == "must not be 3.3.0; allowed: 5.0 and newer, unknown"


def test_a_part_that_a_target_does_not_name_follows_its_defaults():
    named, other = PartTarget(Batch((8,))), PartTarget(Batch((1, 2)), "mixed")
    target = Target("t", soc.table()["Ascend310"], None, (("image", named),), defaults=other)
    assert (target.part("image"), target.part("text")) == (named, other)

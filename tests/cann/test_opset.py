import pytest

from ascendc.cann import opset


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        (None, "11 to 13"),
        ((5, 0), "9 to 13"),
        ((6, 0), "9 to 13"),
        ((7, 0), "9 to 18"),
        ((8, 1), "11 to 18"),
        ((9, 0), "11 to 18"),
    ],
)
def test_what_each_cann_takes(version, taken):
    assert str(opset.taken(version)) == taken


def test_both_ends_are_taken():
    taken = opset.taken((7, 0))
    assert [n for n in range(7, 21) if n in taken] == list(range(9, 19))


@pytest.mark.parametrize(("version", "number"), [(None, 13), ((5, 1), 11), ((6, 0), 13), ((8, 1), 13)])
def test_the_default_is_old_enough_for_the_cann(version, number):
    assert opset.default(version) == number
    assert number in opset.taken(version)

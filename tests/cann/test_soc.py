import pytest

from ascendc.cann import soc
from ascendc.errors import UsageError

A2 = "the Atlas A2 cards that people call 910B"
HINT = "npu-smi info  (on the board: its chip name, behind `Ascend`, is the exact one)"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Ascend310", "Ascend310"),
        ("310", "Ascend310"),
        ("ascend310p3", "Ascend310P3"),
        ("310B4", "Ascend310B4"),
        (" Ascend910B4 ", "Ascend910B4"),
        ("910b4-1", "Ascend910B4-1"),
        ("Ascend910_9391", "Ascend910_9391"),
        ("as31xm1x", "AS31XM1X"),
    ],
)
def test_exact_names_in_any_case_with_or_without_ascend(said, name):
    assert soc.resolve(said) == soc.Resolved(soc.table()[name])


@pytest.mark.parametrize(
    ("said", "name", "note"),
    [
        ("Ascend910", "Ascend910A", "`Ascend910` is taken as Ascend910A, as CANN itself does"),
        ("910", "Ascend910A", "`910` is taken as Ascend910A, as CANN itself does"),
        (
            "Ascend310P",
            "Ascend310P3",
            "`Ascend310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo",
        ),
    ],
)
def test_two_families_are_taken_for_a_chip_and_say_so(said, name, note):
    assert soc.resolve(said) == soc.Resolved(soc.table()[name], (note,))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "310B",
            "`310B` names a family, not a chip; allowed: Ascend310B1, Ascend310B2, Ascend310B3, Ascend310B4",
        ),
        (
            "Ascend910B",
            f"`Ascend910B` is the name of a first-generation 910; {A2} are Ascend910B1 to Ascend910B4; allowed: "
            + ", ".join(f"Ascend910B{chip}" for chip in ("1", "2", "2C", "3", "4", "4-1")),
        ),
        (
            "ascend910_93",
            "`ascend910_93` names a family, not a chip; allowed: "
            + ", ".join(f"Ascend910_93{chip}" for chip in (62, 72, 81, 82, 91, 92)),
        ),
    ],
)
def test_other_families_are_refused_with_the_exact_choices(said, words):
    with pytest.raises(UsageError) as caught:
        soc.resolve(said)
    assert (caught.value.id, caught.value.message, caught.value.hint) == ("ASC1212", words, HINT)


FAMILIES = (
    "Ascend310, Ascend310P{1,3,5,7}, Ascend310B{1,2,3,4}, Ascend910{A,PremiumA,ProA,ProB}, "
    "Ascend910B{1,2,2C,3,4,4-1}, Ascend910_93{62,72,81,82,91,92}"
)


@pytest.mark.parametrize(
    ("said", "guess"),
    [
        ("Ascend311", " (did you mean `Ascend310` or `Ascend310P1` or `Ascend310B1`?)"),
        ("Ascend310C4", " (did you mean `Ascend310B4` or `Ascend310`?)"),
        ("tegra", ""),
        ("310P3; reboot", ""),
    ],
)
def test_an_unknown_name_gets_guesses_and_the_families_that_people_have(said, guess):
    with pytest.raises(UsageError) as caught:
        soc.resolve(said)
    assert caught.value.message == (
        f"unknown SoC `{said}`{guess}; allowed: {FAMILIES}, and rarer ones: `ascendc recipe schema` has all 44"
    )
    assert (caught.value.id, caught.value.hint) == ("ASC1211", HINT)


def test_every_name_is_one_that_resolves():
    assert [soc.resolve(name).soc.name for name in soc.names()] == list(soc.names())
    assert set(soc.table()) - set(soc.names()) == {"Ascend910B"}


def test_a_first_generation_910b_has_another_generation_than_the_a2_cards():
    assert soc.table()["Ascend910B"].short == "Ascend910"
    assert soc.table()["Ascend910B4"].short == "Ascend910B"

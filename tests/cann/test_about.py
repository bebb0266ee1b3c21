import pytest

from ascendc.cann import about, soc
from ascendc.cann.present import Named, Present
from ascendc.errors import UsageError

A2 = tuple(f"Ascend910B{end}" for end in ("1", "2", "2C", "3", "4", "4-1"))
FIRST = ("Ascend910A", "Ascend910B", "Ascend910PremiumA", "Ascend910ProA", "Ascend910ProB")
FIRST_910B = (
    "`910B` is the name of a first-generation 910; the Atlas A2 cards that people call 910B are Ascend910B1 to "
    "Ascend910B4"
)
USUALLY_P3 = "; `Ascend310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo"
SEVERAL = " stands for several chips: npu-smi info shows which one a board has"
P = tuple(f"Ascend310P{end}" for end in (1, 3, 5, 7))


@pytest.mark.parametrize(
    ("asked", "names", "note"),
    [
        ("310P3", ("Ascend310P3",), ""),
        (" ascend910_9391 ", ("Ascend910_9391",), ""),
        ("310", ("Ascend310",), ""),
        ("200 DK", ("Ascend310",), ""),
        ("950", ("Ascend910_95",), ""),
        ("SD3403", ("SD3403",), ""),
        ("310P", P, "`310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo"),
        ("310B", tuple(f"Ascend310B{end}" for end in (1, 2, 3, 4)), "`310B` names a family, not a chip"),
        ("910", FIRST, "`910` is taken as Ascend910A, as CANN itself does"),
        (
            "910B",
            (*A2, "Ascend910B"),
            FIRST_910B,
        ),
        ("a2", A2, "`a2`" + SEVERAL),
        ("Atlas 300I Pro", P, "`Atlas 300I Pro`" + SEVERAL + USUALLY_P3),
        ("BS9SX2A", ("BS9SX2AA", "BS9SX2AB"), "`BS9SX2A`" + SEVERAL),
    ],
)
def test_a_name_is_a_chip_a_family_what_people_say_or_a_product(asked, names, note):
    report = about.of_name(asked)
    assert tuple(found.soc.name for found in report.socs) == names
    assert report.notes == ((note,) if note else ())


@pytest.mark.parametrize("asked", ["311", "Atlas", "", "910B4; reboot", "x" * 10_000])
def test_what_nothing_is_called(asked):
    with pytest.raises(UsageError) as caught:
        about.of_name(asked)
    assert caught.value.id == "ASC1211"


def test_a_chip_has_peaks_with_their_basis_and_its_family():
    [found] = about.of_name("310P3").socs
    assert found.fp16_peaks == (
        soc.Figure(69.47, "derived", "8 × 4096 multiply-accumulates × 2 × 1060 MHz"),
        soc.Figure(70, "quoted", "Atlas 300I Pro"),
    )
    assert found.same_architecture == ("Ascend310P1", "Ascend310P5", "Ascend310P7")
    assert found.short_opp == "ascend310p"


def test_everything_is_every_soc():
    assert [found.soc for found in about.everything().socs] == list(soc.table().values())


def test_of_a_machine_only_what_is_known():
    machine = Present("npu-smi", (Named("310P3", "Ascend310P3", 2, ""), Named("999", None, 1, "?")))
    report = about.of_machine(machine)
    assert [found.soc.name for found in report.socs] == ["Ascend310P3"]
    assert report.machine is machine

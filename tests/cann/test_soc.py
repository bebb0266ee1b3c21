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
        ("Ascend 310P3", "Ascend310P3"),
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
        f"unknown SoC `{said}`{guess}; allowed: {FAMILIES}, and rarer ones: `ascendc soc` lists all 44"
    )
    assert (caught.value.id, caught.value.hint) == ("ASC1211", HINT)


def test_every_name_is_one_that_resolves():
    assert [soc.resolve(name).soc.name for name in soc.names()] == list(soc.names())
    assert set(soc.table()) - set(soc.names()) == {"Ascend910B"}


def test_a_first_generation_910b_has_another_generation_than_the_a2_cards():
    assert soc.table()["Ascend910B"].short == "Ascend910"
    assert soc.table()["Ascend910B4"].short == "Ascend910B"


def test_what_a_generation_allows():
    chips = soc.table()
    assert {chip.short for chip in chips.values() if not chip.bf16} == {
        *("Ascend310", "Ascend310P", "Ascend910", "Ascend610", "Ascend035", "BS9SX1A"),
        *("Hi3796CV300CS", "Hi3796CV300ES", "SD3403"),
    }
    assert {chip.short for chip in chips.values() if not chip.dynamic_ranges} == {"Ascend310B", "Ascend035"}
    assert {chip.short for chip in chips.values() if not chip.single_stream} == {"Ascend310B"}
    assert {chip.short for chip in chips.values() if chip.vector_core} == {"Ascend310P"}
    assert {chip.short for chip in chips.values() if chip.sparsity} == {"Ascend310B", "Ascend910B", "Ascend910_93"}
    assert {chip.short for chip in chips.values() if chip.hif8} == {"Ascend910_95"}
    assert chips["Ascend310"].last_cann == "8.2"
    assert {chip.last_cann for chip in chips.values() if chip.short != "Ascend310"} == {None}


@pytest.mark.parametrize(
    ("name", "formats"),
    [
        ("Ascend310P3", ("NC1HWC0DI_FP16", "NC1HWC0DI_S8", "RGB888_U8", "XRGB8888_U8", "YUV400_U8", "YUV420SP_U8")),
        ("Ascend910B4", ("RGB888_U8", "XRGB8888_U8", "YUV400_U8", "YUV420SP_U8")),
        ("Ascend035", ()),
    ],
)
def test_the_formats_that_aipp_takes(name, formats):
    chip = soc.table()[name]
    assert (tuple(sorted(chip.aipp_formats)), chip.static_aipp) == (formats, bool(formats))


@pytest.mark.parametrize(
    ("name", "fp16", "int8"),
    [
        ("Ascend310", 11.14, 22.28),
        ("Ascend310B4", 4.096, 8.192),
        ("Ascend310P3", 69.47, 138.94),
        ("Ascend910B4", 245.76, 491.52),
        ("Ascend910_9391", 363.72, 727.45),
        ("Hi3796CV300CS", 2.33, 4.65),
    ],
)
def test_peaks_are_cores_times_multiply_accumulates_times_clock(name, fp16, int8):
    chip = soc.table()[name]
    assert (chip.fp16_tflops, chip.int8_tops) == (pytest.approx(fp16, rel=2e-3), pytest.approx(int8, rel=2e-3))


def test_every_figure_says_where_it_comes_from():
    assert soc.table()["Ascend310B4"].bandwidth == soc.Figure(
        25.6, "spec", "Atlas 200I DK A2 product page: LPDDR4X-3200 × 64 bit"
    )
    assert soc.table()["Ascend310B2"].bandwidth == soc.Figure(20.8, "hint")
    assert soc.table()["Ascend310P3"].memory == soc.Figure(24_000_000_000, "derived")


def test_the_folder_of_operators():
    assert soc.table()["Ascend910_9391"].short_opp == "ascend910_93"
    assert {chip.name for chip in soc.family("Ascend310P")} == {f"Ascend310P{end}" for end in (1, 3, 5, 7)}
    assert soc.family("ascend310p") == ()

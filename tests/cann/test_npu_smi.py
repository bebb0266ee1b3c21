import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann import npu_smi
from ascendc.cann.npu_smi import Chip, chips, exact

RULE = "+---------------------------+---------------+----------------------------------------------------+"


def table(*rows, head=("NPU   Name", "Health", "Power(W)    Temp(C)"), below=("Chip  Device", "Bus-Id", "AICore(%)")):
    """A table as npu-smi draws it: a header of two lines, two lines per chip, then the processes."""
    lines = [RULE, "| npu-smi 23.0.rc2                 Version: 23.0.rc2                                  |", RULE]
    lines += ["| " + " | ".join(cells) + " |" for cells in (head, below)] + [RULE.replace("-", "=")]
    for row in rows:
        lines += [*("| " + " | ".join(cells) + " |" for cells in row), RULE.replace("-", "=")]
    lines += [
        RULE,
        "| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |",
    ]
    lines += ["| 0       0                 | 2381          | python3                  | 311                     |"]
    lines += [
        "| No running processes found in NPU 1                                                            |",
        RULE,
    ]
    return "\n".join(lines)


OF_A_310 = (("0       310", "OK", "12.8              45"), ("0       0", "0000:3E:00.0", "0      2457 / 8192"))
OF_A_DK = (("0       310", "OK", "8.0               52"), ("0       0", "NA", "0      2457 / 8192"))
OF_A_DUO = (
    (("1       310P3", "OK", "NA       59   0 / 0"), ("0       0", "0000:01:00.0", "0    1397 / 44280")),
    (("1       310P3", "OK", "NA       58   0 / 0"), ("1       1", "0000:01:00.0", "0    1520 / 43693")),
)
OF_A_DK_A2 = (("0       310B4", "Alarm", "0.0   46   15 / 15"), ("0       0", "NA", "0      1655 / 3513"))
OF_A_910A = (("3     910A", "OK", "62.2    26     0 / 0"), ("0", "0000:01:00.0", "0    2280 / 15039    0 / 32768"))
OF_AN_A2 = (("7     910B4-1", "OK", "91.3    33     0 / 0"), ("0", "0000:C1:00.0", "0    0 / 0    3197 / 65536"))
OF_AN_A3 = (
    (("0     Ascend910", "OK", "178.5    36     0 / 0"), ("0     0", "0000:9D:00.0", "0    0 / 0    3416 / 65536")),
    (("0     Ascend910", "OK", "-        36     0 / 0"), ("1     1", "0000:9F:00.0", "0    0 / 0    3195 / 65536")),
)
OF_A_950 = (("0", "Ascend950PR", "OK", "195.6   56   0 / 0"), ("", "", "0000:61:00.0", "0   0 / 0   5239 / 131072"))


def page(npu, **pairs):
    """A page of ``npu-smi info -t board``."""
    lines = {"NPU ID": npu, "Product Name": "x y", **{key.replace("_", " "): pair for key, pair in pairs.items()}}
    return "\n".join(f"        {key:<30} : {value}" for key, value in lines.items())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (table(OF_A_310), [Chip(0, "310", "0000:3E:00.0")]),
        (table(OF_A_DK), [Chip(0, "310", "NA")]),
        (table(*OF_A_DUO), [Chip(1, "310P3", "0000:01:00.0")] * 2),
        (table(OF_A_DK_A2), [Chip(0, "310B4", "NA")]),
        (table(OF_A_910A), [Chip(3, "910A", "0000:01:00.0")]),
        (table(OF_AN_A2), [Chip(7, "910B4-1", "0000:C1:00.0")]),
        (table(*OF_AN_A3), [Chip(0, "Ascend910", "0000:9D:00.0"), Chip(0, "Ascend910", "0000:9F:00.0")]),
        (table(OF_A_950, head=("NPU", "Name", "Health", "Power(W)")), [Chip(0, "Ascend950PR", "0000:61:00.0")]),
    ],
    ids=["310", "310 as device", "310P duo", "310B", "910", "A2", "A3", "950"],
)
def test_the_table_of_each_generation(text, found):
    assert chips(text) == tuple(found)
    assert chips(text.replace("\n", "\r\n")) == tuple(found)
    assert chips("\n".join(f"# {line}" for line in text.splitlines())) == tuple(found)


def test_a_device_s_number_of_two_digits_is_no_chip_s_name():
    row = OF_A_DK[0], ("0       12", "NA", "0      2457 / 8192")
    assert chips(table(row)) == (Chip(0, "310", "NA"),)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (table(*OF_AN_A3) + "\n" + page(0, NPU_Name=9392, Chip_Name="Ascend910"), {"Ascend910_9392"}),
        (table(OF_A_950) + page(0, NPU_Name=9579, Chip_Name="Ascend950PR"), {"Ascend950PR_9579"}),
        (page(0, NPU_Name=9392, Chip_Name="Ascend910") + "\n" + page(2, NPU_Name=9392, Chip_Name="Ascend910"),
         {"Ascend910_9392"}),
        (page(4, Chip_Type="Ascend", Chip_Name="910B4"), {"910B4"}),
        (page(4, NPU_Name="NA", Chip_Name="310P3"), {"310P3"}),
        (table(OF_AN_A2) + page(7, NPU_Name=9392, Chip_Name="Ascend910"), {"910B4-1"}),
    ],
)  # fmt: skip
def test_a_page_gives_the_name_that_the_table_shortens(text, names):
    assert {chip.name for chip in chips(text)} == names


def test_what_no_chip_is_called_is_no_name():
    assert chips(page(0, Chip_Name="\x1b[31m910")) == ()


def test_the_page_of_another_npu_names_nothing():
    assert chips(table(*OF_AN_A3) + "\n" + page(2, NPU_Name=9392, Chip_Name="Ascend910"))[0].name == "Ascend910"


def test_the_mapping_lists_chips_and_controllers():
    text = (
        "\tNPU ID                         Chip ID                        Chip Logic ID                  Chip Name\n"
        "\t0                              0                              0                              Ascend 910B3\n"
        "\t0                              1                              -                              Mcu\n"
        "\t1                              0                              1                              Ascend 910B3\n"
    )
    assert chips(text) == (Chip(0, "Ascend910B3", None), Chip(1, "Ascend910B3", None))


@pytest.mark.parametrize(
    "text",
    ["", "dcmi module initialize failed. ret is -8005", table(), "| 0 | 1 | 2 |", "\0" * 99, "| NA | NA | NA |\n" * 9],
)
def test_what_lists_no_chip(text):
    assert chips(text) == ()


@pytest.mark.parametrize(
    ("name", "soc"),
    [
        ("310P3", "Ascend310P3"),
        ("Ascend910B4", "Ascend910B4"),
        ("910b2c", "Ascend910B2C"),
        ("910B", "Ascend910B"),
        ("Ascend910", None),
        ("310P", None),
        ("Ascend950PR_9579", None),
        ("", None),
    ],
)
def test_a_name_is_exact_or_none(name, soc):
    assert exact(name) == soc


@settings(deadline=None)
@given(st.text(alphabet=" |0123456789Ascend:-PNUIDChipameTypk\n\r=.", max_size=2000))
def test_any_text_is_read(text):
    for chip in npu_smi.chips(text):
        assert exact(chip.name) is None or exact(chip.name).startswith(("Ascend", "AS31"))

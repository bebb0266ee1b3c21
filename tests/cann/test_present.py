import pytest

from ascendc.cann.present import PAGE, Named, Present, Replies, present
from ascendc.errors import EnvironmentLacksError

TABLE = "| 0  310P3 | OK | 1 |\n| 0  0 | 0000:01:00.0 | 0 |\n"
MORE = "| 1  310P3 | OK | 1 |\n| 2  310 | OK | 1 |\n"


@pytest.mark.parametrize(
    ("replies", "found"),
    [
        (Replies(TABLE, "Ascend310", 1), Present("npu-smi", (Named("310P3", "Ascend310P3", 1, ""),))),
        (
            Replies(TABLE + MORE, None, 3),
            Present("npu-smi", (Named("310P3", "Ascend310P3", 2, ""), Named("310", "Ascend310", 1, ""))),
        ),
        (Replies(None, "Ascend310B4", 1), Present("AscendCL", (Named("Ascend310B4", "Ascend310B4", 1, ""),))),
        (Replies("", "Ascend310B4", 1), Present("AscendCL", (Named("Ascend310B4", "Ascend310B4", 1, ""),))),
    ],
)
def test_chips_are_named_by_npu_smi_or_else_by_acl(replies, found):
    assert present(replies) == found


@pytest.mark.parametrize(
    ("name", "soc", "note"),
    [
        ("910B", "Ascend910B", "a first-generation 910; the Atlas A2 cards are Ascend910B1 to B4"),
        (
            "Ascend910",
            None,
            "only the family; the exact name is on another page, to be read along with the table: "
            + PAGE.format(npu=3),
        ),
        ("Ascend950PR", None, "no SoC of CANN 8.1 is called that; a newer CANN may know it"),
    ],
)
def test_what_a_name_needs_said_about_it(name, soc, note):
    [chip] = present(Replies(f"| 3  {name} | OK | 1 |", None, 1)).chips
    assert (chip.soc, chip.note) == (soc, note)


def test_a_device_without_a_name_is_a_device():
    reasons = ("npu-smi is not on the PATH", "Python cannot load AscendCL (acl)")
    with pytest.raises(EnvironmentLacksError) as caught:
        present(Replies(None, None, 2, reasons))
    assert (caught.value.id, caught.value.exit_code) == ("ASC1232", 5)
    assert caught.value.message == (
        "an NPU is here (/dev/davinci*: 2), but its name cannot be read: npu-smi is not on the PATH; "
        "Python cannot load AscendCL (acl); 2 chips in /dev"
    )


def test_no_device_at_all():
    with pytest.raises(EnvironmentLacksError) as caught:
        present(Replies("dcmi model initialized failed", None, 0, ("Python cannot load AscendCL (acl)",)))
    assert (caught.value.id, caught.value.exit_code) == ("ASC1231", 5)
    assert caught.value.message == (
        "no NPU is here: npu-smi info lists no chip; Python cannot load AscendCL (acl); no chips in /dev"
    )

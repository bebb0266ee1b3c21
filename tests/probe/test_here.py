import pytest

from ascendc.cann.present import Named, Present
from ascendc.errors import EnvironmentLacksError
from ascendc.probe import here

TABLE = "| 0  Ascend910 | OK | 1 |\n| 0  0 | 0000:01:00.0 | 0 |"


def test_npu_smi_is_asked_for_the_table_and_the_page(board):
    board.npu_smi(TABLE, "NPU ID : 0\nNPU Name : 9391\nChip Name : Ascend910")
    assert here() == Present("npu-smi", (Named("Ascend910_9391", "Ascend910_9391", 1, ""),))


def test_an_npu_smi_that_takes_no_chip_id_is_asked_without(board):
    board.program(
        "npu-smi",
        f"""case "$*" in *-c*) exit 1;; *board*) printf 'NPU ID : 0\nNPU Name : 9391\nChip Name : Ascend910\n';;
*) echo '{TABLE}';; esac""",
    )
    assert here().chips[0].soc == "Ascend910_9391"


def test_acl_is_asked_where_there_is_no_npu_smi(board):
    root = board.cann("8.0.RC3")
    (board.home / "acl.py").write_text(
        "class rt:\n    get_run_mode = staticmethod(lambda: (0, 0))\n"
        "def init(): return 0\ndef get_soc_name(): return 'Ascend310B4'\n"
    )
    (root / "set_env.sh").write_text(f"export PYTHONPATH='{board.home}'\n")
    assert here() == Present("AscendCL", (Named("Ascend310B4", "Ascend310B4", 1, ""),))


def test_a_machine_without_any(board):
    with pytest.raises(EnvironmentLacksError) as caught:
        here()
    assert caught.value.message == (
        "no NPU is here: npu-smi is not on the PATH; Python cannot load AscendCL (acl); no chips in /dev"
    )

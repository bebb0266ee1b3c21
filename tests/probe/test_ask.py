import pytest

from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.probe import ask
from ascendc.sim.settings import Settings
from ascendc.sim.tree import plant


def chip(name, bus, *, columns=3, status="OK", phy=" 0"):
    """The two rows of a chip, in the shape of its generation's table."""
    more = "| 0.0  47  0 / 0 |" if columns == 3 else "| 12.8 | 58 |"
    return f"+====+====+\n| 0   {name} | {status} {more}\n| 0  {phy} | {bus} | 0  1691 / 21527 |\n+====+====+"


HEAD = """\
+----+
| npu-smi 23.0.rc2      Version: 23.0.rc2 |
+----+----+
| NPU  Name | Health | Power(W) Temp(C) |
| Chip Device | Bus-Id | AICore(%) Memory-Usage(MB) |
"""


@pytest.mark.parametrize(
    ("name", "bus", "soc", "mode"),
    [
        ("310", "0000:05:00.0", "Ascend310", "host"),
        ("310", "NA", "Ascend310", "device"),
        ("310P3", "0000:01:00.0", "Ascend310P3", "host"),
        ("310B4", "NA", "Ascend310B4", "device"),
        ("910A", "0000:C1:00.0", "Ascend910A", "host"),
        ("910B", "0000:C1:00.0", "Ascend910B", "host"),
        ("910B4", "0000:C1:00.0", "Ascend910B4", "host"),
        ("910B4-1", "0000:C1:00.0", "Ascend910B4-1", "host"),
        ("Ascend310P3", "0000:01:00.0", "Ascend310P3", "host"),
    ],
)
def test_the_chip_of_each_generation_has_its_exact_name(board, name, bus, soc, mode):
    board.npu_smi(HEAD + chip(name, bus))
    fields = ask("root@board").fields
    assert (fields.soc, fields.run_mode) == (soc, mode)


def test_an_alarm_and_other_columns_change_nothing(board):
    board.npu_smi(HEAD + chip("310B1", "NA", columns=4, status="Alarm", phy=""))
    assert ask("root@board").fields.soc == "Ascend310B1"


def test_from_the_a3_on_the_name_is_on_the_board_page(board):
    page = "  NPU ID       : 0\n  NPU Name     : 9392\n  Chip Name    : Ascend910"
    board.npu_smi(HEAD + chip("Ascend910", "0000:9D:00.0"), page)
    assert ask("root@board").fields.soc == "Ascend910_9392"


def test_several_chips_of_one_kind_are_one_answer(board):
    board.npu_smi(HEAD + chip("310P3", "0000:01:00.0") + "\n" + chip("310P3", "0000:02:00.0"))
    assert ask("root@board").fields.soc == "Ascend310P3"


def test_two_kinds_of_chips_are_no_answer(board):
    board.npu_smi(HEAD + chip("310P3", "0000:01:00.0") + "\n" + chip("310", "0000:02:00.0"))
    report = ask("root@board")
    assert (report.fields.soc, report.missing["soc"]) == (None, "there are several kinds of chips: 310P3, 310")


def test_without_npu_smi_acl_is_asked(board):
    root = board.cann("8.0.RC3")
    python = board.home / "python"
    python.mkdir()
    (python / "acl.py").write_text(
        "class rt:\n    get_run_mode = staticmethod(lambda: (0, 0))\n"
        "def init(): return 0\ndef get_soc_name(): return 'Ascend310B4'\n"
    )
    (root / "set_env.sh").write_text(f"export PYTHONPATH='{python}'\necho noise\n")
    fields = ask("root@board").fields
    assert (fields.soc, fields.run_mode) == ("Ascend310B4", "device")


def test_a_mode_that_acl_gives_along_with_an_error_is_none(board):
    (board.home / "acl.py").write_text(
        "class rt:\n    get_run_mode = staticmethod(lambda: (0, 107002))\n"
        "def init(): return 0\ndef get_soc_name(): return 'Ascend310B4'\n"
    )
    (board.cann("8.0.RC3") / "set_env.sh").write_text(f"export PYTHONPATH='{board.home}'\n")
    report = ask("root@board")
    assert (report.fields.soc, report.fields.run_mode) == ("Ascend310B4", None)
    assert "run_mode" in report.missing


def test_the_running_cann_comes_first_and_the_others_are_kept(board):
    board.cann("7.0.1", latest=False)
    board.cann("8.0.RC3")
    board.cann("6.3.RC1", "nnrt")
    fields = ask("root@board").fields
    assert (fields.cann, fields.other_canns) == ("8.0.RC3", ["6.3.RC1", "7.0.1"])


def test_what_every_linux_has_is_read(board):
    fields = ask("root@board").fields
    assert fields.python.startswith("3.")
    assert fields.arch
    assert fields.memory_mb > 100
    assert fields.disk_free_mb >= 0


def test_this_machine_can_be_asked_too(board):
    assert ask(None).fields.memory_mb == ask("root@board").fields.memory_mb


def test_a_simulated_cann_is_known_by_its_installation_and_by_its_settings(board, monkeypatch):
    board.cann("8.1.RC1")
    assert not ask("root@board").simulated
    with monkeypatch.context() as patch:
        patch.setenv("ASCENDC_SIM_SOC", "Ascend310P3")
        assert ask("root@board").simulated
    plant(board.home / "Ascend/ascend-toolkit", Settings())
    assert ask("root@board").simulated


def test_what_is_missing_is_named_with_its_reason(board):
    report = ask("root@board")
    assert {name: report.missing[name] for name in ("soc", "run_mode", "cann", "driver")} == {
        "soc": "npu-smi is not on the PATH; Python cannot load AscendCL (acl); no chips in /dev",
        "run_mode": "npu-smi is not on the PATH",
        "cann": "no ascend_*_install.info below /usr/local/Ascend or ~/Ascend",
        "driver": "/usr/local/Ascend/driver/version.info: No such file or directory",
    }


def test_an_npu_smi_that_fails_says_why(board):
    board.program("npu-smi", "echo 'dcmi module initialize failed. ret is -8005'; exit 1")
    reason = ask("root@board").missing["soc"].partition(";")[0]
    assert reason == "npu-smi exited 1: dcmi module initialize failed. ret is -8005"


def test_a_chip_that_cannot_be_is_not_believed(board):
    board.npu_smi(HEAD + chip("999X", "NA"))
    report = ask("root@board")
    assert (report.fields.soc, report.missing["soc"]) == (None, 'root@board said "999X", which cannot be')


def test_the_reply_is_found_between_what_a_login_shell_prints(board):
    board.program("ssh", 'echo Welcome; shift 4; sh -c "$*"; echo bye')
    assert ask("root@board").fields.memory_mb > 100


@pytest.mark.parametrize("reply", ["", "ascendc-probe:", "ascendc-probe:{}", "ascendc-probe:[1]", "\x1b]0;x\x07ok"])
def test_another_reply_is_refused(board, reply):
    board.program("ssh", f"printf '%s' '{reply}'")
    with pytest.raises(EnvironmentLacksError) as caught:
        ask("root@board")
    shown = reply.replace("\x1b", "?").replace("\x07", "?") or "nothing"
    assert caught.value.message == f"root@board answered something that is no probe's report: {shown}"


@pytest.mark.parametrize(
    "reply",
    [
        'ascendc-probe:{"facts":{"version":2},"missing":{}}',
        "ascendc-probe:" + "[" * 200_000,
    ],
    ids=["version", "bottomless"],
)
def test_a_reply_that_no_probe_gives_is_refused(board, tmp_path, reply):
    (tmp_path / "reply").write_text(reply)
    board.program("ssh", f'while read -r line; do echo "$line"; done < \'{tmp_path / "reply"}\'; echo "$line"')
    with pytest.raises(EnvironmentLacksError) as caught:
        ask("root@board")
    assert caught.value.id == "ASC1227"
    assert caught.value.message == f"root@board answered something that is no probe's report: {reply[:200]}"


def test_facts_of_another_kind_are_left_out(board):
    facts = '"npu_smi": 3, "acl": {"soc": "x"}, "cann": 8, "memory_mb": -1, "python": "3 #", "extra": 1'
    reply = f'{{"facts": {{{facts}}}, "missing": {{"y": "z"}}}}'
    board.program("ssh", f"printf '%s' 'ascendc-probe:{reply}'")
    report = ask("root@board")
    assert report.fields.model_dump(exclude_none=True) == {"version": 1, "other_canns": []}
    assert report.missing == {
        "soc": 'root@board said "x", which cannot be',
        "cann": "root@board said 8, which cannot be",
        "memory_mb": "root@board said -1, which cannot be",
        "python": 'root@board said "3 #", which cannot be',
        "run_mode": "neither AscendCL nor npu-smi says it",
    }


def test_a_host_that_is_not_reached(board):
    board.program("ssh", "echo 'ssh: connect to host board port 22: Connection refused' >&2; exit 255")
    with pytest.raises(EnvironmentLacksError) as caught:
        ask("root@board")
    words = "ssh does not reach root@board: ssh: connect to host board port 22: Connection refused"
    assert (caught.value.message, caught.value.hint) == (words, "ssh root@board true")
    assert caught.value.exit_code == 5


def test_a_host_without_python(board):
    (board.bin / "python3").unlink()
    with pytest.raises(EnvironmentLacksError) as caught:
        ask("root@board")
    assert caught.value.message.startswith("root@board has no python3: ")
    assert caught.value.hint == "install Python 3.7 or newer"


def test_a_host_whose_python_is_too_old(board):
    board.program("python3", "echo 'SyntaxError: invalid syntax' >&2; exit 1")
    with pytest.raises(EnvironmentLacksError) as caught:
        ask("root@board")
    assert caught.value.message == "the probe failed on root@board with exit code 1: SyntaxError: invalid syntax"


def test_a_machine_without_ssh(board):
    (board.bin / "ssh").unlink()
    with pytest.raises(EnvironmentLacksError) as caught:
        ask("root@board")
    assert caught.value.message == "ssh is not on the PATH, so root@board cannot be asked"


@pytest.mark.parametrize("host", ["-oProxyCommand=reboot", "", "a b", "a\nb"])
def test_what_is_no_host_never_reaches_ssh(board, host):
    with pytest.raises(UsageError) as caught:
        ask(host)
    assert caught.value.message == f"`{host}` is no host; allowed: a name or address, as ssh takes it: user@board"

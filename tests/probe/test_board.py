import pytest
import yaml

from ascendc.cann.soc import table
from ascendc.cann.version import Cann
from ascendc.errors import UsageError
from ascendc.probe import Board, Report, read, render, summary
from ascendc.probe.board import BoardFields
from ascendc.recipe import load

FIELDS = BoardFields(
    version=1, soc="Ascend310B4", run_mode="device", cann="8.0.RC2", arch="aarch64", python="3.9.2", memory_mb=3513
)
RECIPE = "version: 1\nmodel: {plugin: clip, source: x}\ntargets:\n  - board: board.yaml\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_written_is_read_back_and_a_target_takes_it(folder):
    text = render(Report(FIELDS, {"driver": "no version.info"}), "ascendc probe root@board", "my-board.yaml")
    (folder / "board.yaml").write_text(text)
    assert read(folder / "board.yaml") == Board(table()["Ascend310B4"], Cann("8.0.RC2"))
    (folder / "r.yaml").write_text(RECIPE)
    (target,) = load(folder / "r.yaml").targets
    assert (target.name, target.soc.name, str(target.cann)) == ("ascend310b4", "Ascend310B4", "8.0.RC2")


def test_the_file_explains_itself(folder):
    text = render(Report(FIELDS, {"driver": "no version.info"}), "ascendc probe root@board", "my-board.yaml")
    assert text.splitlines()[:8] == [
        "# Written by `ascendc probe root@board`. A recipe uses it as a target:",
        "#   targets:",
        "#     - board: my-board.yaml",
        "",
        "version: 1  # of this file's format",
        'soc: "Ascend310B4"  # the exact chip',
        'run_mode: "device"  # device: programs run on the chip\'s own CPU; host: the chip is a PCIe card',
        'cann: "8.0.RC2"  # the version that runs',
    ]
    assert "driver: null  # not known: no version.info" in text
    assert yaml.safe_load(text)["memory_mb"] == 3513


def test_the_summary_is_what_one_looks_for_first():
    assert summary(Report(FIELDS, {"driver": "no version.info"})).splitlines() == [
        "soc:    Ascend310B4",
        "cann:   8.0.RC2",
        "driver: not known: no version.info",
        "python: 3.9.2",
    ]


def test_a_simulated_board_says_so_first_and_last():
    said = "SIMULATED: the CANN of `ascendc sim env` answered; there is no such board"
    report = Report(FIELDS, {}, simulated=True)
    assert summary(report).splitlines()[-1] == said
    assert render(report, "ascendc probe --local", "board.yaml").splitlines()[0] == f"# {said}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("soc: Ascend310", "1: version: must be given; allowed: 1"),
        (
            "version: 1\nsoc: Ascend999",
            "2: soc: must not be `Ascend999`, which no SoC is called; allowed: exact names such as Ascend310P3",
        ),
        (
            'version: 1\ncann: "8"',
            '2: cann: must not be `8`; allowed: a version such as "8.1" or "8.0.RC2", unknown',
        ),
        ("version: 1\nrun_mode: both", "2: run_mode: must not be the text `both`; allowed: device, host"),
        ('version: 1\npython: "3; reboot"', "2: python: must not be the text `3; reboot`; allowed: text"),
        ("version: 1\nmemory_mb: -1", "2: memory_mb: must not be the number -1; allowed: a whole number from 0"),
    ],
)
def test_a_file_that_somebody_changed_is_not_believed(folder, text, words):
    (folder / "board.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read((folder / "board.yaml").relative_to(folder))
    assert caught.value.message == f"board.yaml:{words}"


def refusal(folder, board, target):
    (folder / "board.yaml").write_text(f"version: 1\n{board}")
    (folder / "r.yaml").write_text(f"{RECIPE}    {target}\n")
    with pytest.raises(UsageError) as caught:
        load((folder / "r.yaml").relative_to(folder))
    return caught.value.message


def test_a_recipe_names_the_board_files_line_too(folder):
    words = refusal(folder, "soc: x\n", "batch: 1")
    assert words == (
        "r.yaml:4: targets[0].board: board.yaml:2: soc: must not be `x`, which no SoC is called; "
        "allowed: exact names such as Ascend310P3"
    )


def test_a_recipe_and_its_board_must_agree(folder):
    board = 'soc: Ascend310B4\ncann: "8.0.RC2"\n'
    assert refusal(folder, board, "soc: Ascend310") == (
        "r.yaml:5: targets[0].soc: must not be Ascend310: board.yaml says Ascend310B4; allowed: one of the two"
    )
    assert refusal(folder, board, 'cann: "7.0"') == (
        "r.yaml:5: targets[0].cann: must not be 7.0: board.yaml says 8.0.RC2; allowed: one of the two"
    )


def test_a_board_that_does_not_know_its_chip(folder):
    assert refusal(folder, "soc: null\n", "batch: 1") == (
        "r.yaml:4: targets[0].soc: must be given: board.yaml does not know it; "
        "allowed: an exact SoC name such as Ascend310P3"
    )


def test_a_first_generation_910b_can_be_a_target_through_its_board(folder):
    (folder / "board.yaml").write_text("version: 1\nsoc: Ascend910B\n")
    (folder / "r.yaml").write_text(RECIPE)
    assert load(folder / "r.yaml").targets[0].soc.short == "Ascend910"

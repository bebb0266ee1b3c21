import platform

import pytest

from ascendc.probe import read


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_this_machine_is_written_to_board_yaml(ascendc, folder):
    ran = ascendc("probe", "--local")
    text = (folder / "board.yaml").read_text()
    assert ran.code == 0
    said = ran.out.splitlines()
    assert [line.split()[0] for line in said[:4]] == ["soc:", "cann:", "driver:", "python:"]
    assert said[3] == f"python: {platform.python_version()}"
    assert said[4:] == ["board.yaml: written"]
    assert text.startswith("# Written by `ascendc probe --local`.")
    read(folder / "board.yaml")


def test_a_file_is_overwritten_only_by_force(ascendc, folder):
    path = folder / "a b+c.yaml"
    path.write_text("mine")
    ran = ascendc("probe", "--local", "-o", "a b+c.yaml")
    assert (ran.code, ran.err) == (
        2,
        "ascendc: ASC1052 a b+c.yaml exists already\n  hint: --force overwrites it, -o names another file\n",
    )
    assert path.read_text() == "mine"
    assert ascendc("probe", "--local", "-o", "a b+c.yaml", "--force").code == 0
    assert path.read_text().splitlines()[2] == '#     - board: "a b+c.yaml"'


@pytest.mark.parametrize("arguments", [(), ("root@board", "--local")])
def test_one_board_must_be_named(ascendc, arguments):
    ran = ascendc("probe", *arguments)
    words = "ascendc: ASC1051 one of USER@HOST and --local must be given\n  hint: ascendc probe --local\n"
    assert (ran.code, ran.err) == (2, words)


def test_a_folder_that_is_not_there(ascendc):
    ran = ascendc("probe", "--local", "-o", "none/board.yaml")
    assert (ran.code, ran.err) == (
        2,
        "ascendc: ASC1053 none/board.yaml cannot be written: No such file or directory\n",
    )


def test_without_ssh_nothing_is_written(ascendc, folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    ran = ascendc("probe", "root@board")
    assert ran.code == 5
    assert ran.err == (
        "ascendc: ASC1222 ssh is not on the PATH, so root@board cannot be asked\n"
        "  hint: install an ssh client, or run `ascendc probe --local` on the board\n"
    )
    assert not (folder / "board.yaml").exists()

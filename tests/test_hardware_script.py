"""tests/hardware/run.py as somebody with a board runs it: the real script, in processes of its own, against the
simulated CANN, against none, and on the oldest Python."""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from ascendc import driver
from ascendc.contract import DIALECT, schema_of
from ascendc.sim import atc
from ascendc.sim.settings import Fault, Settings
from ascendc.sim.tree import SITE, plant
from ascendc.testing import SESSION_CHECKS

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tests" / "hardware" / "run.py"
STEPS = ["probe", "compile", "inspect", "golden", "conformance", "benchmark", "soak"]
sys.path.append(str(SCRIPT.parent))
report, rows, redact, isolate, markdown, ledger, arguments, compiled, written = (
    importlib.import_module(f"board_report.{name}")
    for name in ("report", "rows", "redact", "isolate", "markdown", "ledger", "arguments", "compiled", "written")
)


@pytest.fixture
def run(tmp_path):
    """Run the script in `tmp_path`; `settings`: of a simulated machine, else there is no CANN."""

    def start(*arguments, settings=None, python=sys.executable, **variables):
        script = plant(tmp_path / "cann", settings) if settings else "/dev/null"
        env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "ASCEND_HOME_PATH")}
        command = ["bash", "-c", '. "$0"; exec "$@"', script, python, SCRIPT, *arguments]
        command = [str(word) for word in (*command, "--runs", 3, "--soak-runs", 100)]
        env = {**env, **variables}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return start


@pytest.fixture
def board_python():
    """The oldest Python that there is here, with numpy."""
    python = ROOT / ".venv-board" / "bin" / "python"
    if not python.exists():
        pytest.skip("there is no .venv-board: make test makes it")
    return python


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small bundle with gears of 1 and 8 for Ascend310P3, whose OM is not compiled yet."""
    folder = tmp_path_factory.mktemp("hardware")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCENDC_CACHE", str(folder / "cache"))
        none = ("targets[0].toolchain=none",)
        return driver.build(ROOT / "recipes" / "onnx.yaml", output=folder / "colors", overrides=none).output


@pytest.fixture
def deferred(built, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(built, tmp_path / "bundle"))


@pytest.fixture
def bundle(deferred, monkeypatch):
    """Another, with its OM."""
    [artefact] = json.loads((deferred / "manifest.json").read_text())["artefacts"]
    monkeypatch.chdir(deferred)
    assert atc.main(artefact["atc"], out=io.StringIO()) == 0
    assert Path(artefact["om"]).is_file()
    return deferred


def read(folder):
    return json.loads((folder / "hardware-report.json").read_text()), (folder / "hardware-report.md").read_text()


def verdicts(record):
    return {step["name"]: step["verdict"] for step in record["steps"]}


def test_on_a_host_with_a_card_it_compiles_and_tries_everything(run, deferred, tmp_path):
    done = run("--bundle", deferred, settings=Settings(strict=True))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    record, text = read(tmp_path)
    jsonschema.validate(record, json.loads((ROOT / "docs" / "hardware-report.schema.json").read_text()))
    assert verdicts(record) == dict.fromkeys(STEPS, "passed")
    machine = record["machine"]
    assert (machine["soc"], machine["run_mode"], machine["cann"]) == ("Ascend310P3", 1, ["8.1.RC1"])
    [om] = record["oms"]
    assert (om["soc"], om["gears"], om["reader"]) == ("Ascend310P3", [1, 8], "agrees with AscendCL")
    assert len(om["sha256"]) == 64
    [golden] = record["golden"]
    assert golden["engine"] == "pyACL Ascend310P3 SIMULATED"
    assert golden["error"] <= golden["limit"]
    assert len(record["conformance"]) == len(SESSION_CHECKS)
    assert [(row["batch"], row["runs"]) for row in record["benchmark"]] == [(1, 3), (8, 3)]
    assert record["soak"][0]["runs"] == 100
    assert record["soak"][0]["live"] == []
    # It cannot be taken for a report of hardware.
    assert record["simulated"] is True
    assert text.startswith("SIMULATED: no hardware was involved")
    assert {value for row in record["benchmark"] for name, value in row.items() if name.endswith("_ms")} == {None}
    assert "Left out: simulated latency means nothing." in text
    assert done.stdout.splitlines()[-1] == "This was the simulator: there is nothing to file."


@pytest.mark.soak
def test_without_a_bundle_it_builds_the_tiny_clip_for_the_chip(run, tmp_path):
    done = run(settings=Settings("Ascend310B4", run_mode=0, strict=True), ASCENDC_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    record, _ = read(tmp_path)
    assert verdicts(record) == dict.fromkeys(STEPS, "passed")
    assert [om["soc"] for om in record["oms"]] == ["Ascend310B4", "Ascend310B4"]


def test_on_a_board_and_its_old_python_a_step_that_fails_stops_no_other(run, bundle, tmp_path, board_python):
    """The graph fails once, at a run that two steps come to. The simulator, which needs 3.10, runs beside it."""
    settings = Settings("Ascend310P1", run_mode=0, strict=True, faults=(Fault("exec", 57, 1),))
    beside = {"PYTHONPATH": str(SCRIPT.parent / "rehearsal"), "ASCENDC_SIM_PYTHON": sys.executable}
    done = run("--bundle", bundle, python=board_python, **settings.exports(), **beside)
    assert done.returncode == 3, done.stdout + done.stderr
    record, text = read(tmp_path)
    failed = dict.fromkeys(("conformance", "soak"), "failed")
    assert verdicts(record) == {**dict.fromkeys(STEPS, "passed"), "compile": "skipped", **failed}
    [soak] = [step for step in record["steps"] if step["name"] == "soak"]
    assert soak["reason"].startswith("model: acl.rt.synchronize_stream failed with 507015: the AI Core failed")
    assert "AscendCL says: EZ9999: simulated fault: exec (simulated)" in soak["reason"]
    assert sum(bool(row["complaint"]) for row in record["conformance"]) == 1
    assert record["machine"]["run_mode"] == 0
    assert record["simulated"] is True
    assert "## Ascend310P1: 4 passed, 2 failed, 1 skipped" in text


def test_a_bundle_whose_code_ends_the_process_has_failed(run, bundle, tmp_path):
    """It never comes to the device; what the simulator exported is enough to mark the report."""
    runtime = bundle / "python" / "ascendc_runtime"
    (runtime / "bundle.py").write_text("raise SystemExit(0)\n")
    done = run("--bundle", bundle, **Settings().exports())
    assert done.returncode == 3
    record, text = read(tmp_path)
    assert verdicts(record)["compile"] == "failed"
    assert record["steps"][1]["reason"] == "the bundle cannot be read: ended with exit status 1: SystemExit: 0"
    assert "<bundle>/python/ascendc_runtime/bundle.py" in record["steps"][1]["log"]
    assert text.startswith("SIMULATED")


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("manifest.json", "[", "the bundle cannot be read: {}/manifest.json: is not JSON: "),
        ("python/ascendc_runtime/bundle.py", "def", "the bundle cannot be read: ended with exit status 1: SyntaxError"),
        (
            "python/ascendc_runtime/__init__.py",
            None,
            "{}/python/ascendc_runtime/__init__.py is missing: the bundle is not whole",
        ),
    ],
)
def test_a_bundle_that_is_not_whole_is_said_so(deferred, tmp_path, file, content, expected):
    (deferred / file).unlink()
    if content is not None:
        (deferred / file).write_text(content)
    made = compiled.compiled(deferred, rows.Device(False), tmp_path / "none", tmp_path, 60)
    assert (made.step.verdict, made.folder) == ("failed", None)
    assert made.step.reason.startswith(expected.format(deferred))


def test_a_bundle_for_another_chip_is_not_tried(deferred, tmp_path):
    made = compiled.compiled(deferred, rows.Device(False, soc="Ascend310B4"), tmp_path / "none", tmp_path, 60)
    assert (made.step.verdict, made.folder) == ("skipped", None)
    assert made.step.reason == (
        "the bundle is for Ascend310P3, and this is Ascend310B4; build one with --set targets[0].soc=Ascend310B4"
    )


def test_a_process_that_dies_is_a_step_that_failed(bundle, tmp_path, monkeypatch):
    (tmp_path / "acl.py").write_text("import os\nprint('no driver', flush=True)\nos.kill(os.getpid(), 11)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    job = isolate.Job(str(bundle), "ascend310p3", 1, 10)
    [verdict, reason, log] = dataclasses.astuple(isolate.isolated("golden", rows.Golden, job, tmp_path, 60).step)[1:]
    assert verdict == "failed"
    assert reason.startswith("died by signal 11 (SIGSEGV): ")
    assert "no driver" in log


def test_each_part_says_why_its_own_om_is_not_run(bundle, tmp_path, monkeypatch):
    """Two parts; the device takes the first one's OM, by itself and in the bundle's test, and no more."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    for section, name in (("parts", "name"), ("artefacts", "part"), ("golden", "part")):
        manifest[section].append({**manifest[section][0], name: "second"})
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    for name, value in {**Settings(faults=(Fault("load", 2),)).exports(), "PYTHONPATH": str(SITE)}.items():
        monkeypatch.setenv(name, value)
    job = isolate.Job(str(bundle), "ascend310p3", 1, 10)
    done = isolate.isolated("golden", rows.Golden, job, tmp_path, 60)
    first, second = done.rows
    assert (first.part, first.complaint) == ("model", "")
    assert second.complaint.startswith("second: acl.mdl.load_from_file failed with 545001")
    assert done.step.reason == second.complaint


def test_without_cann_it_says_what_to_do(run, bundle, tmp_path, board_python):
    done = run("--bundle", bundle, python=board_python)
    assert done.returncode == 5
    assert done.stderr == (
        "error: nothing could run, and no report is written: Python cannot load AscendCL (No module named 'acl'): "
        "install CANN (its runtime, nnrt, is enough) and source its set_env.sh, then run again\n"
    )
    assert not (tmp_path / "hardware-report.json").exists()


def schema_text():
    document = {"$schema": DIALECT, "title": f"A hardware report ({report.SCHEMA})"}
    document |= schema_of(report.Report, schema=report.SCHEMA)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def test_the_schema_is_that_of_the_report():
    """To write it: `python -c` with `print(test_hardware_script.schema_text(), end="")`, tests/ on the path."""
    assert (ROOT / "docs" / "hardware-report.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--bundle", "here"], "argument --bundle: `here` is no bundle: it holds no manifest.json"),
        (["--output", "here/file/x"], "argument --output: `here/file/x` cannot be written to: Not a directory; "),
        (["--output", "here/file"], "argument --output: `here/file` cannot be written to: File exists; name another"),
        (["--runs", "0"], "argument --runs: must be a number from 1, not `0`"),
        (["--soak-runs", "9"], "argument --soak-runs: must be a number from 10, not `9`"),
        (["--limit", "0"], "argument --limit: must be a number from 1, not `0`"),
        (["--device", "-1"], "argument --device: must be a number from 0, not `-1`"),
        (["--device", "2"], "argument --device: must be from 0 to 1, not 2: ASCEND_RT_VISIBLE_DEVICES grants 4,5"),
    ],
)
def test_wrong_usage_is_said_before_anything_runs(tmp_path, monkeypatch, capsys, words, expected):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASCEND_RT_VISIBLE_DEVICES", "4,5")
    with pytest.raises(SystemExit) as ended:
        arguments.arguments(words)
    assert ended.value.code == 2
    assert f"error: {expected}" in capsys.readouterr().err


def test_the_folder_of_the_report_is_made_and_left_empty(tmp_path):
    args = arguments.arguments(["--output", str(tmp_path / "a" / "b")])
    assert args.output == tmp_path / "a" / "b"
    assert list(args.output.iterdir()) == []


def test_a_step_that_hangs_is_killed_and_what_it_had_is_kept(tmp_path, monkeypatch):
    (tmp_path / "acl.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = isolate.isolated("probe", rows.Device, isolate.Job("", "", 0, 0), tmp_path, 1)
    assert done == (report.Step("probe", "failed", "did not end in 1 s and was killed"), ())


@pytest.mark.parametrize(
    ("number", "visible", "expected"), [(0, None, None), (1, None, "1"), (0, "2,3", "2,3"), (1, "2,3", "3")]
)
def test_the_device_that_was_asked_for_is_the_only_one_to_be_seen(monkeypatch, number, visible, expected):
    monkeypatch.setenv("ASCEND_RT_VISIBLE_DEVICES", visible or "")
    if visible is None:
        monkeypatch.delenv("ASCEND_RT_VISIBLE_DEVICES")
    arguments._choose_device(number)
    assert os.environ.get("ASCEND_RT_VISIBLE_DEVICES") == expected


def test_the_first_traceback_is_the_reason_and_plogs_are_in_the_log(tmp_path):
    words = "noise\nTraceback (most recent call last):\n  File x\nKeyError: 'a'\nException ignored in: f\nLeak"
    assert isolate._last_words(words) == "KeyError: 'a'"
    assert isolate._last_words("a\nb") == "b"
    (tmp_path / "debug").mkdir()
    (tmp_path / "debug" / "plog-1.log").write_text("[INFO] well\n[ERROR] RUNTIME: 507015\n")
    assert isolate.plog(tmp_path) == "[ERROR] RUNTIME: 507015"
    assert isolate.tail("x\ny\n" + "z" * (isolate.TAIL - 2)) == "…\n" + "z" * (isolate.TAIL - 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/zhang/model.om: no", "<path>/model.om: no"),
        ("/data/work/x in /data/work2", "<bundle>/x in <path>"),
        ("'/nas7/wanglei/Ascend/opp', /data3/zhang.san", "'<path>', <path>"),
        ("-I/tmp/x/include ~dave/x", "-I<path> ~<user>/x"),
        ("ssh zhang3@10.0.0.5 failed", "ssh <user>@<host> failed"),
        ("http://user:pw@host/x: 404", "http://<url> 404"),
        ("at zhang3's atlas-7: MALLORY", "at <user>'s <host>: MALLORY"),
        ("node17.corp.example.com. db.corp", "<host>. db.corp"),
        ("10.243.1.17:8080 refused", "<ip>:8080 refused"),
        ("eth0 fe80::1a2b:3c4d up", "eth0 <ip> up"),
        ("ether 00:e0:fc:12:34:56, 001a.2b3c.4d5e", "ether <mac>, <mac>"),
        ("Serial Number : 033EFS10L1000042", "Serial Number : <serial>"),
        ("Serial Number ABC, sn 12345X", "Serial Number <serial>, sn <serial>"),
        ("on 2102312NCE10K8000123", "on <serial>"),
        ('{"serial_number": "2102312NCE"}', '{"serial_number": "<serial>"}'),
        ("BarCode: 21XY", "BarCode: <serial>"),
        ("VDie ID : 4A2B0C0D 11223344 55667788", "VDie ID : <serial>"),
        ("Die ID 8B2D4E1F", "Die ID <serial>"),
        ("AWS_SECRET_ACCESS_KEY=abc", "AWS_SECRET_ACCESS_KEY=<secret>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <uuid>"),
        ("id 123e4567e89b12d3a456426614174000", "id <uuid>"),
        ("[ERROR] RT(77,python3):2026-11-26-12:34:56.123.456 [ge::Model] 507015", None),
        ("ge::acl::Run Ascend310P3 CANN 8.1.RC1 root_graph 0000:3b:00.0", None),
        (
            "/model/encoder/layers.0/Conv_1 in /usr/local/Ascend/nnrt/lib64/libge.so: manager.cc:12 acl.rt.malloc",
            None,
        ),
        ("serial port, token 77 of 77", None),
    ],
)
def test_who_and_where_are_taken_out(text, expected):
    names = {"zhang3": "<user>", "atlas-7": "<host>", "root": "<user>"}
    redactor = redact.Redactor({"/data/work": "<bundle>"}, names, ["nas7", "usr"])
    assert redactor.text(text) == (expected or text)


def test_what_is_installed_is_called_by_its_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("ASCEND_TOOLKIT_HOME", "/nas/li/toolkit/")
    monkeypatch.setenv("ASCEND_OPP_PATH", "/usr/local/opp")
    monkeypatch.setenv("PYTHONPATH", f"/nas/li/site:{tmp_path}")
    redactor = redact.Redactor(redact.folders_here(clone=tmp_path), {})
    text = f"/nas/li/toolkit/opp /usr/local/opp/x /nas/li/site/acl.so {tmp_path}/run.py"
    assert redactor.text(text) == "<ASCEND_TOOLKIT_HOME>/opp /usr/local/opp/x <PYTHONPATH>/acl.so <clone>/run.py"


def test_versions_are_no_addresses_and_every_text_of_a_report_is_redacted():
    redactor = redact.Redactor({}, {"zhang3": "<user>"})
    machine = report.Machine(
        *("Ascend310P3", 1, 1, None, None, "24.1.0.3", ("8.1.0.1",), "3.9.2", "1.22", "aarch64", "2.31", 1),
        missing={"driver": "10.0.0.5 says zhang3"},
    )
    found = redactor.report(machine)
    assert (found.driver, found.cann) == ("24.1.0.3", ("8.1.0.1",))
    assert found.missing == {"driver": "<ip> says <user>"}


def test_this_user_and_host_are_known():
    import getpass
    import socket

    names = redact.names_here()
    assert names[getpass.getuser()] == "<user>"
    assert names[socket.gethostname()] == "<host>"


def test_what_was_made_and_not_given_back_is_counted():
    class Rt:
        malloc = staticmethod(lambda size, policy: (64, 0) if size < 9 else (0, 207001))
        free = staticmethod(lambda address: 0)

    class Module:
        rt = Rt
        create_data_buffer = staticmethod(lambda address, size: size and 16)

    counted = ledger.Ledger(Module)
    assert counted.rt.malloc(8, 0) == counted.rt.malloc(8, 0) == (64, 0)
    counted.rt.malloc(9, 0)  # fails
    counted.create_data_buffer(64, 0)  # fails
    assert counted.rt.free(64) == 0
    assert counted.live == ("1 × rt.malloc",)
    assert not hasattr(counted, "SIMULATED")


MACHINE = report.Machine(
    *("Ascend310B4", 1, 0, 3000, 3500, "23.0", ("7.0.0",), "3.9.2", "1.22", "aarch64", "2.31", 3500, {})
)


def test_a_report_that_cannot_be_written_is_kept_elsewhere(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    steps = (report.Step("probe", "passed"),)
    gone = tmp_path / "gone"
    written.write(report.Report("0.1.0", None, False, MACHINE, None, steps, (), (), (), (), ()), gone)
    said = capsys.readouterr()
    [folder] = tmp_path.iterdir()
    assert said.err == (f"error: {gone} cannot be written to (No such file or directory): the report is in {folder}\n")
    assert f"Written: {folder}/hardware-report.json, and hardware-report.md beside it." in said.out
    assert verdicts(read(folder)[0]) == {"probe": "passed"}


def test_figures_and_logs_of_a_real_report_are_in_the_text():
    timing = rows.Timing("image", 1, 200, 1.25, 1.5, 1.5, 1.75, 1.625, 2.0, 0.125)
    steps = (report.Step("golden", "failed", "a | b", "~~~~\nlog"), report.Step("soak", "skipped", "why"))
    text = markdown.markdown(report.Report("0.1.0", None, False, MACHINE, None, steps, (), (), (), (timing,), ()))
    assert text.startswith("## Ascend310B4: 1 failed, 1 skipped\n")
    assert "| image | 1 | 200 | 1.250 / 1.500 | 1.500 / 1.750 | 1.625 / 2.000 | 0.125 |" in text
    assert "| golden | failed | a \\| b |" in text
    assert text.endswith("~~~~~\n~~~~\nlog\n~~~~~\n")


def test_the_largest_report_fits_into_an_issue():
    """Seven logs as long as they are kept, and complaints without end; logs that there is room for are whole."""
    words = "[ERROR] GE(1234,python3) model_manager.cc:123 went wrong | here\n" * 400
    steps = tuple(report.Step(name, "failed", words, isolate.tail(words)) for name in STEPS)
    failing = tuple(rows.Check("model", check.__name__, words) for check in SESSION_CHECKS)

    def text(conformance):
        return markdown.markdown(report.Report("0.1.0", None, False, MACHINE, None, steps, (), (), conformance, (), ()))

    whole = text(())
    assert len(whole) < markdown.LENGTH
    assert all(step.log in whole for step in steps)
    for parts in (3, 10, 30):
        assert markdown.LENGTH - 1000 < len(text(failing * parts)) <= markdown.LENGTH
    short = text(failing * 3)
    assert all(f"### Log of {name}\n\n~~~~\n…\n[ERROR]" in short for name in STEPS)
    assert text(failing * 30).endswith("… cut here; hardware-report.json has all of it.\n")


def test_the_form_takes_it():
    """Its required boxes are consent, and that no simulator was at work."""
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "hardware-report.yml").read_text(encoding="utf-8"))
    assert form["name"] == "Hardware report"  # the script's last line names it
    fields = {field["id"]: field for field in form["body"] if "id" in field}
    assert fields["report"]["validations"]["required"]
    boxes = [box for name in ("real", "consent") for box in fields[name]["attributes"]["options"]]
    assert len(boxes) == 2
    assert all(box["required"] for box in boxes)
    assert "SIMULATED" in boxes[0]["label"]

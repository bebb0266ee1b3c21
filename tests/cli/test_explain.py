from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import onnx
import pytest
from onnx import TensorProto, helper

from ascendc.cli.explain import schema_text

SCHEMA = Path(__file__).parents[2] / "docs" / "explain.schema.json"
LOG = """ATC start working now, please wait for a moment.
ATC run failed, Please check the detail log
E10016: Opname [pixel_value] in [--input_shape] is not there.
        Solution: Ask.
W11001: Op [/conv/Conv] is slow
"""

FIX = "Use the names of the ONNX graph exactly as they are; separate inputs by `;`, and a name from its shape by `:`."
SLOW = (
    "An operator is not in the preferred kernel library; another engine runs it, most often the AI CPU, which is slow."
)


@pytest.fixture(autouse=True)
def _language(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "atc.log"
    path.write_text(LOG)
    return path


@pytest.fixture
def model(tmp_path):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["pixel_values"], ["y"])],
        "relu",
        [value("pixel_values", TensorProto.FLOAT, ["batch", 3, 4, 4])],
        [value("y", TensorProto.FLOAT, ["batch", 3, 4, 4])],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


def test_a_code(ascendc):
    ran = ascendc("explain", "e10035")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "E10035 (command line): There are too few gears: at least two are needed.",
        "  fix    Add a gear, or drop the option and give --input_shape the one size.",
        "  run    ascendc atc lint -f SCRIPT",
    ]


def test_a_code_in_chinese(ascendc):
    assert ascendc("explain", "E10035", "--lang", "zh").out.splitlines() == [
        "E10035（命令行参数）：档位数太少：至少需要两档。",
        "  解决   增加一档；如果只有一种大小，去掉动态参数，直接在 --input_shape 里写死。",
        "  命令   ascendc atc lint -f SCRIPT",
    ]


@pytest.mark.parametrize(
    ("environment", "zh"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
        ({"LC_ALL": "", "LANG": "zh_TW"}, True),
        ({"LC_MESSAGES": "zh_CN", "LANG": "de_DE"}, True),
        ({}, False),
    ],
)
def test_the_language_is_the_locales(ascendc, monkeypatch, environment, zh):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("档位" in ascendc("explain", "E10035").out) == zh
    assert "档位" not in ascendc("explain", "E10035", "--lang", "en").out


def test_a_log_with_its_model(ascendc, log, model):
    ran = ascendc("explain", "-f", log, "--model", model)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "E10016 (command line): An option names an input or node that the model does not have.",
        f"  where  `pixel_value` is not in {model}; did you mean `pixel_values`?",
        "         input pixel_values: float32 batch×3×4×4",
        f"  fix    {FIX}",
        "  run    ascendc atc docs input_shape",
        "",
        "The log says:",
        f"  {log}:3: E10016: Opname [pixel_value] in [--input_shape] is not there.",
        "",
        "Also in the log:",
        f"  W11001 (warning): {SLOW}",
    ]


def test_standard_input_and_a_folder(ascendc, log, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(LOG.encode())))
    assert "  standard input:3: E10016" in ascendc("explain", "-f", "-").out
    assert f"  {log}:3: E10016" in ascendc("explain", "-f", log.parent).out


def test_a_failure_without_a_code_has_its_topic(ascendc, tmp_path):
    path = tmp_path / "a.log"
    path.write_text("./atc.bin: error while loading shared libraries: libascend_hal.so: cannot open\n")
    assert ascendc("explain", "-f", path).out.startswith(
        "driver-missing (environment): ATC finds no library of the NPU"
    )


def test_the_schema_in_docs_is_the_one_the_code_has():
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("arguments", [("E16002",), ("aipp-even",), ("W12345",), ("507018",), ("ASC1203",)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_json_of_codes_is_as_the_schema_says(ascendc, arguments, language):
    written = json.loads(ascendc("explain", *arguments, "--json", "--lang", language).out)
    jsonschema.validate(written, json.loads(schema_text()))
    assert (written["version"], written["language"]) == ("1", language)


def test_json_of_a_log(ascendc, log, model):
    written = json.loads(ascendc("explain", "-f", log, "--model", model, "--json").out)
    jsonschema.validate(written, json.loads(schema_text()))
    assert (written["root"]["code"], written["root"]["kind"]) == ("E10016", "option")
    assert [other["code"] for other in written["others"]] == ["W11001"]
    assert written["found"]["options"] == ["input_shape"]
    assert written["quoted"] == [
        {"log": str(log), "line": 3, "text": "E10016: Opname [pixel_value] in [--input_shape] is not there."}
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give either CODE or -f LOG."),
        (("E10001", "-f", "x"), "Give either CODE or -f LOG."),
        (("E10001", "--model", "m.onnx"), "--model goes with -f LOG."),
        (("E10001", "--lang", "de"), "'de' is not one of 'en', 'zh'."),
        (("nonsense",), "ASC2403 `nonsense` is no error code; allowed: one of ATC such as E16002"),
        (("-f", "/none"), "ASC2401 the log `/none` does not exist"),
        (("-f", "{log}", "--model", "/none.onnx"), "ASC2301 the ONNX file `/none.onnx` does not exist"),
        (("-f", "{log}", "--model", "{log}"), "ASC2302 `{log}` is not an ONNX model"),
        (
            ("-f", "{silent}"),
            "ASC2402 nothing in `{silent}` names an error that is known; it ends with:\n    all fine\n",
        ),
    ],
)
def test_what_cannot_be_done_exits_2(ascendc, log, tmp_path, arguments, message):
    silent = tmp_path / "silent.txt"
    silent.write_text("all fine\n")
    ran = ascendc("explain", *(text.format(log=log, silent=silent) for text in arguments))
    assert (ran.code, ran.out) == (2, "")
    assert message.format(log=log, silent=silent) in ran.err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_terminal_gets_lines_that_fit(log, language):
    """Wide characters count as two columns."""
    from unicodedata import east_asian_width

    main, other = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "ascendc", "explain", "E13018", "--lang", language]
    with subprocess.Popen(command, stdout=other, env=environment) as process:
        os.close(other)
        written = b""
        try:
            while more := os.read(main, 4096):
                written += more
        except OSError:  # so a terminal says that its other end is closed
            pass
    os.close(main)
    lines = written.decode().splitlines()
    assert process.returncode == 0
    assert len(lines) > 5
    *texts, command = lines  # a command is to be pasted whole
    assert command.endswith("ascendc aipp lint AIPP_CFG --model MODEL.onnx --soc SOC")
    assert max(sum(2 if east_asian_width(c) in "WF" else 1 for c in line) for line in texts) <= 60
    assert all(line.startswith((" " * 9, "  fix ", "  run ", "E13018", "  解决", "  命令")) for line in lines)

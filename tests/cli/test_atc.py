from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from ascendc.cli import atc

SCHEMA = Path(__file__).parents[2] / "docs" / "atc-lint.schema.json"
GOOD = "atc --model=m.onnx --framework=5 --output=m --soc_version=Ascend310P3"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def onnx(tmp_path):
    from onnx import TensorProto, helper, save

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"], "relu")], "g", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)

    def at(*parts):
        path = tmp_path.joinpath(*parts)
        path.parent.mkdir(exist_ok=True)
        save(model, path)
        return path

    return at


def test_a_command_that_atc_takes(ascendc):
    assert ascendc("atc", "lint", GOOD) == (0, "ok: 4 options for Ascend310P3, no errors, 0 warnings\n", "")


def test_a_command_that_atc_refuses(ascendc):
    command = f'{GOOD} --input_shape="x:-1,3" --dynamic_batch_size=8 --op_select_implmode=high_precision'
    code, out, _ = ascendc("atc", "lint", command)
    assert code == 4
    assert out == (
        "error E10035: --dynamic_batch_size has one gear; ATC wants at least two. "
        "Fix: put 8 into --input_shape and drop --dynamic_batch_size\n"
        "warning advice: --op_select_implmode is deprecated; op_precision_mode took its place. "
        "Fix: ascendc atc docs op_precision_mode\n"
        "1 error, 1 warning: ATC would not make the OM that is meant for Ascend310P3\n"
    )


def test_a_script_is_named_with_its_lines(ascendc, tmp_path):
    (tmp_path / "x.sh").write_text(f"#!/bin/bash\n{GOOD}\n{GOOD} --log=warn\n")
    code, out, _ = ascendc("atc", "lint", "-f", "x.sh")
    assert code == 4
    assert [line.partition(" ")[0] for line in out.splitlines()] == ["x.sh:2:", "x.sh:3:", "x.sh:3:"]


def test_json_is_one_object_per_command(ascendc, tmp_path):
    (tmp_path / "x.sh").write_text(f"{GOOD}\n{GOOD} --log=warn --model=$m\n")
    code, out, _ = ascendc("atc", "lint", "-f", "x.sh", "--json")
    first, second = map(json.loads, out.splitlines())
    assert code == 4
    assert list(first) == ["version", "ok", "soc_version", "options", "errors", "warnings"]
    assert (first["version"], first["ok"], first["errors"]) == ("1", True, [])
    assert second["options"]["model"] == "$m"
    assert [list(error) for error in second["errors"]] == [["code", "option", "message", "fix"]]
    for report in (first, second):
        jsonschema.validate(report, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_schema_is_the_one_that_is_documented():
    assert SCHEMA.read_text(encoding="utf-8") == atc.schema_text()


def test_a_command_that_is_piped_in(ascendc, monkeypatch, tmp_path):
    import io

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert ascendc("atc", "lint", "-f", "-").out == "-:1: ok: 4 options for Ascend310P3, no errors, 0 warnings\n"


@pytest.mark.parametrize("named", [True, False])
def test_the_model_is_compared(ascendc, onnx, named):
    path = onnx("else.onnx" if named else "m.onnx")
    code, out, _ = ascendc("atc", "lint", f"{GOOD} --input_shape=X:1,3", *(["--model", path] if named else []))
    assert code == 4
    assert [line.split(". Fix")[0] for line in out.splitlines()[:-1]] == [
        "error E10016: --input_shape names `X`, which the model does not have; its inputs: x",
        "error E10001: --input_shape must say a shape for `x`, whose axes the model leaves open (x: float32 n×3)",
    ]


def test_the_model_is_found_beside_the_script(ascendc, onnx, tmp_path):
    onnx("there", "m.onnx")
    (tmp_path / "there" / "x.sh").write_text(GOOD)
    assert "E10001: --input_shape must say a shape for `x`" in ascendc("atc", "lint", "-f", "there/x.sh").out


def test_a_model_that_is_none(ascendc, tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"not one")
    code, _, err = ascendc("atc", "lint", GOOD)
    assert code == 2
    assert "ASC2302" in err
    assert ascendc("atc", "lint", GOOD, "--model", "nowhere.onnx").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-f", "nowhere.sh"], "ascendc: ASC2104 `nowhere.sh` cannot be read: No such file or directory"),
        (["-f", "."], "ascendc: ASC2104 `.` cannot be read: Is a directory"),
        (["-f", "binary"], "ascendc: ASC2102 `binary` holds NUL bytes, so it is no text"),
        (["-f", "large"], "ascendc: ASC2101 `large` has more characters than are looked at; allowed: 1048576"),
        (["echo atc"], "ascendc: ASC2103 the command line calls no ATC"),
        ([GOOD, "--cann", "x"], "ascendc: ASC1201 --cann must not be `x`"),
        ([], "Usage: ascendc atc lint"),
        ([GOOD, "-f", "x"], "Usage: ascendc atc lint"),
    ],
)
def test_what_cannot_be_read(ascendc, tmp_path, arguments, words):
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "large").write_bytes(b"atc " * 2_600_000)
    code, out, err = ascendc("atc", "lint", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(words)


def test_text_that_is_no_utf8_is_read(ascendc, tmp_path):
    (tmp_path / "x.sh").write_bytes(GOOD.encode() + " # 模型".encode("gbk") + b"\n")
    assert ascendc("atc", "lint", "-f", "x.sh").code == 0
    assert ascendc("atc", "lint", f"{GOOD} --weight=\udcff").code == 4


def test_the_cann_is_whose_atc_it_is(ascendc):
    command = f"{GOOD} --auto_tune_mode=RL"
    assert (ascendc("atc", "lint", command).code, ascendc("atc", "lint", command, "--cann", "5.1.RC2").code) == (4, 0)


def test_an_option_is_explained(ascendc):
    assert ascendc("atc", "docs", "--precision-mode-v2").out == (
        "--precision_mode_v2\n"
        "  meaning:       In which type the operators compute, in newer words.\n"
        "  values:        fp16, origin, cube_fp16in_fp32out, mixed_float16, mixed_bfloat16, cube_hif8, mixed_hif8\n"
        "  default:       fp16\n"
        "  chips:         mixed_bfloat16 needs a chip that has bfloat16; cube_hif8 and mixed_hif8 need a 950\n"
        "  excludes:      --precision_mode (E10056)\n"
        "  errors:        E10001, E10056, E20101  (ascendc explain E10056)\n"
        "  in a recipe:   ascendc sets it from `precision`\n"
    )


def test_every_option_is_listed_and_can_be_explained(ascendc):
    from ascendc.cann.atc.table import GROUPS, table

    listed = [line.split()[0][2:] for line in ascendc("atc", "docs").out.splitlines() if line.startswith("  --")]
    assert sorted(listed) == sorted(table())
    assert {option.group for option in table().values()} == set(GROUPS)
    for name in table():
        assert ascendc("atc", "docs", name).out.startswith(f"--{name}\n  meaning:       ")


def test_an_option_that_is_none(ascendc):
    code, _, err = ascendc("atc", "docs", "precsion")
    assert code == 2
    assert err == (
        "ascendc: ASC2105 `precsion` is not an option of ATC (did you mean `precision_mode`?)\n"
        "  hint: ascendc atc docs precision_mode\n"
    )

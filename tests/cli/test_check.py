from __future__ import annotations

import json

import onnx
import pytest

FIX = (
    "pass `reduce-l2` (passes: {add: [reduce-l2]} in a recipe); or export at opset 17 (export: {opset: 17} in a recipe)"
)
BUNDLED = "bundled: CANN 8.1.RC1 op stores, ONNX mapping of 2026-08"
NORM = """g (float[batch, 4] x) => (float[batch, 1] y) <int64[1] axes = {1}> {
    a = Relu(x)  b = Relu(a)  y = ReduceL2(b, axes)
}"""
GUARD = "g (float[2, 4] x) => (bool[2, 4] y) { y = IsNaN(x) }"


@pytest.fixture
def save(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, opset=13, name="model.onnx"):
        model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}]> {text}')
        for number, node in enumerate(model.graph.node):
            node.name = f"/tower/norm/{node.op_type}" + (f"_{number}" if number else "")
        (tmp_path / name).write_bytes(model.SerializeToString())
        return name

    return write


def test_what_atc_would_refuse(ascendc, save):
    ran = ascendc("check", save(NORM, 18), "--soc", "Ascend310P3", "--batch", "1,8")
    assert ran.code == 4
    assert ran.err == ""
    assert (
        ran.out
        == f"""\
model.onnx on Ascend310P3: ATC would refuse it: 1 node that its parser stops at
  opset 18, 3 nodes: 2 AI Core, 1 wrong opset
  {BUNDLED}

wrong opset: ReduceL2: ATC's ONNX parser knows `ReduceL2` at opset 8 to 17, not at 18 (E16002, ai.onnx::18::ReduceL2)
  /tower/norm/ReduceL2_2, module tower.norm
  fix: {FIX}

"""
    )


def test_nothing_to_say(ascendc, save):
    ran = ascendc("check", save("g (float[2] x) => (float[2] y) { y = Relu(x) }"), "--soc", "310P")
    assert ran.code == 0
    assert ran.out == (
        "model.onnx on Ascend310P3: a kernel is known for every node\n  opset 13, 1 node: 1 AI Core\n  "
        + BUNDLED
        + "\n\n"
    )
    assert ran.err == "note: `310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo\n"


def test_what_runs_on_the_ai_cpu_is_no_failure(ascendc, save):
    ran = ascendc("check", save(GUARD), "--soc", "Ascend310")
    assert ran.code == 0
    assert ran.out.startswith("model.onnx on Ascend310: a kernel is known for every node, for 1 on the AI CPU alone\n")


def test_what_no_table_tells(ascendc, save):
    ran = ascendc(
        "check",
        save("g (float[2, 3, 4, 4] x) => (float[n, m, o, p] y) { y = GlobalAveragePool(x) }"),
        "--soc",
        "Ascend310",
    )
    assert ran.code == 0
    assert ran.out.startswith("model.onnx on Ascend310: nothing is known against it, but not everything is known\n")


def test_what_cann_may_still_refuse_is_counted(ascendc, save):
    text = "g (float[2, 3] x, int64[2] i) => (float[2, 3] y) { a = Gather(x, i)  b = Relu(a)  y = Gather(b, i) }"
    ran = ascendc("check", save(text), "--soc", "Ascend310P3")
    assert ran.out.splitlines()[1:3] == [
        "  opset 13, 3 nodes: 3 AI Core",
        "  2 on the AI Core are subject to CANN's own checks of shapes and attributes",
    ]


def test_a_node_without_a_name_is_told_by_its_output(ascendc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = '<ir_version: 8, opset_import: ["": 13]> g (float[2] x) => (bool[2] y) { y = IsNaN(x) }'
    (tmp_path / "model.onnx").write_bytes(onnx.parser.parse_model(text).SerializeToString())
    ran = ascendc("check", "model.onnx", "--soc", "Ascend310")
    assert "\n  a node without a name, which makes y\n" in ran.out


def test_equal_reasons_are_said_once(ascendc, save):
    ran = ascendc("check", save(NORM), "--soc", "Ascend310", "--dynamic")
    assert ran.out.startswith("model.onnx on Ascend310: its parser takes it, but engines may not\n")
    assert (
        "static shapes only: Relu × 2, ReduceL2: Ascend310: AI Core kernels of these are for shapes that are known "
        "when ATC runs\n  for example /tower/norm/Relu, module tower.norm, tensor x (float32)\n"
    ) in ran.out
    assert ran.err == "note: axis 0 (batch) of `x` is open; --size batch=N settles it\n"
    assert (
        "a kernel is known for every node"
        in ascendc("check", "model.onnx", "--soc", "Ascend310", "--dynamic", "--size", "batch=2").out
    )


def test_more_operators_than_are_named(ascendc, save):
    body = "a = Relu(x) b = Neg(a) c = Abs(b) d = Exp(c) e = Log(d) f = Sqrt(e) h = Erf(f) y = Sin(h)"
    ran = ascendc("check", save(f"g (float[2] x) => (float[2] y) {{ {body} }}", 20), "--soc", "Ascend310")
    assert "wrong opset: Relu, Neg, Abs, Exp, Log, Sqrt and 2 more operators: ATC's ONNX parser knows" in ran.out


def test_json_is_a_line_for_each_soc(ascendc, save):
    ran = ascendc("check", save(GUARD), "--soc", "Ascend910B3", "--soc", "Ascend310", "--json", "--cann", "8.0.RC2")
    first, second = map(json.loads, ran.out.splitlines())
    assert (first["soc"], first["ok"], first["findings"]) == ("Ascend910B3", True, [])
    assert second == {
        "version": "1",
        "ok": True,
        "soc": "Ascend310",
        "opset": 13,
        "source": f"{BUNDLED}; for CANN 8.0.RC2 a forecast",
        "counts": {"aicore": 0, "aicpu": 1, "cast": 0, "static": 0, "name": 0, "opset": 0, "unmapped": 0, "unknown": 0},
        "conditional": 0,
        "findings": [
            {
                "node": "/tower/norm/IsNaN",
                "op": "IsNaN",
                "status": "aicpu",
                "tensor": None,
                "dtype": None,
                "reason": "Ascend310 has no AI Core kernel for IsNan; AI CPU (TF kernels) has one",
                "module": "tower.norm",
                "output": "y",
                "fix": "pass `drop-nan-guard` (passes: {add: [drop-nan-guard]} in a recipe); or export eager attention "
                "(export: {attention: eager} in a recipe)",
            }
        ],
    }
    assert ran.code == 0


def test_one_soc_that_refuses_is_enough(ascendc, save):
    ran = ascendc("check", save(NORM, 18), "--soc", "Ascend310", "--soc", "Ascend310P3", "--json")
    assert ran.code == 4
    assert ran.err == "note: axis 0 (batch) of `x` is taken as 1; --batch N,… says otherwise\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "ASC2301 the ONNX file `other.onnx` does not exist"),
        (b"", "ASC2302 `other.onnx` is not an ONNX model, or only the beginning of one: it is empty"),
        (b"\0" * 10_000, "ASC2302 `other.onnx` is not an ONNX model"),
    ],
)
def test_what_cannot_be_read(ascendc, tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "other.onnx").write_bytes(content)
    ran = ascendc("check", "other.onnx", "--soc", "Ascend310")
    assert ran.code == 2
    assert ran.err.startswith(f"ascendc: {message}")
    assert ran.out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batch", "0"], "ASC2312 --batch must hold sizes of 1 and more, not `0`"),
        (["--batch", "1,x"], "ASC2312 --batch must hold sizes of 1 and more, not `x`"),
        (["--batch", "9" * 20], "ASC2312 --batch must hold sizes of 1 and more, not `99999999999999999999`"),
        (["--size", "batch"], "ASC2312 --size must be AXIS=N, not `batch`"),
        (["--size", "batch=-1"], "ASC2312 --size must hold sizes of 1 and more, not `-1`"),
        (["--size", "words=3"], "ASC2311 no input of `model.onnx` has an axis called `words`; it has: batch"),
        (["--cann", "x"], "ASC1201 must not be `x`"),
        (["--soc", "Ascend999"], "ASC1211"),
        (["--soc", "Ascend610"], "ASC2321 no operators of `ascend610`"),
    ],
)
def test_what_cannot_be_meant(ascendc, save, arguments, message):
    ran = ascendc("check", save(NORM), "--soc", "Ascend310", *arguments)
    assert ran.code == 2
    assert ran.err.startswith(f"ascendc: {message}")

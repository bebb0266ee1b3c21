"""``ascendc compare``: what is printed, the document, exit codes."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest

from ascendc.judge.result import schema_text

SCHEMA = Path(__file__).parents[2] / "docs" / "compare.schema.json"


@pytest.fixture
def model(tmp_path):
    """Write y = x·scale."""

    def write(name, scale):
        text = "g (float[n,4] x) => (float[n,4] y) { a = Relu(x) y = Mul(a, scale) }"
        proto = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {text}')
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(scale), "scale"))
        onnx.save(proto, tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def samples(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).random((8, 4), np.float32) + np.float32(1))
    return tmp_path / "x.npz"


def test_what_agrees(ascendc, model, samples):
    one, other = model("a.onnx", 2), model("b.onnx", 2)
    ran = ascendc("compare", one, other, "--samples", samples, "--layers")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[0] == f"{other} against {one}: agrees"
    assert lines[1].startswith(f"  reference: onnx {one}: onnxruntime ")
    assert lines[3] == f"  inputs: {samples}"
    assert lines[4].split()[:4] == ["output", "error", "allowed", "cosine"]
    assert lines[5].split() == ["y", "0", "0.0002", "1.0000000", "1.0000000", "0", "0", "100%", "–", "100%"]
    assert "  layers: 2 of 2 tensors are on both sides; 8 samples, 0.0002 allowed" in lines
    assert "  no layer goes beyond" in lines


def test_what_differs(ascendc, model, samples):
    ran = ascendc("compare", model("a.onnx", 2), model("b.onnx", 2.1), "--samples", samples, "--layers")
    assert ran.code == 4
    assert ran.out.splitlines()[0].endswith(": DIFFERS")
    assert "  output y: 0." in ran.out
    assert ", 0.0002 allowed; worst sample " in ran.out
    assert "  the first beyond: y (Mul), layer 2 of 2" in ran.out
    assert ascendc("compare", model("a.onnx", 2), model("b.onnx", 2.1), "--samples", samples, "--limit", 1).code == 0


def test_what_is_refused(ascendc, model, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.full((2, 4), np.inf, np.float32))
    ran = ascendc("compare", model("a.onnx", 2), model("b.onnx", 0), "--samples", tmp_path / "x.npz")
    assert ran.code == 4
    assert (
        "  output y: REFUSED, not finite: the reference holds 8 of 8 values that are not finite, in 2 of 2 samples; "
        "the first is inf at sample 0, index [0]"
    ) in ran.out


def test_the_document_fits_its_schema(ascendc, model, samples):
    schema = json.loads(SCHEMA.read_text())
    for other in (2, 2.1):
        ran = ascendc("compare", model("a.onnx", 2), model("b.onnx", other), "--samples", samples, "--layers", "--json")
        document = json.loads(ran.out)
        jsonschema.validate(document, schema)
        assert (document["schema"], document["ok"]) == ("ascendc/compare/1", other == 2)


def test_the_schema_is_the_one_that_is_printed():
    assert SCHEMA.read_text() == schema_text(), (
        "python -c 'from ascendc.judge.result import schema_text as s; print(s(), end=\"\")' > docs/compare.schema.json"
    )


def test_misuse(ascendc, model, tmp_path):
    path = model("a.onnx", 2)
    assert ascendc("compare", path).code == 2
    assert ascendc("compare", path, path, "--set", "a=b").err.endswith("Error: --set is for recipes\n")
    assert ascendc("compare", path, path, "--target", "a").err.endswith("Error: --target is for bundles\n")
    for wrong in ("nan", "inf"):
        ran = ascendc("compare", path, path, "--limit", wrong, "--json")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.endswith(f"Error: Invalid value for '--limit': {wrong} is not a number above 0.\n")
    ran = ascendc("compare", path, path, "--part", "a")
    assert (ran.code, ran.err) == (
        2,
        f"ascendc: ASC2803 neither `{path}` nor `{path}` has parts; --part is for those\n",
    )
    ran = ascendc("compare", path, tmp_path / "none.onnx")
    assert ran.code == 2
    assert ran.err.startswith(
        f"ascendc: ASC2802 `{tmp_path / 'none.onnx'}` does not exist; allowed: a recipe (.yaml), "
    )

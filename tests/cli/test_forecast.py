"""``ascendc forecast``: files, recipes, what is printed and what is written."""

import importlib
import json
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest

from ascendc.cli.forecast import schema_text

SCHEMA = Path(__file__).parents[2] / "docs" / "forecast.schema.json"
RECIPE = Path(__file__).parents[2] / "recipes" / "onnx.yaml"

FINE = "g (float[n,4] x) => (float[n,4] y) { a = Relu(x) y = Mul(a, a) }"
LOSSY = "g (float[n,4] x) => (float[n,4] y) { a = Mul(x, big) b = Mul(a, a) y = Div(b, square) }"
NUMBERS = {"big": 1e3, "square": 1e6}


@pytest.fixture
def model(tmp_path):
    """Write a model; a node that makes `y` is called ``/block/y``."""

    def write(text, name="model.onnx", **numbers):
        proto = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {text}')
        for node in proto.graph.node:
            node.name = f"/block/{node.output[0]}"
        tensors = [onnx.numpy_helper.from_array(np.float32(value), key) for key, value in numbers.items()]
        proto.graph.initializer.extend(tensors)
        onnx.save(proto, tmp_path / name)
        return tmp_path / name

    return write


def test_a_model_that_passes(ascendc, model):
    ran = ascendc("forecast", model(FINE))
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[0].startswith(f"{model(FINE)} in force_fp16: passes: error 0.00")
    assert lines[0].endswith(" of the distance between samples, 0.03 allowed")
    assert lines[1] == "  estimated on this host, fused; 8 samples: drawn from a normal distribution (seed 0)"
    assert lines[2].startswith("  output y: error 0.00")
    assert lines[3] == "  worst nodes: its own error, of the distance between samples; what has added up"
    assert lines[4].endswith(", module block")


def test_a_model_that_fails(ascendc, model):
    path = model(LOSSY, **NUMBERS)
    ran = ascendc("forecast", path)
    lines = ran.out.splitlines()
    assert ran.code == 4
    assert lines[0] == f"{path} in force_fp16: FAILS: numbers are lost"
    assert lines[2] == "  output y: NaN or infinity"
    assert lines[3] == "  beyond float16, in the order of the graph:"
    assert lines[4].startswith("    /block/b: up to ")
    assert lines[4].endswith("e+06 (65504 is the end)")
    assert "    " + "   lost     lost     lost  Mul /block/b, module block" in ran.out
    assert lines[-1] == "  what must stay in float32, as a file for ATC: the same command with --keep FILE"


def test_what_must_stay_in_float32_is_written_for_atc(ascendc, model, tmp_path):
    path, file = model(LOSSY, **NUMBERS), tmp_path / "keep.txt"
    ran = ascendc("forecast", path, "--mode", "force_fp16", "--keep", file)
    assert ran.code == 0
    assert sorted(file.read_text().splitlines()) == ["/block/b", "/block/y"]
    assert "in float32 must stay 2 nodes; error then 0.00" in ran.out
    assert ran.out.splitlines()[-1] == f"ATC's options: --precision_mode=force_fp16 --keep_dtype={file}"
    said = ran.err.splitlines()
    assert said[0] == "force_fp16, trial 1: nothing in float32: numbers are lost"
    assert said[1].startswith("force_fp16, trial 2: 1 of 3 nodes in float32: ")
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []


SQUARED = "g (float[n,4] x) => (float[n,4] y) { a = Mul(x, big) b = Mul(a, a) c = Sqrt(b) y = Div(a, c) }"


def test_a_graph_is_rewritten_where_that_suffices(ascendc, model, tmp_path):
    """In a mode that is given nodes are kept: rewrites are for who asks for whatever helps."""
    path = model(SQUARED, big=1e3)
    ran = ascendc("forecast", path, "--keep", tmp_path / "keep.txt", "--json")
    assert ran.code == 0
    assert ran.err.endswith(
        "the graph must be rewritten before: "
        'passes: {"add": ["rescale"], "options": {"rescale": {"by": 5, "nodes": ["/block/b"]}}} in a recipe\n'
        "nothing must stay in float32 in force_fp16; no file is written\n"
    )
    record = json.loads(ran.out)
    jsonschema.validate(record, json.loads(SCHEMA.read_text()))
    assert record["rewrites"] == [{"name": "rescale", "options": {"nodes": ["/block/b"], "by": 5}}]
    ran = ascendc("forecast", path, "--mode", "force_fp16", "--keep", tmp_path / "keep.txt")
    assert sorted((tmp_path / "keep.txt").read_text().splitlines()) == ["/block/b", "/block/c"]


def test_an_interrupted_search_goes_on(ascendc, model, tmp_path):
    """Its trials lie beside the file until it is written."""
    path, file = model(LOSSY, **NUMBERS), tmp_path / "keep.txt"
    forecast, heard = importlib.import_module("ascendc.cli.forecast"), []

    def interrupt(line):
        heard.append(line)
        if len(heard) == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecast, "_say", interrupt)
        assert ascendc("forecast", path, "--mode", "force_fp16", "--keep", file).code == 130
    assert (tmp_path / ".keep.txt.trials").exists()
    assert not file.exists()
    ran = ascendc("forecast", path, "--mode", "force_fp16", "--keep", file)
    assert [line for line in ran.err.splitlines() if line in heard] == []
    assert sorted(one.name for one in tmp_path.iterdir() if "keep" in one.name) == ["keep.txt"]


def test_types_are_written_where_they_suffice(ascendc, model, tmp_path):
    text = "g (float[n,4] x) => (float[n,4] y) { p = MatMul(x, w) a = Add(p, big) y = Sub(a, big) }"
    path = model(text, big=5000)
    proto = onnx.load(path)
    proto.graph.initializer.append(onnx.numpy_helper.from_array(np.eye(4, dtype=np.float32), "w"))
    onnx.save(proto, path)
    file = tmp_path / "mix.json"
    ran = ascendc("forecast", path, "--mode", "mixed_float16", "--keep", file)
    assert ran.code == 0
    assert json.loads(file.read_text()) == {"black-list": {"to-add": ["Add"]}}
    assert ran.out.splitlines()[-1] == f"ATC's options: --precision_mode_v2=mixed_float16 --modify_mixlist={file}"


def test_a_product_that_must_stay_is_doubted(ascendc, model, tmp_path):
    path = model("g (float[n,4] x) => (float[n,4] y) { y = MatMul(x, w) }")
    proto = onnx.load(path)
    proto.graph.initializer.append(onnx.numpy_helper.from_array(np.full((4, 4), 1e5, np.float32), "w"))
    onnx.save(proto, path)
    ran = ascendc("forecast", path, "--keep", tmp_path / "keep.txt")
    assert ran.out.splitlines()[-1] == (
        "note: the cube unit multiplies in float16: a chip without a float32 kernel for MatMul cannot keep it. "
        "ascendc check MODEL.onnx --soc SOC --precision-mode must_keep_origin_dtype says which"
    )


def test_nothing_is_written_where_nothing_must_stay(ascendc, model, tmp_path):
    ran = ascendc("forecast", model(FINE), "--keep", tmp_path / "keep.txt")
    assert ran.code == 0
    assert ran.err.endswith("nothing must stay in float32 in force_fp16; no file is written\n")
    assert not (tmp_path / "keep.txt").exists()


def test_a_file_that_cannot_be_written_is_said_first(ascendc, model, tmp_path):
    file = tmp_path / "no" / "keep.txt"
    ran = ascendc("forecast", model(FINE), "--keep", file)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"ascendc: ASC2718 --keep `{file}` cannot be written: its folder must exist and be yours to write\n"
    )


NORM = """g (float[n,4] x) => (float[n,4] y) {
  b = Mul(x, scale) m = ReduceMean <axes = [-1]> (b) c = Sub(b, m) s = Mul(c, c) v = ReduceMean <axes = [-1]> (s)
  e = Add(v, eps) r = Sqrt(e) y = Div(c, r)
}"""


def test_what_only_fusion_saves_is_warned_of(ascendc, model):
    path = model(NORM, scale=2000, eps=1e-5)
    ran = ascendc("forecast", path)
    assert ran.code == 0
    assert ran.err.startswith(
        f"warning: {path}: it passes as long as ATC fuses its norms and GELUs; where it does not, the error is "
    )
    assert ran.err.endswith(" (--bound unfused shows where)\n")
    assert ascendc("forecast", path, "--bound", "unfused").code == 4


def test_samples_of_the_users_own(ascendc, model, tmp_path):
    path = model("g (int64[n,4] ids) => (int64[n] y) { y = ArgMax <axis = 1, keepdims = 0> (ids) }")
    refused = ascendc("forecast", path)
    assert refused.code == 2
    assert refused.err.startswith(
        "ascendc: ASC2715 samples are needed, since `ids` holds int64: what its numbers mean is not known\n"
    )
    np.savez(tmp_path / "ids.npz", ids=np.array([[49406, 5, 49407, 0], [49406, 5, 6, 49407]]))
    ran = ascendc("forecast", path, "--samples", tmp_path / "ids.npz")
    assert ran.code == 4
    assert f"2 samples: {tmp_path / 'ids.npz'}" in ran.out


@pytest.mark.parametrize("limit", ["nan", "inf", "0"])
def test_a_limit_is_a_number_above_0(ascendc, model, limit):
    ran = ascendc("forecast", model(FINE), "--limit", limit)
    assert (ran.code, ran.out) == (2, "")
    assert "Error: Invalid value for '--limit': " in ran.err


def test_targets_that_share_a_part_get_a_file_each():
    names = ("image @ card, kit", "image @ a b", "text/1 @ card")
    found = [importlib.import_module("ascendc.cli.forecast")._file(Path("k.txt"), one, names) for one in names]
    assert [str(path) for path in found] == ["k-image-card-kit.txt", "k-image-a-b.txt", "k-text-1.txt"]


def test_saturation_and_limits(ascendc, model):
    path = model("g (float[n,4] x) => (float[n,4] y) { a = Mul(x, big) y = Div(a, big) }", big=4e4)
    assert ascendc("forecast", path).code == 4
    assert ascendc("forecast", path, "--overflow", "saturate", "--limit", "9").code == 0


def test_without_float32_there_is_nothing_to_foretell(ascendc, model):
    path = model("g (float16[n,4] x) => (float16[n,4] y) { y = Relu(x) }")
    ran = ascendc("forecast", path)
    assert (ran.code, ran.err) == (
        2,
        f"ascendc: ASC2717 `{path}` has no float32, which float16 could take the place of\n",
    )


@pytest.mark.parametrize("kept", [False, True])
def test_the_json_keeps_to_the_schema(ascendc, model, tmp_path, kept):
    keep = ["--keep", tmp_path / "k.txt"] if kept else []
    ran = ascendc("forecast", model(LOSSY, **NUMBERS), "--json", *keep)
    record = json.loads(ran.out)
    jsonschema.validate(record, json.loads(SCHEMA.read_text()))
    assert (record["ok"], record["mode"], record["bound"], record["origin"]) == (
        False,
        "force_fp16",
        "fused",
        "estimated",
    )
    assert record["end_to_end"] == {
        "y": {"cosine": None, "max_abs": None, "rel_l2": None, "rel_to_sample_distance": None}
    }
    assert record["culprits"][0]["node"] == record["overflow"][0]["node"] == "/block/b"
    assert (record["kept"] is not None) == kept
    assert {*record} >= {"ok", "mode", "bound", "end_to_end", "culprits", "overflow", "origin"}
    assert {*record["culprits"][0]} >= {"node", "op", "module", "own", "accumulated", "max_abs_value"}
    assert {*record["overflow"][0]} == {"node", "tensor", "value"}


def test_the_schema_is_the_one_in_docs():
    assert SCHEMA.read_text() == schema_text()


def test_a_recipe_s_graphs_are_foretold_on_its_samples(ascendc):
    ran = ascendc("forecast", RECIPE, "--json", "--set", "targets[0].precision=mixed")
    record = json.loads(ran.out)
    assert ran.code == 0
    assert (record["model"], record["mode"], record["samples"], record["limit"]) == (
        "model @ ascend310p3",
        "allow_mix_precision",
        "the recipe's",
        0.03,
    )
    assert record["count"] == 16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((RECIPE, "--samples", "x.npz"), "--samples is for ONNX files: a recipe has its own (verify.folder)"),
        (("m.onnx", "--set", "a=b"), "--set is for recipes"),
    ],
)
def test_what_does_not_go_together(ascendc, arguments, message):
    ran = ascendc("forecast", *arguments)
    assert ran.code == 2
    assert message in ran.err

"""The exported and fixed towers against transformers' own forward, in every form that an export can have."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch
import transformers

from ascendc import graph, registry
from ascendc.errors import StageError
from ascendc.model import Use, Weights
from ascendc.stages.export import ExportSpec, export
from ascendc.stages.fix import FixSpec, fix

BANNED = {"Shape", "Range", "Where", "Expand", "ConstantOfShape", "IsNaN", "ArgMax"}
PRETRAINED = Weights()


@pytest.fixture(scope="module")
def plugins():
    return registry.load()


@pytest.fixture
def build(clip, plugins, workspace):
    """Export and fix one part: (exported model, fixed model, a function that runs the fixed one)."""

    def make(folder, part, *, drop=(), normalize="outside", **spec):
        model = clip(folder, normalize=normalize)
        exported = export(ExportSpec(part, weights=PRETRAINED, **spec), model, workspace)
        uses = tuple(use for use in model.fixes(part) if use.name not in drop)
        fixed = fix(FixSpec(uses), exported, plugins, workspace).graph
        path = graph.lay_out(fixed, workspace.store, workspace.folder / "laid out")
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return (
            graph.load(exported, workspace),
            graph.load(fixed, workspace),
            lambda x: session.run(None, {session.get_inputs()[0].name: x})[0],
        )

    return make


def ids(batch, pad):
    """Texts of all lengths up to the longest."""
    rows = np.full((batch, 77), pad, np.int32)
    for i in range(batch):
        end = 1 + (i * 29) % 76
        rows[i, 0], rows[i, 1:end], rows[i, end] = 512, 1 + np.arange(end - 1) * 7 % 500, 513
    return rows


def feed(part, batch, pad=513):
    rng = np.random.default_rng(batch)
    return ids(batch, pad) if part == "text" else rng.standard_normal((batch, 3, 32, 32)).astype(np.float32)


def reference(clip, folder, part, x, **options):
    with torch.inference_mode():
        return clip(folder, **options).module(part, PRETRAINED)(torch.from_numpy(x)).numpy()


def operators(model):
    return {node.op_type for node in model.graph}


FORMS = [
    {"opset": 11},
    {"opset": 13},
    {"opset": 17},
    {"opset": 18},
    {"opset": 17, "attention": "sdpa"},
    {"opset": 18, "attention": "sdpa"},
    {"opset": 18, "exporter": "dynamo"},
    {"opset": 18, "exporter": "dynamo", "attention": "sdpa"},
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(map(str, form.values())))
@pytest.mark.parametrize("part", ["image", "text"])
def test_one_graph_for_every_batch_without_what_runs_on_the_cpu(write_checkpoint, clip, build, close, part, form):
    folder = write_checkpoint(eos=2 if form["opset"] % 2 else 513, act="gelu" if form["opset"] == 17 else "quick_gelu")
    _, fixed, run = build(folder, part, normalize="inside", **form)
    assert not BANNED & operators(fixed)
    assert not [v for node in fixed.graph for v in node.outputs if v.dtype == ir.DataType.INT64]
    assert all(node.name for node in fixed.graph)
    for batch in (1, 3, 8):
        for pad in (0, 513) if part == "text" else (0,):
            x = feed(part, batch, pad)
            assert close(run(x), reference(clip, folder, part, x, normalize="inside")) <= 2e-5


def test_the_failure_a_trace_holds_at_its_batch_only(checkpoint, build):
    for part in ("image", "text"):
        exported, _, run = build(checkpoint, part, opset=13)
        assert exported.graph.inputs[0].shape[0] == 5
        assert {"Where", "ConstantOfShape"} <= operators(exported)
        assert run(feed(part, 2)).shape == (2, 24)


@pytest.mark.parametrize(
    ("part", "dropped", "message"),
    [
        ("image", "class-token", "the batch cannot be made symbolic, something fixes it to the 5 it was traced at"),
        ("text", "eos-pool", "the batch cannot be made symbolic, something fixes it to the 5 it was traced at"),
    ],
)
def test_without_its_pass_the_graph_is_refused(checkpoint, build, part, dropped, message):
    with pytest.raises(StageError, match=message):
        build(checkpoint, part, drop=(dropped,))


@pytest.mark.skipif(transformers.__version__.startswith("4."), reason="transformers 4 lets torch emit no guard")
def test_sdpa_without_its_passes_is_refused(checkpoint, build):
    with pytest.raises(StageError, match=r"it holds IsNaN \(`/text_model/encoder/layers.0/self_attn/IsNaN`\), Where"):
        build(checkpoint, "text", drop=("drop-nan-guard",), opset=18, exporter="dynamo", attention="sdpa")


def test_the_mask_is_one_clamped_constant(checkpoint, build):
    exported, fixed, _ = build(checkpoint, "text", drop=())
    lowest = [v for n in exported.graph if n.op_type == "Constant" for v in [n.attributes["value"].value.numpy()]]
    assert min(float(v.min()) for v in lowest if v.dtype == np.float32) < -3e38
    masks = [v for n, v in fixed.graph.initializers.items() if tuple(v.shape) == (1, 1, 77, 77)]
    assert len(masks) == 1
    assert set(np.unique(masks[0].const_value.numpy())) == {0, -10000}


@pytest.mark.parametrize(("eos", "compared"), [(2, False), (513, True)])
def test_both_conventions_of_the_end_of_text(write_checkpoint, clip, build, close, eos, compared):
    folder = write_checkpoint(eos=eos)
    exported, _, run = build(folder, "text")
    assert ("ArgMax" in operators(exported)) is True
    argmax = next(node for node in exported.graph if node.op_type == "ArgMax")
    assert (argmax.inputs[0].producer().inputs[0].producer().op_type == "Equal") == compared
    x = ids(6, 0)
    assert close(run(x), reference(clip, folder, "text", x)) <= 2e-5


def test_ids_are_int32_from_the_first_node_on(checkpoint, build):
    _, fixed, _ = build(checkpoint, "text")
    assert fixed.graph.inputs[0].dtype == ir.DataType.INT32


@pytest.mark.parametrize(("act", "operator"), [("quick_gelu", "Sigmoid"), ("gelu", "Erf")])
def test_the_activation_is_the_configured_one(write_checkpoint, build, act, operator):
    folder = write_checkpoint(act=act)
    for part in ("image", "text"):
        _, fixed, _ = build(folder, part)
        assert {"Sigmoid", "Erf"} & operators(fixed) == {operator}


def test_reduce_l2_of_opset_18_is_taken_apart(checkpoint, build):
    exported, fixed, _ = build(checkpoint, "image", opset=18, normalize="inside")
    assert "ReduceL2" in operators(exported)
    assert {"ReduceSum", "Sqrt"} <= operators(fixed)


@pytest.mark.parametrize("normalize", ["inside", "outside"])
def test_unit_length_inside_only_if_asked(checkpoint, build, normalize):
    _, fixed, run = build(checkpoint, "image", normalize=normalize)
    lengths = np.linalg.norm(run(feed("image", 3)), axis=1)
    assert np.allclose(lengths, 1, atol=1e-6) == (normalize == "inside")
    assert ("Clip" in operators(fixed)) == (normalize == "inside")


def test_an_embedding_of_zeros_does_not_become_nan(write_checkpoint, build):
    from safetensors.torch import load_file, save_file

    folder = write_checkpoint()
    state = load_file(folder / "model.safetensors")
    state["visual_projection.weight"] = torch.zeros_like(state["visual_projection.weight"])
    save_file(state, folder / "model.safetensors")
    _, _, run = build(folder, "image", normalize="inside")
    assert not run(feed("image", 2)).any()


def test_attention_has_one_scale_and_no_casts(checkpoint, build):
    for form in ({"opset": 13}, {"opset": 17, "attention": "sdpa"}):
        exported, fixed, _ = build(checkpoint, "image", **form)
        for softmax in (node for node in fixed.graph if node.op_type == "Softmax"):
            scale = softmax.inputs[0].producer()
            assert scale.op_type == "Mul"
            assert [value.producer().op_type for value in scale.inputs if value.producer()] == ["MatMul"]
            assert [reader.op_type for reader in softmax.outputs[0].consumers()] == ["MatMul"]
    assert [v.producer().op_type for v in _product(exported).inputs] == ["Mul", "Mul"]


def _product(model):
    """The QK product of the first layer."""
    return next(n for n in model.graph if n.op_type == "Softmax").inputs[0].producer()


def test_queries_keys_and_values_stay_apart(checkpoint, build):
    _, fixed, _ = build(checkpoint, "image", opset=13)
    assert {node.name for node in fixed.graph if node.op_type == "MatMul"} >= {
        f"/vision_model/encoder/layers.{i}/self_attn/{name}_proj/MatMul" for i in (0, 1) for name in "qkv"
    }


def test_the_last_pass_of_either_tower_looks_for_what_is_left(checkpoint, clip):
    for part in ("image", "text"):
        assert clip(checkpoint).fixes(part)[-1] == Use.of("assert-static")

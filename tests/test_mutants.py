"""Wrong models that every gate must refuse: on random full-size weights, where a cosine would let them pass, as well
as on the trained one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from ascendc import driver, graph, registry
from ascendc.dag import execute, order
from ascendc.errors import GateError
from ascendc.stages.assets import lay_out_assets
from ascendc.stages.verify import verify
from ascendc.store import Store

RECIPES = Path(__file__).parents[1] / "recipes"
FULL_SIZE = """
version: 1
model: {plugin: clip, source: openai/clip-vit-base-patch32, weights: random}
targets: [{soc: Ascend310}]
verify: {samples: 8}
"""


@dataclass(frozen=True)
class Built:
    """A CLIP that passed every gate."""

    steps: object
    results: dict
    store: Store

    def of(self, step):
        return self.results[step].result

    def verify(self, part, workspace, *, mutate=None, assets=None):
        """Verify the part's graph, changed by `mutate`, beside assets that `assets` changed."""
        step = self.steps.portable(part, 13)
        fixed = self.of(step).graph
        if mutate is not None:
            model = graph.load(fixed, workspace)
            mutate(model, self)
            fixed = graph.save(model, workspace, fixed.weights)
        folder = lay_out_assets(self.of(self.steps.assets), self.store, workspace.folder / "assets")
        if assets is not None:
            path = folder / "preprocess.json"
            fields = json.loads(path.read_text())
            assets(fields)
            path.unlink()
            path.write_text(json.dumps(fields))
        spec = self.steps.verified(step, part).spec
        return verify(spec, fixed, self.of(self.steps.golden(part)), folder, self.steps.samples, workspace)


@pytest.fixture(scope="module", params=["trained", "random full size"])
def built(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutants")
    recipe = RECIPES / "tiny-clip.yaml"
    if request.param != "trained":
        recipe = folder / "full-size.yaml"
        recipe.write_text(FULL_SIZE)
    store = Store(folder / "store")
    steps = driver.prepare(recipe, ["export.opset=13"], store, registry.load())
    verified = tuple(steps.verified(steps.portable(part, 13), part) for part in steps.parts)
    return Built(steps, execute(order([steps.judged(verified)]), store, lambda _: None), store)


def part_of(built, name):
    return next(part for part in built.steps.parts if part.name == name)


def nodes(model, op, ending):
    found = [node for node in model.graph if node.op_type == op and node.name.endswith(ending)]
    assert found, f"no {op} …{ending}"
    return found


def value(node, index):
    return node.inputs[index].const_value.numpy()


def set_constant(model, node, index, array):
    """Give one node a constant of its own: initializers are shared."""
    name = f"{node.name}/mutant{index}"
    tensor = ir.tensor(np.ascontiguousarray(array), name=name)
    fresh = ir.val(name, const_value=tensor, dtype=tensor.dtype, shape=tensor.shape)
    model.graph.register_initializer(fresh)
    node.replace_input_with(index, fresh)


# -- mutants of the graph ------------------------------------------------------------------------------------------


def bgr_swap(model, built):
    [conv] = nodes(model, "Conv", "Conv")
    set_constant(model, conv, 1, value(conv, 1)[:, ::-1])


def gelu_for_quickgelu(model, built):
    for sigmoid in nodes(model, "Sigmoid", "activation_fn/Sigmoid"):
        x = sigmoid.inputs[0].producer().inputs[0]
        scale = sigmoid.inputs[0].producer()
        set_constant(model, scale, 1, np.float32(2**-0.5))
        erf = ir.node("Erf", [scale.outputs[0]])
        one = ir.node("Add", [erf.outputs[0], _scalar(model, f"{sigmoid.name}/one", 1)])
        half = ir.node("Mul", [one.outputs[0], _scalar(model, f"{sigmoid.name}/half", 0.5)])
        assert x is not None
        model.graph.insert_before(sigmoid, [erf, one, half])
        ir.convenience.replace_all_uses_with(sigmoid.outputs[0], half.outputs[0])


def _scalar(model, name, number):
    tensor = ir.tensor(np.float32(number), name=name)
    fresh = ir.val(name, const_value=tensor, dtype=tensor.dtype, shape=tensor.shape)
    model.graph.register_initializer(fresh)
    return fresh


def one_attention_scale_doubled(model, built):
    scale = nodes(model, "Mul", "layers.0/self_attn/Mul")[0]
    set_constant(model, scale, 1, value(scale, 1) * 2)


def layer_norm_eps_times_1000(model, built):
    changed = 0
    for node in nodes(model, "Add", "/Add"):
        constant = node.inputs[1].const_value
        if constant is not None and constant.size == 1 and np.isclose(constant.numpy(), 1e-5):
            set_constant(model, node, 1, constant.numpy() * 1000)
            changed += 1
    assert changed > 4


def start_of_text_pooling(model, built):
    [equal] = [node for node in model.graph if node.op_type == "Equal" and node.inputs[0].name == "input_ids"]
    tokens = built.of(built.steps.golden(part_of(built, "text"))).inputs[0]
    start = np.load(built.store.path(tokens.blob))[0, 0]
    assert start != value(equal, 1)
    set_constant(model, equal, 1, np.int32(start))


def missing_mask(model, built):
    for add in nodes(model, "Add", "self_attn/Add"):
        set_constant(model, add, 1, np.zeros_like(value(add, 1)))


def off_by_one_position(model, built):
    [add] = [n for n in nodes(model, "Add", "embeddings/Add") if n.inputs[1].const_value is not None]
    set_constant(model, add, 1, np.roll(value(add, 1), 1, axis=-2))


def transposed_projection(model, built):
    [project] = nodes(model, "MatMul", "_projection/MatMul")
    weight = value(project, 1)
    set_constant(model, project, 1, np.reshape(weight.T, weight.shape))


def dropped_layer(model, built):
    last, before = nodes(model, "Add", "/Add_1")[-1], None
    outputs = [n for n in model.graph if n.op_type == "Add" and n.name.split("/")[-2].startswith("layers.")]
    outputs = [n for n in outputs if n.name.endswith("/Add_1")]
    last, before = outputs[-1], outputs[-2]
    ir.convenience.replace_all_uses_with(last.outputs[0], before.outputs[0])


def projection_of_the_other_tower(model, built):
    [project] = nodes(model, "MatMul", "_projection/MatMul")
    other = "text" if "visual" in project.name else "image"
    with built.store.workspace(lambda _: None) as workspace:
        step = built.steps.portable(part_of(built, other), 13)
        [foreign] = nodes(graph.load(built.of(step).graph, workspace), "MatMul", "_projection/MatMul")
        set_constant(model, project, 1, np.resize(value(foreign, 1), value(project, 1).shape))


IMAGE = (
    bgr_swap,
    gelu_for_quickgelu,
    one_attention_scale_doubled,
    layer_norm_eps_times_1000,
    off_by_one_position,
    transposed_projection,
    dropped_layer,
    projection_of_the_other_tower,
)
TEXT = (
    gelu_for_quickgelu,
    one_attention_scale_doubled,
    layer_norm_eps_times_1000,
    start_of_text_pooling,
    missing_mask,
    off_by_one_position,
    transposed_projection,
    dropped_layer,
    projection_of_the_other_tower,
)


@pytest.mark.parametrize(
    ("part", "mutate"),
    [*(("image", m) for m in IMAGE), *(("text", m) for m in TEXT)],
    ids=lambda p: p if isinstance(p, str) else p.__name__,
)
def test_a_wrong_graph_is_refused(built, part, mutate):
    with built.store.workspace(lambda _: None) as workspace, pytest.raises(GateError) as caught:
        built.verify(part_of(built, part), workspace, mutate=mutate)
    assert caught.value.id == "ASC1606"
    assert f"part `{part}`: output `{part}_embeds` is " in caught.value.message


# -- mutants of the device half's settings -------------------------------------------------------------------------


def wrong_mean(fields):
    fields["mean"] = [0.5, 0.5, 0.5]


def swapped_means(fields):
    fields["mean"] = fields["mean"][::-1]


def wrong_crop(fields):
    fields["resize"] = "squash"


def wrong_resize(fields):
    fields["resize_to"] = int(fields["height"] * 1.15)


def wrong_interpolation(fields):
    fields["interpolation"] = "bilinear"


@pytest.mark.parametrize("assets", [wrong_mean, swapped_means, wrong_crop, wrong_resize, wrong_interpolation])
def test_wrong_preprocessing_is_refused(built, assets):
    with built.store.workspace(lambda _: None) as workspace, pytest.raises(GateError) as caught:
        built.verify(part_of(built, "image"), workspace, assets=assets)
    assert caught.value.id == "ASC1605"


def test_the_right_one_passes_and_by_far(built):
    for part in built.steps.parts:
        with built.store.workspace(lambda _: None) as workspace:
            assert built.verify(part, workspace).worst.relative < 2e-5

"""What must stay in float32: enough, and no node more."""

import json
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from ascendc import onnx_file
from ascendc.errors import StageError
from ascendc.precision.feeds import fed
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.kept import Kept, keep_dtype
from ascendc.precision.mixlist import ge_types, listed, mixlist
from ascendc.precision.modes import in_half
from ascendc.precision.search import Search

LIMIT = 3e-2


def search(model, samples, bound="unfused", mode="force_fp16", say=lambda _: None):
    return search_in(Forecaster(model, samples, bound), mode, say)


def search_in(forecaster, mode="force_fp16", say=lambda _: None):
    found = Search(forecaster, mode, LIMIT, say=say).run()
    check(forecaster, found)
    return found


def check(forecaster, found):
    """Within the limit; and beyond it with any one dropped."""
    kept = {i for i, unit in enumerate(forecaster.units) if unit.name in {one.nodes[-1] for one in found.keep}}
    assert len(kept) == len(found.keep)
    half = in_half(forecaster.units, found.mode)

    def error(keep):
        return forecaster.worst([chosen and i not in keep for i, chosen in enumerate(half)])

    assert error(kept) == found.after <= LIMIT
    for one in kept:
        assert error(kept - {one}) > LIMIT


def nodes(found):
    return {one.nodes[-1] for one in found.keep}


def test_nothing_is_kept_where_nothing_is_lost(graph, x, w):
    found = search(graph("g (float[n,8] x) => (float[n,8] y) { y = MatMul(x, w) }", w=w), x)
    assert (found.keep, found.trials, found.units, found.before) == ((), 1, 1, found.after)


def test_a_chain_is_kept_from_where_numbers_are_lost_to_where_they_are_small_again(graph, x, w):
    text = """g (float[n,8] x) => (float[n,8] y) {
      a = MatMul(x, w) b = Mul(a, k) c = Mul(b, b) d = ReduceMean <axes = [-1]> (c) e = Sqrt(d)
      f = Div(b, e) y = MatMul(f, w)
    }"""
    said = []
    found = search(graph(text, w=w, k=np.float32(300)), x, say=said.append)
    assert nodes(found) == {"c", "d", "e"}
    assert (found.before > LIMIT, found.units, found.trials) == (True, 7, len(said))
    assert said[0].startswith("trial 1: nothing in float32: error 0.")
    assert said[-1].startswith(f"trial {len(said)}: 2 of 7 nodes in float32: error 0.")


def test_the_inside_of_a_norm_is_kept_unfused_and_nothing_fused(layer_norm, x):
    assert nodes(search(layer_norm(400), x)) == {"c2", "v", "ve", "sd"}
    assert search(layer_norm(400), x, "fused").keep == ()


def test_a_unit_that_is_fused_is_kept_with_all_its_nodes(layer_norm, x):
    """Scaled so far that its input is beyond float16."""
    text = layer_norm.text.replace("l = Add", "z = Mul(hg, k)\n  l = Add")
    found = search(layer_norm(2**17, text=text.replace("hg = Mul(h, gamma)", "hg = Mul(h, gamma)")), x, "fused")
    norm = next(one for one in found.keep if one.op == "LayerNorm")
    assert set(norm.nodes) >= {"m", "c", "c2", "v", "ve", "sd", "h"}


def test_two_faults_are_both_found(graph, x, w):
    text = """g (float[n,8] x) => (float[n,8] y, float[n,8] z) {
      a = Add(x, big) y = Sub(a, big) b = MatMul(x, w) c = Mul(b, much) z = Div(c, much)
    }"""
    found = search(graph(text, w=w, big=np.float32(4000), much=np.float32(1e6)), x)
    assert nodes(found) == {"a", "y", "c", "z"}


def test_in_mixed_precision_a_type_may_suffice(graph, x, w):
    text = "g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Add(a, big) y = Sub(b, big) }"
    forecaster = Forecaster(graph(text, w=w, big=np.float32(4000)), x, "unfused")
    found = Search(forecaster, "allow_mix_precision", LIMIT).run()
    assert (found.types, found.keep, found.option) == (("Add",), (), "modify_mixlist"), "Sub does as Add does"
    assert found.after <= LIMIT < found.before
    assert json.loads(found.text) == {"black-list": {"to-add": ["Add"]}}


FIVE = """g (float[n,8] x) => (float[n,8] v, float[n,8] w, float[n,8] x1, float[n,8] y, float[n,8] z) {
  a = MatMul(x, weight)
  a1 = Add(a, big) v = Sub(a1, big)
  a2 = Mul(a, much) w = Div(a2, much)
  a3 = Pow(a, ten) x1 = Sqrt(a3)
  a4 = Sum(a, big) y = Sub(a4, big)
  a5 = Mean(a, big) z = Sub(a5, big)
}"""


def test_in_mixed_precision_nodes_are_kept_where_many_types_would_be(graph, x, w):
    numbers = {"big": 4000, "much": 1e6, "ten": 10}
    model = graph(FIVE, weight=w, **{name: np.float32(value) for name, value in numbers.items()})
    found = search(model, x, mode="allow_mix_precision")
    assert found.types == ()
    assert found.option == "keep_dtype"
    assert nodes(found) >= {"a1", "a2", "a3", "a4", "a5"}


def plant(model, attention):
    """Three channels of the values scaled beyond float16, and down again in the projection after them."""
    for name, sign in (("v_proj.weight", 1), ("v_proj.bias", 1), ("out_proj.weight", -1)):
        [value] = [one for key, one in model.graph.initializers.items() if f"{attention}.{name}" in key] or [None]
        if value is None:  # biases that are nought are one constant
            continue
        array = value.const_value.numpy().copy()
        (array if sign < 0 else array.T)[3:6] *= np.float32(2.0 ** (20 * sign))
        value.const_value = ir.tensor(array, name=value.name)


@pytest.fixture
def image(tiny_build):
    """The trained picture tower of the tiny CLIP and the samples that it was verified with."""
    [path] = (tiny_build / "models").glob("image*.onnx")
    return onnx_file.load(path), {"pixel_values": np.load(tiny_build / "golden" / "image" / "pixel_values.npy")[:6]}


@pytest.mark.parametrize(
    ("bound", "units", "most"),
    [("unfused", 200, 0.05 * 213), pytest.param("fused", 100, 9, marks=pytest.mark.soak)],
)
def test_channels_that_are_scaled_up_and_down_again_in_a_trained_model(image, bound, units, most):
    model, samples = image
    before = Forecaster(model, samples).exact["image_embeds"]
    plant(model, "vision_model.encoder.layers.1.self_attn")
    forecaster = Forecaster(model, samples, bound)
    assert np.array_equal(forecaster.exact["image_embeds"], before), "the same model in float32"
    found = search_in(forecaster)
    assert found.before is None
    assert found.units >= units
    assert {one.module.rpartition(".self_attn")[0] for one in found.keep} == {"vision_model.encoder.layers.1"}
    assert {one.nodes[-1].rpartition("/")[2] for one in found.keep} >= {"MatMul", "Add"}
    assert 1 <= len(found.keep) <= most


@pytest.mark.soak
@pytest.mark.parametrize(("part", "layers"), [("image", "vision_model"), ("text", "text_model")])
def test_planted_channels_in_a_full_size_model(tmp_path, monkeypatch, part, layers):
    """CLIP ViT-B/32 with random weights, two attentions of twelve."""
    from ascendc import driver

    monkeypatch.setenv("ASCENDC_CACHE", str(tmp_path / "store"))
    recipe = Path(__file__).parents[2] / "recipes" / "clip-vit-b32-310p3.yaml"
    folder = driver.build(recipe, output=tmp_path / "bundle").output
    [path] = (folder / "models").glob(f"{part}*.onnx")
    [array] = [np.load(one) for one in (folder / "golden" / part).glob("*.npy") if "embeds" not in one.name]
    model = onnx_file.load(path)
    for layer in (3, 8):
        plant(model, f"{layers}.encoder.layers.{layer}.self_attn")
    [value] = fed(model)
    found = search(model, {value.name: array[:8]}, "fused")
    assert found.before is None
    assert found.units >= 200
    assert 2 <= len(found.keep) <= 0.05 * found.units


def test_the_file_has_one_node_a_line(graph, x, w):
    text = "g (float[n,8] x) => (float[n,8] y) { a = Add(x, big) y = Sub(a, big) }"
    found = search(graph(text, big=np.float32(4000)), x)
    assert sorted(keep_dtype(found.keep).splitlines()) == ["a", "y"]
    assert keep_dtype(found.keep).endswith("\n")


def test_a_node_without_a_name_cannot_be_kept():
    with pytest.raises(StageError) as caught:
        keep_dtype([Kept(("a",), "Add", None), Kept(("",), "Sub", None)])
    assert (caught.value.id, caught.value.message) == (
        "ASC2716",
        "a Sub without a name must stay in float32, and --keep_dtype takes names, one a line",
    )


def test_lists_are_of_ascends_types():
    """BatchMatMulV2 is on the white list of every chip's store."""
    assert [ge_types(kind) for kind in ("Softmax", "LayerNorm", "QuickGelu", "Unheard")] == [
        ("SoftmaxV2",),
        ("LayerNorm",),
        ("Mul", "Sigmoid"),
        (),
    ]
    assert json.loads(mixlist(("SoftmaxV2", *ge_types("MatMul")))) == {
        "black-list": {"to-add": ["SoftmaxV2", "BatchMatMulV2"]},
        "white-list": {"to-remove": ["BatchMatMulV2"]},
    }


def test_a_black_list_takes_what_is_on_it_in_all_forms():
    assert listed("QuickGelu", ("Mul", "Sigmoid"))
    assert not listed("QuickGelu", ("Mul",))
    assert not listed("NoSuchOperator", ("Mul",))  # it has no form at all

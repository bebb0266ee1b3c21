"""Sides against each other: files, recipes, saved outputs; what is refused, what is beyond, what is asked for."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from ascendc.errors import StageError, UsageError
from ascendc.judge.limits import of_om
from ascendc.judge.opened import side
from ascendc.judge.verdict import compare

TINY = Path(__file__).parents[2] / "recipes" / "tiny-clip.yaml"
COLORS = Path(__file__).parents[2] / "recipes" / "colors" / "colors.onnx"

LINEAR = "g (float[n,6] x) => (float[n,4] y) { y = MatMul(x, w) }"
GELU = """g (float[n,6] x) => (float[n,6] y) {
  a = Div(x, root) e = Erf(a) one = Add(e, unit) half = Mul(one, point) b = Mul(x, half) y = Add(b, common)
}"""
QUICK = "g (float[n,6] x) => (float[n,6] y) { a = Mul(x, k) s = Sigmoid(a) b = Mul(x, s) y = Add(b, common) }"


def judged(one, other, samples=None, part=None, limit=None):
    with ExitStack() as stack:
        reference = stack.enter_context(side(one, "reference"))
        candidate = stack.enter_context(side(other, "candidate"))
        return compare(reference, candidate, samples, part, limit)


@pytest.fixture
def w():
    return np.random.default_rng(3).standard_normal((6, 4)).astype(np.float32)


def test_two_files_that_agree(write, samples, x, w):
    verdict = judged(write("a.onnx", LINEAR, w=w), write("b.onnx", LINEAR, w=w), samples(x=x))
    [output] = verdict.outputs
    assert (verdict.ok, output.figures.error, output.limit, output.figures.samples) == (True, 0.0, 2e-4, 8)
    assert verdict.reference.answered[0].engine.startswith("onnxruntime ")
    assert (verdict.task, verdict.notes) == (None, ())


def test_a_wrong_gelu_that_a_cosine_passes_is_refused(write, samples):
    """Around a common part a QuickGELU for a GELU keeps a cosine of 0.9999: the scale of the samples tells."""
    rng = np.random.default_rng(0)
    x, common = rng.standard_normal((8, 6)).astype(np.float32), 20 * rng.standard_normal(6).astype(np.float32)
    right = write("a.onnx", GELU, root=np.float32(2**0.5), unit=np.float32(1), point=np.float32(0.5), common=common)
    wrong = write("b.onnx", QUICK, k=np.float32(1.702), common=common)
    verdict = judged(right, wrong, samples(x=x))
    [output] = verdict.outputs
    assert output.figures.cosine_min > 0.99999
    assert output.figures.error > 20 * output.limit
    assert not verdict.ok
    assert judged(right, wrong, samples(x=x), limit=0.1).ok


def test_outputs_of_another_shape_are_refused(write, samples, x, w):
    verdict = judged(
        write("a.onnx", LINEAR, w=w), write("b.onnx", LINEAR.replace("n,4", "n,3"), w=w[:, :3]), samples(x=x)
    )
    assert not verdict.ok
    assert verdict.outputs[0].refused.text == "the shape must be 8×4, and is 8×3"


def test_nan_is_refused_with_its_place(write, samples, x):
    log = "g (float[n,6] x) => (float[n,6] y) { y = Log(x) }"
    x = np.abs(x) + 1
    good, bad = (
        write("a.onnx", log),
        write("b.onnx", "g (float[n,6] x) => (float[n,6] y) { z = Sub(x, w) y = Log(z) }", w=x[3, 2] + 1),
    )
    refused = judged(good, bad, samples(x=x)).outputs[0].refused
    assert refused.reason == "not finite"
    assert refused.text.startswith("the candidate holds ")
    assert (refused.place.candidate, refused.count > 0) == (None, True)


def test_a_permuted_output_is_beyond(write, samples, x, w):
    """By name the outputs are right; their values are each other's."""
    two = "g (float[n,6] x) => (float[n,4] y, float[n,4] z) {{ {0} = MatMul(x, w) {1} = MatMul(x, v) }}"
    good = write("a.onnx", two.format("y", "z"), w=w, v=-w[:, ::-1].copy())
    bad = write("b.onnx", two.format("z", "y"), w=w, v=-w[:, ::-1].copy())
    verdict = judged(good, bad, samples(x=x))
    assert [(output.name, output.ok) for output in verdict.outputs] == [("y", False), ("z", False)]


def test_outputs_without_a_name_in_common_are_matched_by_place(write, samples, x, w):
    other = "g (float[n,6] x) => (float[n,4] out) { out = MatMul(x, w) }"
    verdict = judged(write("a.onnx", LINEAR, w=w), write("b.onnx", other, w=w), samples(x=x))
    assert (verdict.ok, verdict.outputs[0].other, verdict.outputs[0].note) == (True, "out", "matched by place")


def test_an_output_that_is_missing_is_refused(write, samples, x, w):
    two = "g (float[n,6] x) => (float[n,4] y, float[n,6] z) { y = MatMul(x, w) z = Relu(x) }"
    verdict = judged(write("a.onnx", two, w=w), write("b.onnx", LINEAR, w=w), samples(x=x))
    assert [(output.name, output.ok) for output in verdict.outputs] == [("y", True), ("z", False)]
    assert verdict.outputs[1].refused.text == "the candidate has no such output; it has `y`"


def test_half_precision_may_be_off_more(write, samples, x, w):
    half = "g (float[n,6] x) => (float[n,4] y) { a = Cast <to = 10> (x) b = MatMul(a, w) y = Cast <to = 1> (b) }"
    verdict = judged(write("a.onnx", LINEAR, w=w), write("b.onnx", half, w=w.astype(np.float16)), samples(x=x))
    assert (verdict.ok, verdict.outputs[0].limit) == (True, 3e-2)
    assert verdict.outputs[0].figures.error > 2e-4


def test_a_fixed_batch_is_fed_all_samples(write, samples, x, w):
    fixed = LINEAR.replace("n,", "3,")
    assert judged(write("a.onnx", LINEAR, w=w), write("b.onnx", fixed, w=w), samples(x=x)).ok


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"z": np.zeros((2, 6))}, "takes the input `x`; the samples ({0}) hold `z`"),
        ({"x": np.zeros((2, 6), np.int64)}, "takes float32 as input `x`; the samples hold int64"),
        ({"x": np.full((2, 6), 1e200)}, "takes float32 as input `x`; the samples hold float64"),
    ],
)
def test_samples_that_do_not_fit_are_told(write, samples, w, arrays, message):
    path, given = write("a.onnx", LINEAR, w=w), samples(**arrays)
    with pytest.raises(UsageError) as caught:
        judged(path, path, given)
    assert caught.value.id == "ASC2805"
    assert caught.value.message == f"`{path}` {message.format(given)}"


def test_no_sample_is_told(write, samples, w):
    path, given = write("a.onnx", LINEAR, w=w), samples(x=np.zeros((0, 6), np.float32))
    with pytest.raises(UsageError) as caught:
        judged(path, path, given)
    assert caught.value.id == "ASC2805"
    assert caught.value.message == f"the samples ({given}) hold no sample for `{path}`; allowed: one or more"


def test_outputs_without_samples_first_are_made_of_all_samples(write, samples):
    """A sum over 20 samples is not three, and samples on another axis are not joined along the first."""
    made = "s = ReduceSum <keepdims = 0> (x) t = Transpose(x) c = Identity(w)"
    text = f"g (float[n,6] x) => (float s, float[6,n] t, float[6] c) {{ {made} }}"
    rows, constant = np.random.default_rng(0).standard_normal((20, 6)).astype(np.float32), np.ones(6, np.float32)
    given = samples(x=rows)
    saved = samples("saved.npz", s=rows.sum(), t=rows.T, c=constant)
    verdict = judged(write("a.onnx", text, w=constant), saved, given)
    assert verdict.ok, [output.refused for output in verdict.outputs]
    assert [output.figures.samples for output in verdict.outputs] == [1, 6, 6]


def test_outputs_that_do_not_fit_together_are_told(write, samples):
    """As many columns as there are samples in the run."""
    path = write("a.onnx", "g (float[n,6] x) => (float[n,n] y) { t = Transpose(x) y = MatMul(x, t) }")
    with pytest.raises(StageError) as caught:
        judged(path, path, samples(x=np.ones((9, 6), np.float32)))
    assert caught.value.id == "ASC2807"
    assert caught.value.message.startswith(f"`{path}` fails on 8 samples at a time: all the input array dimensions")


def test_numbers_that_are_not_compared_are_told(samples):
    given = samples(y=np.ones((2, 3), np.complex64))
    [output] = judged(given, given).outputs
    assert output.refused.text == "complex64 cannot be compared: floats, integers and truth values can"


def test_samples_that_nobody_was_asked_are_told(samples):
    given = samples(y=np.ones((2, 3)))
    assert judged(given, given, given).notes == (f"nobody was asked {given}: both sides were saved",)


def test_a_file_that_fails_is_told(write, samples, w):
    path = write("a.onnx", LINEAR, w=w)
    with pytest.raises(StageError) as caught:
        judged(path, path, samples(x=np.zeros((2, 5), np.float32)))
    assert caught.value.id == "ASC2807"
    assert caught.value.message == f"`{path}` fails on the samples: input `x` must have the shape ?×6, not 2×5"


def test_without_inputs_nothing_can_be_asked(write, w):
    path = write("a.onnx", LINEAR, w=w)
    with pytest.raises(UsageError) as caught:
        judged(path, path)
    assert caught.value.id == "ASC2804"
    assert caught.value.message == (f"there are no inputs to ask `{path}` and `{path}` with: neither has golden ones")


# -- saved outputs -----------------------------------------------------------------------------------------------


def test_saved_outputs_need_no_inputs(samples, tmp_path, x):
    one, folder = samples("one.npz", y=x), tmp_path / "two"
    folder.mkdir()
    np.save(folder / "y.npy", x + 1)
    verdict = judged(one, folder)
    assert (verdict.ok, verdict.samples) == (False, "no inputs: both sides were saved")
    assert [answered.engine for answered in verdict.candidate.answered] == ["saved outputs"]


def test_what_ais_bench_wrote_is_joined(write, samples, tmp_path, x, w):
    """One file a sample and output, with a batch axis of one, and a name that says the place alone."""
    folder = tmp_path / "ais"
    folder.mkdir()
    for index, row in enumerate(x @ w):
        np.save(folder / f"{index:03d}_0.npy", row[None].astype(np.float32))
    verdict = judged(write("a.onnx", LINEAR, w=w), folder, samples(x=x))
    [output] = verdict.outputs
    assert (verdict.ok, output.other, output.limit, output.note) == (True, "0", 3e-2, "matched by place")


def test_files_that_say_no_shape_are_told(tmp_path, x):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "000_0.bin").write_bytes(x.tobytes())
    with pytest.raises(UsageError) as caught:
        judged(tmp_path / "out", tmp_path / "out")
    assert caught.value.message == (
        f"`{tmp_path / 'out'}` cannot be read: the folder holds .bin files, which say no shape: ais_bench writes .npy "
        "with --outfmt NPY"
    )


@pytest.mark.parametrize(
    ("command_line", "limit"),
    [
        (None, 3e-2),
        ("atc --model=m.onnx --soc_version=Ascend310P3", 3e-2),
        ("atc --precision_mode=must_keep_origin_dtype", 2e-3),
        ("atc --precision_mode_v2=origin --model=m.onnx", 2e-3),
        ("atc --precision_mode=allow_mix_precision", 3e-2),
    ],
)
def test_an_om_is_judged_by_its_precision_mode(command_line, limit):
    assert of_om(command_line) == limit


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.npz", b"nothing", "`{path}` cannot be read: "),
        ("a", None, "`{path}` cannot be read: the folder holds no .npy file"),
        ("a.txt", b"", "`{path}` is nothing that can be compared; allowed: a recipe (.yaml), an .onnx, an .om, a "),
        ("b.npz", "gone", "`{path}` does not exist; allowed: a recipe (.yaml), an .onnx, an .om, a bundle's folder, "),
    ],
)
def test_what_is_no_side_is_told(tmp_path, name, content, message):
    path = tmp_path / name
    if content is None:
        path.mkdir()
    elif content != "gone":
        path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        judged(path, path)
    assert caught.value.message.startswith(message.format(path=path))


# -- recipes: golden inputs and the task -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """What the tiny CLIP answers to its golden inputs, by output."""
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.mktemp("cache")
        patch.setenv("ASCENDC_CACHE", str(cache))
        with side(TINY, "reference") as recipe:
            golden = {face.part: recipe.golden(face.part) for face in recipe.faces}
            found = {name: np.array(array) for one in golden.values() for name, array in one.answers.items()}
        yield cache, found


@pytest.fixture
def clip(tiny, monkeypatch):
    """The same, with a store that has it."""
    monkeypatch.setenv("ASCENDC_CACHE", str(tiny[0]))
    return {name: array.copy() for name, array in tiny[1].items()}


def test_saved_towers_are_judged_by_the_plugin_jointly(clip, samples):
    verdict = judged(TINY, samples("out.npz", **clip))
    assert [(output.part, output.name) for output in verdict.outputs] == [
        ("image", "image_embeds"),
        ("text", "text_embeds"),
    ]
    assert verdict.samples == f"the golden inputs of {TINY}"
    assert verdict.task.ok
    assert verdict.task.summary.startswith("images found again 16 of 16, texts found again 16 of 16, top-1 agrees 16 ")


def test_a_tower_alone_is_judged_alone(clip, samples):
    verdict = judged(TINY, samples("out.npz", image_embeds=clip["image_embeds"]))
    assert (verdict.ok, verdict.task.summary) == (True, "images found again 16 of 16")
    assert verdict.notes == (f"not compared: text of {TINY}",)


def test_a_swapped_tower_is_refused_by_the_task(clip, samples):
    swapped = {"image_embeds": clip["text_embeds"], "text_embeds": clip["image_embeds"]}
    verdict = judged(TINY, samples("out.npz", **swapped), limit=100)
    assert all(output.ok for output in verdict.outputs)
    assert not verdict.task.ok
    assert not verdict.ok


def test_the_task_is_not_judged_where_outputs_are_refused(clip, samples):
    clip["text_embeds"][3, 5] = np.nan
    verdict = judged(TINY, samples("out.npz", **clip))
    assert (verdict.ok, verdict.task) == (False, None)
    assert verdict.notes == ("the task was not judged: outputs are refused",)


def test_the_reference_may_be_the_saved_side(clip, samples):
    verdict = judged(samples("out.npz", **clip), TINY)
    assert (verdict.ok, verdict.task.plugin) == (True, "clip")
    assert verdict.candidate.answered[0].engine == "PyTorch, fp32, on this CPU"


def test_pytorch_runs_on_samples_of_the_users_own(clip, samples):
    del clip
    pixels = np.random.default_rng(0).standard_normal((3, 3, 64, 64)).astype(np.float32)
    verdict = judged(TINY, TINY, samples(pixel_values=pixels), part="image")
    assert verdict.ok
    assert [output.figures.samples for output in verdict.outputs] == [3]
    assert verdict.reference.answered[0].engine.startswith("torch ")


def test_parts_that_do_not_match_are_told(clip, write, w):
    del clip
    path = write("a.onnx", LINEAR, w=w)
    with pytest.raises(UsageError) as caught:
        judged(TINY, path)
    assert caught.value.id == "ASC2803"
    assert caught.value.message == (
        "no part of one side is a part of the other: "
        f"`{TINY}` has image (image_embeds from pixel_values), text (text_embeds from input_ids); "
        f"`{path}` has one graph (y from x)"
    )
    with pytest.raises(UsageError) as caught:
        judged(TINY, path, part="sound")
    assert caught.value.message == f"`{TINY}` has no part `sound`; it has image, text"

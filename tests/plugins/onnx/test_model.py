from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from ascendc_plugins.onnx.model import Onnx

from ascendc import driver, graph, registry
from ascendc.errors import UsageError
from ascendc.model import AtcHints, Samples, Source, Use, Weights
from ascendc.stages.export import ExportSpec, export
from ascendc.stages.fix import FixSpec, fix
from ascendc.target import Batch, PartTarget

PICTURES = (
    "agraph (float[n, 3, 8, 8] pixels) => (float[n, 3] scores) { m = GlobalAveragePool(pixels) \n scores = Flatten(m) }"
)
FIXED = PICTURES.replace("n, 3, 8, 8", "2, 3, 8, 8").replace("n, 3]", "2, 3]")
NUMBERS = """agraph (int64[n, length] ids, float16[n, 4] x) => (float16[n, 4] y) {
    row = ReduceSum(ids, axis)
    half = Cast<to = 10>(row)
    y = Mul(half, x)
}"""
CLASSES = "agraph (float[n, 4] x) => (float[n, 4] y) { y = Softmax(x) }"


@pytest.fixture
def write(tmp_path):
    def make(text, name="model.onnx", opset=13, **initializers):
        proto = onnx.parser.parse_model(f'<ir_version: 7, opset_import: ["": {opset}]> {text}')
        proto.graph.initializer.extend(onnx.numpy_helper.from_array(data, n) for n, data in initializers.items())
        path = tmp_path / name
        path.write_bytes(proto.SerializeToString())
        return path

    return make


def model(path, **options):
    return Onnx(Source(str(path)), Onnx.Options(**options))


def refusal(action):
    with pytest.raises(UsageError) as caught:
        action()
    return caught.value.id, str(caught.value)


AXIS = np.array([1], np.int64)


def test_the_part_is_read_from_the_file(write):
    (part,) = model(write(PICTURES), part="resnet").parts()
    assert part.name == "resnet"
    assert [(t.name, t.dtype, t.shape) for t in part.inputs + part.outputs] == [
        ("pixels", "float32", ("batch", 3, 8, 8)),
        ("scores", "float32", ("batch", 3)),
    ]


def test_sizes_that_the_file_leaves_open_come_from_the_recipe(write):
    made = model(write(NUMBERS, axis=AXIS), inputs={"ids": {"shape": ["batch", 6], "below": 100}})
    (part,) = made.parts()
    assert [(t.name, t.dtype, t.shape) for t in part.inputs] == [
        ("ids", "int64", ("batch", 6)),
        ("x", "float16", ("batch", 4)),
    ]
    samples = made.samples(5, 0)
    assert len(samples.arrays) == 5
    assert samples.arrays[0]["ids"].shape == (6,)
    assert 50 < max(int(sample["ids"].max()) for sample in samples.arrays) < 100
    feeds = made.inputs("model", samples, Weights())
    assert {name: (str(array.dtype), array.shape) for name, array in feeds.items()} == {
        "ids": ("int64", (5, 6)),
        "x": ("float16", (5, 4)),
    }


def test_an_image_input_is_what_aipp_and_samples_derive_from(write, tmp_path, device_half):
    said = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.1], "resize_to": 10, "interpolation": "bicubic"}
    made = model(write(PICTURES), inputs={"pixels": {"image": said}})
    picture = made.parts()[0].inputs[0].image
    assert (picture.height, picture.width, picture.mean, picture.resize_to) == (8, 8, (0.4, 0.5, 0.6), 10)
    made.assets(tmp_path, Weights())
    assert json.loads((tmp_path / "preprocess.json").read_text())["input"] == "pixels"
    samples = made.samples(3, 0)
    assert all(image.shape[0] != image.shape[1] for image in samples.images)
    assert samples.arrays == ()
    feeds = made.inputs("model", samples, Weights())
    prepared = device_half("onnx").prepare("model", samples.images, (), (), tmp_path)
    np.testing.assert_allclose(prepared["pixels"], feeds["pixels"], atol=1e-5)


@pytest.mark.parametrize("said", [{"resize": "squash"}, {"resize_to": 6}, {}], ids=["squash", "smaller", "plain"])
def test_both_preprocessings_agree(write, tmp_path, device_half, said):
    made = model(write(PICTURES), inputs={"pixels": {"image": said}})
    made.assets(tmp_path, Weights())
    samples = made.samples(3, 1)
    prepared = device_half("onnx").prepare("model", samples.images, (), (), tmp_path)
    np.testing.assert_allclose(prepared["pixels"], made.inputs("model", samples, Weights())["pixels"], atol=1e-5)


def test_passes_that_are_safe_for_any_graph(write, workspace):
    made = model(write(PICTURES))
    assert Use.of("assert-static") not in made.fixes("model")
    exported = export(ExportSpec("model"), made, workspace)
    fixed = fix(FixSpec(made.fixes("model")), exported, registry.load(), workspace)
    assert dict(fixed.changes)["name-nodes"] == 2
    assert exported.opset == 13


def test_shape_operators_are_no_failure_here(write, workspace):
    made = model(
        write("agraph (float[n, 2] x) => (float[n, 2] y) { c = IsNaN(x) \n m = Neg(x) \n y = Where(c, m, x) }")
    )
    fixed = fix(FixSpec(made.fixes("model")), export(ExportSpec("model"), made, workspace), registry.load(), workspace)
    assert graph.load(fixed.graph, workspace).graph.num_nodes() == 3


def test_a_fixed_batch_can_be_freed(write, workspace):
    assert model(write(FIXED)).parts()[0].inputs[0].shape == (2, 3, 8, 8)
    made = model(write(FIXED), free_batch=True)
    assert made.parts()[0].outputs[0].shape == ("batch", 3)
    fixed = fix(FixSpec(made.fixes("model")), export(ExportSpec("model"), made, workspace), registry.load(), workspace)
    assert str(graph.load(fixed.graph, workspace).graph.outputs[0].shape) == "[batch,3]"


def test_files_are_the_model_its_external_data_and_the_labels(tmp_path, write):
    proto = onnx.load(write(NUMBERS, axis=AXIS))
    onnx.save(proto, tmp_path / "big.onnx", save_as_external_data=True, location="big.bin", size_threshold=0)
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    made = model(tmp_path / "big.onnx", labels=tmp_path / "labels.txt", inputs={"ids": {"shape": ["batch", 2]}})
    assert [path.name for path in made.files(Weights())] == ["big.onnx", "big.bin", "labels.txt"]
    (tmp_path / "assets").mkdir()
    made.assets(tmp_path / "assets", Weights())
    assert (tmp_path / "assets" / "labels.txt").read_text() == "cat\ndog\n"


@pytest.mark.parametrize("location", ["/dev/zero", "../outside.bin", "folder", "a\0b", "a" * 5000, "none.bin"])
def test_external_data_that_is_refused_later_is_not_even_read(tmp_path, write, location):
    (tmp_path / "outside.bin").write_bytes(AXIS.tobytes())
    (tmp_path / "model" / "folder").mkdir(parents=True)
    path = tmp_path / "model" / "big.onnx"
    onnx.save(
        onnx.load(write(NUMBERS, axis=AXIS)), path, save_as_external_data=True, location="w.bin", size_threshold=0
    )
    proto = onnx.load(path, load_external_data=False)
    proto.graph.initializer[0].external_data[0].value = location
    path.write_bytes(proto.SerializeToString())
    assert model(path).files(Weights()) == (path,)


def test_external_data_of_a_download_cache_is_named(tmp_path, write):
    proto = onnx.load(write(NUMBERS, axis=AXIS))
    onnx.save(proto, tmp_path / "big.onnx", save_as_external_data=True, location="big.bin", size_threshold=0)
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for name in ("big.onnx", "big.bin"):
        (snapshot / name).symlink_to(tmp_path / name)
    assert model(snapshot / "big.onnx").files(Weights()) == (snapshot / "big.onnx", snapshot / "big.bin")


@pytest.mark.parametrize(
    ("text", "image", "aipp", "hints"),
    [
        (PICTURES, {"pixels": {"image": {}}}, "rgb", AtcHints("NCHW", small_channel=True)),
        (PICTURES, {"pixels": {"image": {}}}, "none", AtcHints("NCHW")),
        (PICTURES, {}, "none", AtcHints("NCHW")),
        (CLASSES, {}, "none", AtcHints("ND")),
    ],
)
def test_hints_for_atc(write, text, image, aipp, hints):
    assert model(write(text), inputs=image).atc("model", PartTarget(Batch((1,)), aipp=aipp)) == hints


def test_the_verdict_on_classes(write):
    made = model(write(CLASSES))
    rows = np.array([[0.1, 0.7, 0.2], [0.6, 0.1, 0.3], [0.5, 0.5, 0.0]])
    wrong = np.array([[0.7, 0.1, 0.2], [0.6, 0.1, 0.3], [0.4, 0.6, 0.0]])
    same = made.judge({"model": {"y": rows}}, {"model": {"y": rows}})
    assert (same.ok, same.summary) == (True, "top-1 agrees 2 of 2")
    other = made.judge({"model": {"y": rows}}, {"model": {"y": wrong}})
    assert (other.ok, other.summary) == (False, "top-1 agrees 1 of 2")


def test_outputs_without_classes_leave_the_verdict_to_the_gate(write):
    maps = {"model": {"y": np.ones((2, 3, 4))}}
    verdict = model(write(CLASSES)).judge(maps, maps)
    assert (verdict.ok, verdict.summary) == (True, "no output ranks classes; the accuracy gate alone decides")


# -- refusals -----------------------------------------------------------------------------------------------------


def test_no_file(tmp_path):
    path = tmp_path / "none.onnx"
    assert refusal(model(path).parts) == ("ASC1351", f"the ONNX file `{path}` does not exist")


def test_no_onnx_file(tmp_path):
    path = tmp_path / "model.onnx"
    for content in (b"", b"\x89PNG\r\n\x1a\n and so on"):
        path.write_bytes(content)
        assert refusal(model(path).parts) == ("ASC1352", f"`{path}` is not an ONNX model, or only the beginning of one")


def test_no_labels_file(write, tmp_path):
    path = tmp_path / "labels.txt"
    assert refusal(lambda: model(write(CLASSES), labels=path)) == (
        "ASC1356",
        f"the labels file `{path}` does not exist",
    )


@pytest.mark.parametrize(
    ("text", "inputs", "id", "message"),
    [
        (PICTURES, {"pixel": {}}, "ASC1354", "the graph has no input `pixel`; allowed: pixels"),
        (
            NUMBERS,
            {},
            "ASC1355",
            (
                "input `ids` has the shape ?×?: every axis but the first must have a size\n"
                "  hint: set model.options.inputs.ids.shape, for example [batch, 1]"
            ),
        ),
        (
            NUMBERS,
            {"ids": {"shape": ["batch", 6, 1]}},
            "ASC1355",
            "input `ids` must have the shape ?×?, not batch×6×1",
        ),
        (CLASSES, {"x": {"shape": ["batch", 5]}}, "ASC1355", "input `x` must have the shape ?×4, not batch×5"),
        (
            NUMBERS,
            {"ids": {"shape": ["batch", 2**31 + 1]}},
            "ASC1355",
            "input `ids` has the shape batch×2147483649: more than 2147483648 elements",
        ),
        (CLASSES, {"x": {"shape": [8, 4]}}, "ASC1355", "axis 0 of input `x` must be `batch`: targets give the batch"),
        (
            CLASSES,
            {"x": {"image": {}}},
            "ASC1355",
            "input `x` must be float N×3×height×width for pictures, not float32 ?×4",
        ),
        (
            "agraph (float x) => (float y) { y = Abs(x) }",
            {},
            "ASC1355",
            "input `x` must have the shape (), not ()",
        ),
        (
            "agraph (float[2, 4] a, float[3, 4] b) => (float[5, 4] y) { y = Concat<axis = 0>(a, b) }",
            {},
            "ASC1355",
            "all inputs must share the batch on axis 0; they have `a` 2, `b` 3",
        ),
    ],
)
def test_interfaces_that_cannot_be(write, text, inputs, id, message):
    path = write(text, axis=AXIS) if text == NUMBERS else write(text)
    assert refusal(model(path, inputs=inputs).parts) == (id, message)


NUMPY = (
    "bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64"  # in the plugin's order
)


@pytest.mark.parametrize(
    ("type_", "size", "message"),
    [
        (0, 4, f"must be one of {NUMPY}, not UNDEFINED"),
        (99, 4, f"must be one of {NUMPY}, not the unknown element type 99"),
        (onnx.TensorProto.STRING, 4, f"must be one of {NUMPY}, not STRING"),
        (onnx.TensorProto.BFLOAT16, 4, f"must be one of {NUMPY}, not BFLOAT16"),
        (1, -3, "has the shape ?×-3: sizes must be positive, with at most 2147483648 elements"),
        (1, 2**40, "has the shape ?×1099511627776: sizes must be positive, with at most 2147483648 elements"),
    ],
    ids=["none", "unknown", "text", "bfloat16", "negative", "absurd"],
)
@pytest.mark.parametrize("side", ["input", "output"])
def test_tensors_that_cannot_be(write, side, type_, size, message):
    path = write(CLASSES)
    proto = onnx.load(path)
    (info,) = getattr(proto.graph, side)
    info.type.tensor_type.elem_type = type_
    info.type.tensor_type.shape.dim[1].dim_value = size
    path.write_bytes(proto.SerializeToString())
    assert refusal(model(path).parts) == ("ASC1353", f"`{info.name}` of `{path}` {message}")


def test_samples_that_lack_an_input(write):
    made = model(write(CLASSES))
    for arrays in ((), ({"z": np.ones(4)},)):
        assert refusal(lambda arrays=arrays: made.inputs("model", Samples(arrays=arrays), Weights())) == (
            "ASC1357",
            "every sample must hold an array `x`",
        )
    made = model(write(PICTURES), inputs={"pixels": {"image": {}}})
    assert refusal(lambda: made.inputs("model", Samples(), Weights())) == (
        "ASC1357",
        "input `pixels` needs pictures; the samples have none",
    )


def test_options_are_checked(write):
    from pydantic import ValidationError

    for wrong in ({"input": {}}, {"inputs": {"x": {"shapes": []}}}, {"part": "a/b"}, {"inputs": {"x": {"below": 0}}}):
        with pytest.raises(ValidationError):
            model(write(CLASSES), **wrong)


# -- through the driver -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (PICTURES, "{inputs: {pixels: {image: {mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}}}}"),
        (FIXED, "{}"),
        (FIXED, "{free_batch: true}"),
        (CLASSES, "{part: classes}"),
    ],
    ids=["pictures", "fixed batch", "freed batch", "numbers"],
)
def test_a_build_without_torch(write, tmp_path, text, options):
    import subprocess
    import sys

    write(text)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"version: 1\nmodel: {{plugin: onnx, source: model.onnx, options: {options}}}\ntargets: [{{soc: Ascend310}}]\n"
    )
    code = (
        "import sys; from pathlib import Path; from ascendc import driver\n"
        f"driver.build(Path({str(recipe)!r}), until='verify', output=Path({str(tmp_path / 'out')!r}))\n"
        "assert not {'torch', 'transformers'} & set(sys.modules), 'torch was imported'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert driver

from __future__ import annotations

import logging

import numpy as np
import onnx_ir as ir
import pytest
import safetensors.torch
import torch

from ascendc import graph
from ascendc.errors import StageError, UsageError
from ascendc.model import Part, Tensor
from ascendc.stages.export import TRACE_BATCH, ExportSpec, choose, export

X = Tensor("x", "float32", ("batch", 7, 64))


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.norm = torch.nn.LayerNorm(64)
        self.proj = torch.nn.Linear(64, 48)

    def forward(self, x):
        return self.proj(self.norm(x))


class Guest:
    """A plugin's model, as far as export reads it."""

    def __init__(self, module, inputs=(X,), path=None):
        self._module, self._path = module, path
        self._part = Part("main", inputs, (Tensor("y", "float32", ("batch", 7, 48)),))

    def parts(self):
        return (self._part,)

    def onnx(self, part):
        return self._path

    def module(self, part, weights, attention):
        self.attention = attention
        return self._module.eval()


@pytest.fixture
def layer():
    return Layer()


def exported(layer, workspace, **options):
    made = export(ExportSpec("main", **options), Guest(layer), workspace)
    return made, graph.load(made, workspace)


@pytest.mark.parametrize(("opset", "ir_version"), [(11, 7), (13, 7), (14, 7), (17, 8), (18, 8)])
def test_opset_and_ir_version_are_those_that_old_runtimes_read(layer, workspace, opset, ir_version):
    made, model = exported(layer, workspace, opset=opset)
    assert (made.opset, model.opset_imports[""], model.ir_version) == (opset, opset, ir_version)
    assert ("LayerNormalization" in {node.op_type for node in model.graph}) == (opset >= 17)


def test_the_graph_is_the_module_at_the_trace_batch(layer, workspace):
    import onnxruntime

    made, model = exported(layer, workspace)
    assert [(v.name, str(v.shape)) for v in model.graph.inputs] == [("x", f"[{TRACE_BATCH},7,64]")]
    assert [v.name for v in model.graph.outputs] == ["y"]
    path = graph.lay_out(made, workspace.store, workspace.folder / "run")
    x = np.random.default_rng(0).standard_normal((TRACE_BATCH, 7, 64)).astype(np.float32)
    (y,) = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})
    np.testing.assert_allclose(y, layer(torch.from_numpy(x)).detach().numpy(), atol=1e-5)


def test_weights_that_no_file_holds_are_written_once_outside_of_the_skeleton(layer, workspace):
    made, model = exported(layer, workspace)
    (blob,) = made.weights
    assert blob.size == 64 * 48 * 4
    assert made.borrowed == ()
    assert made.skeleton.size < 4096
    weight = model.graph.initializers["proj.weight"].const_value
    assert isinstance(weight, ir.ExternalTensor)
    np.testing.assert_array_equal(weight.numpy(), layer.proj.weight.detach().numpy())


@pytest.fixture
def on_disk(layer, tmp_path):
    """The layer's weights in a file, and the layer on top of them, as a plugin would map them."""
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(layer.state_dict(), path)
    layer.load_state_dict(safetensors.torch.load_file(path), assign=True)
    return path


@pytest.mark.parametrize("exporter", ["torchscript", "dynamo"])
def test_weights_that_are_mapped_from_a_file_of_the_model_stay_there(layer, on_disk, workspace, exporter):
    spec = ExportSpec("main", 18, exporter)
    made = export(spec, Guest(layer), workspace, {"d" * 64: on_disk})
    assert made.weights == ()
    assert made.borrowed == (graph.Borrowed("d" * 64, on_disk.stat().st_size),)
    model = graph.load(made, workspace, {"d" * 64: on_disk})
    [weight] = [v.const_value for v in model.graph.initializers.values() if v.const_value.nbytes >= graph.LARGE]
    assert weight.path == str(on_disk)
    np.testing.assert_array_equal(weight.numpy(), layer.proj.weight.detach().numpy())


def test_weights_that_were_changed_in_memory_are_written(layer, on_disk, workspace):
    with torch.no_grad():
        layer.proj.weight.mul_(2)
    made = export(ExportSpec("main"), Guest(layer), workspace, {"d" * 64: on_disk})
    assert made.borrowed == ()
    weight = graph.load(made, workspace).graph.initializers["proj.weight"].const_value
    np.testing.assert_array_equal(weight.numpy(), layer.proj.weight.detach().numpy())


def test_a_weight_that_two_layers_share_is_written_once(workspace):
    class Twice(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a = torch.nn.Linear(64, 64)
            self.b = torch.nn.Linear(64, 64)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x).relu())[..., :48]

    made, _ = exported(Twice(), workspace)
    assert sum(blob.size for blob in made.weights) == 64 * 64 * 4


def test_nodes_are_named_after_their_modules(layer, workspace):
    _, model = exported(layer, workspace, opset=17)
    names = ["/norm/LayerNormalization", "/proj/Transpose", "/proj/MatMul", "/proj/Add"]
    assert [node.name for node in model.graph] == names
    _, model = exported(layer, workspace, opset=18, exporter="dynamo")
    assert [node.name for node in model.graph] == names
    assert not any(node.metadata_props for node in model.graph)


@pytest.mark.parametrize(
    ("exporter", "opset", "said"),
    [
        ("auto", 13, "torchscript: it reaches opset 13, dynamo 18 and newer only"),
        ("auto", 18, "torchscript: it takes less time than dynamo"),
        ("dynamo", 18, "dynamo: as the recipe says"),
    ],
)
def test_the_exporter_that_is_taken_and_why(exporter, opset, said):
    assert str(choose(exporter, opset)) == said


@pytest.mark.parametrize("opset", [18, 20])
def test_both_exporters_give_graphs_that_answer_alike(layer, workspace, opset):
    import onnxruntime

    x = np.random.default_rng(0).standard_normal((TRACE_BATCH, 7, 64)).astype(np.float32)
    answers = []
    for exporter in ("torchscript", "dynamo"):
        made, _ = exported(layer, workspace, opset=opset, exporter=exporter)
        assert made.opset == opset
        path = graph.lay_out(made, workspace.store, workspace.folder / exporter)
        answers += onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})
    np.testing.assert_allclose(*answers, atol=1e-6)


@pytest.mark.parametrize("exporter", ["auto", "dynamo"])
def test_torch_says_nothing_to_the_user(layer, workspace, capfd, caplog, exporter):
    exported(layer, workspace, opset=18, exporter=exporter)
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_warning_that_is_not_known_to_be_noise_passes(workspace):
    import warnings

    class Warns(Layer):
        def forward(self, x):
            warnings.warn("this layer is odd", UserWarning, stacklevel=2)
            return super().forward(x)

    with pytest.warns(UserWarning, match="this layer is odd"):
        exported(Warns(), workspace)


def test_sdpa_needs_opset_14(layer, workspace):
    with pytest.raises(UsageError) as caught:
        exported(layer, workspace, opset=13, attention="sdpa")
    assert caught.value.id == "ASC1401"
    assert str(caught.value) == (
        "attention `sdpa` needs opset 14 or newer, not 13; allowed below: eager\n  hint: --set export.attention=eager"
    )


def test_attention_reaches_the_module(layer, workspace):
    guest = Guest(layer)
    export(ExportSpec("main", opset=17, attention="sdpa"), guest, workspace)
    assert guest.attention == "sdpa"


def test_dynamo_returns_another_opset_than_asked(layer, workspace):
    with pytest.raises(StageError) as caught:
        exported(layer, workspace, opset=13, exporter="dynamo")
    assert caught.value.id == "ASC1403"
    assert str(caught.value) == (
        "exporter `dynamo` returned opset 18 where 13 was asked for\n  hint: --set export.exporter=torchscript"
    )


def test_a_module_that_torch_cannot_export(workspace):
    class Odd(Layer):
        def forward(self, x):
            return torch.linalg.pinv(super().forward(x))

    with pytest.raises(StageError, match=r"^torch cannot export part `main`: .*linalg_pinv") as caught:
        exported(Odd(), workspace)
    assert caught.value.id == "ASC1402"


def test_an_axis_without_a_size(layer, workspace):
    guest = Guest(layer, (Tensor("x", "float32", ("batch", "length", 64)),))
    with pytest.raises(UsageError) as caught:
        export(ExportSpec("main"), guest, workspace)
    assert str(caught.value) == "axis `length` of input `x` must have a size to be traced at"


def test_an_input_that_the_module_ignores(workspace):
    class Ignores(Layer):
        def forward(self, x, mask):
            return super().forward(x)

    guest = Guest(Ignores(), (X, Tensor("mask", "int64", ("batch", 64))))
    with pytest.raises(StageError) as caught:
        export(ExportSpec("main"), guest, workspace)
    assert caught.value.id == "ASC1405"
    assert str(caught.value) == (
        "the graph of part `main` must have the inputs x, mask, not x: the module ignores or splits some"
    )


def test_an_onnx_file_enters_as_it_is(layer, workspace, tmp_path):
    _, model = exported(layer, workspace, opset=17)
    ir.external_data.load_to_model(model)
    path = tmp_path / "mine.onnx"
    ir.save(model, path)
    made = export(ExportSpec("main", opset=13), Guest(None, path=path), workspace)
    assert made.opset == 17

"""The float16 forecast against true float16, on the tiny trained CLIP, as it is and with faults planted in it.

``python -m benchmarks.forecast FOLDER`` (of ``ascendc build recipes/tiny-clip.yaml -o FOLDER``) measures, and writes
the table into docs/forecast.md. Two programs that know nothing of the forecast compute in half precision: PyTorch,
whose LayerNorm is one kernel, against the fused bound; ONNX's reference implementation in numpy, node by node, against
the unfused one. A fault changes weights so that the answers in float32 stay what they were.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from ascendc import onnx_file, registry
from ascendc.driver import prepare
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.modes import in_half
from ascendc.precision.units import Bound
from ascendc.runtime.metrics import relative_error
from ascendc.store import Store

Array = npt.NDArray[Any]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "forecast.md"
BEGIN, END = "<!-- python -m benchmarks.forecast writes from here -->", "<!-- to here -->\n"

CHANNELS = slice(3, 9)
LAYER = {"image": "vision_model.encoder.layers.1.self_attn", "text": "text_model.encoder.layers.1.self_attn"}


@dataclass(frozen=True)
class Fault:
    """A change of the value projection of one attention, and of the projection after it that undoes it."""

    name: str
    factor: float = 1
    """Channels of the values are multiplied by it."""
    offset: float = 0
    """It is added to them: attention weights add up to 1."""

    def plant(self, values: Array, value_bias: Array, out: Array, out_bias: Array) -> None:
        """Args: projections as (out, in), changed in place."""
        out_bias -= out[:, CHANNELS].sum(axis=1) * np.float32(self.offset)
        values[CHANNELS] *= np.float32(self.factor)
        value_bias[CHANNELS] = (value_bias[CHANNELS] + np.float32(self.offset)) * np.float32(self.factor)
        out[:, CHANNELS] /= np.float32(self.factor)


FAULTS = (
    Fault("as it is"),
    Fault("values + 100, taken off again", offset=100),
    Fault("values + 1000, taken off again", offset=1000),
    Fault("values × 2¹³, divided again", factor=2.0**13),
    Fault("values × 2¹⁶, divided again", factor=2.0**16),
)


@dataclass(frozen=True)
class Row:
    """One comparison; errors are of the distance between samples."""

    part: str
    fault: str
    fused: float
    torch: float
    unfused: float
    reference: float


def rows(folder: Path) -> Iterator[Row]:
    """Measure."""
    steps = prepare(ROOT / "recipes" / "tiny-clip.yaml", (), Store(), registry.load())
    for part in steps.parts:
        weights = steps.recipe.model.weights
        arrays = steps.model.inputs(part.name, steps.samples, weights)
        inputs = {name: np.asarray(array) for name, array in arrays.items()}
        for fault in FAULTS:
            module = steps.model.module(part.name, weights, steps.recipe.export.attention)
            _plant_module(module, LAYER[part.name], fault)
            model = onnx_file.load(folder / "models" / f"{part.name}.onnx")
            _plant_onnx(model, LAYER[part.name], fault)
            yield Row(
                part.name,
                fault.name,
                _forecast(model, inputs, "fused"),
                _half_torch(module, inputs),
                _forecast(model, inputs, "unfused"),
                _half_numpy(model, inputs),
            )


def _forecast(model: ir.Model, inputs: dict[str, Array], bound: Bound) -> float:
    forecaster = Forecaster(model, inputs, bound)
    return forecaster.worst(in_half(forecaster.units, "force_fp16"))


def _half_torch(module: Any, inputs: dict[str, Array]) -> float:
    import torch

    given = [torch.from_numpy(array) for array in inputs.values()]
    with torch.inference_mode():
        exact = module(*given)
        found = module.half()(*(one.half() if one.is_floating_point() else one for one in given))
    return _error(exact.numpy(), found.float().numpy())


def _half_numpy(model: ir.Model, inputs: dict[str, Array]) -> float:
    proto = ir.to_proto(model)
    exact = _run_numpy(proto, inputs)
    half = onnx.ModelProto.FromString(proto.SerializeToString())
    del half.graph.value_info[:]
    for tensor in half.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            name, array = tensor.name, numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), name))
    for node in half.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    given = {name: array.astype(np.float16) if array.dtype.kind == "f" else array for name, array in inputs.items()}
    with np.errstate(all="ignore"):
        found = _run_numpy(half, given)
    assert found.dtype == np.float16, found.dtype
    return _error(exact, found.astype(np.float32))


def _run_numpy(proto: onnx.ModelProto, inputs: dict[str, Array]) -> Array:
    found: Any = ReferenceEvaluator(proto).run(None, inputs)
    return np.asarray(found[0])


def _error(exact: Array, found: Array) -> float:
    return relative_error(exact, found) if np.isfinite(found).all() else float("inf")


def _plant_module(module: Any, layer: str, fault: Fault) -> None:
    state = {name: tensor.numpy() for name, tensor in module.state_dict().items()}  # the same memory
    fault.plant(*(state[_found(state, f"{layer}.{name}")] for name in _NAMES))


def _plant_onnx(model: ir.Model, layer: str, fault: Fault) -> None:
    arrays = {}
    for name in _NAMES:
        value = model.graph.initializers[_found(model.graph.initializers, f"{layer}.{name}")]
        assert value.const_value is not None
        array = value.const_value.numpy()
        arrays[value] = np.array(array.T if array.ndim > 1 else array)
    fault.plant(*arrays.values())
    for value, array in arrays.items():
        value.const_value = ir.tensor(np.ascontiguousarray(array.T), name=value.name)
    for value in model.graph.initializers.values():  # the reference implementation reads no other files
        assert value.const_value is not None
        value.const_value = ir.tensor(value.const_value.numpy(), name=value.name)


_NAMES = ("v_proj.weight", "v_proj.bias", "out_proj.weight", "out_proj.bias")


def _found(names: Any, wanted: str) -> str:
    """The exporter adds a number to some names, and a module may lie in another."""
    [found] = [str(name) for name in names if wanted in str(name)]
    return found


def table(found: list[Row]) -> str:
    """For the page."""
    lines = ["| part | | forecast, fused | PyTorch, half | ratio | forecast, unfused | numpy, half | ratio |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in found:
        pairs = ((row.fused, row.torch), (row.unfused, row.reference))
        cells = [cell for foretold, true in pairs for cell in (_said(foretold), _said(true), _said(foretold / true))]
        lines.append(f"| {row.part} | {row.fault} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _said(figure: float) -> str:
    if math.isnan(figure):  # both are infinite
        return "agree"
    return "lost" if math.isinf(figure) else f"{figure:.2g}"


def main(say: Callable[[str], None] = print) -> None:
    """Measure, print and write."""
    made = table(list(rows(Path(sys.argv[1]))))
    say(made)
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()

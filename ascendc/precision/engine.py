"""Graphs in onnxruntime whose weights stay where they are: mapped from their files, handed over without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, TensorProto, helper

from ascendc.errors import StageError
from ascendc.graph import LARGE, outline
from ascendc.runtime.onnx_session import failures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import onnx_ir as ir
    from onnx import GraphProto, ValueInfoProto

    Array = npt.NDArray[Any]


class Engine:
    """A graph made from a model, run as often as needed. Weights are read once, by whoever needs them first."""

    def __init__(self, model: ir.Model, graph: GraphProto, made: Sequence[ValueInfoProto]) -> None:
        """Open it.

        Args:
            model: where weights and opsets come from.
            graph: nodes, small initializers, inputs; large weights are added as inputs here.
            made: its outputs.

        Raises:
            StageError: onnxruntime does not take it (ASC2701).
        """
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types

        self._weights = _weights(model)
        for name, array in self._weights.items():
            elem = helper.np_dtype_to_tensor_dtype(array.dtype)
            graph.input.append(helper.make_tensor_value_info(name, elem, array.shape))
        # An output that is fed is not asked for: it would refer to memory that is given back after the run.
        self._fed = frozenset(value.name for value in graph.input)
        graph.output.extend(value for value in made if value.name not in self._fed)
        opsets = [helper.make_opsetid(domain, version) for domain, version in model.opset_imports.items()]
        proto = helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False  # what a run took is given back
        # In the order of the graph: by default, what leads to an output alone runs last, and all that it needs stays.
        options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are for who computes
        # As written: its own fusions would drop what is rounded here, and folding would copy the weights.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(
                proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except failures() as error:
            raise StageError("ASC2701", f"onnxruntime cannot compute the graph in float16: {error}") from error
        self._values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in self._weights.items()}
        self._names = [value.name for value in made]
        self._value = onnxruntime.OrtValue.ortvalue_from_numpy

    def run(self, feeds: Mapping[str, Array], only: Sequence[str] | None = None) -> dict[str, Array]:
        """Outputs by name.

        Args:
            feeds: the inputs.
            only: the outputs that are wanted; None: all.

        Raises:
            StageError: it fails on these inputs (ASC2702).
        """
        given = {name: self._value(np.ascontiguousarray(array)) for name, array in feeds.items()}
        names = self._names if only is None else list(only)
        asked = [name for name in names if name not in self._fed]
        try:
            found = self._session.run_with_ort_values(asked, {**self._values, **given})
        except failures() as error:
            raise StageError("ASC2702", f"onnxruntime fails on the samples: {error}") from error
        results = {**self._weights, **feeds, **{name: one.numpy() for name, one in zip(asked, found, strict=True)}}
        return {name: np.asarray(results[name]) for name in names}


def small(model: ir.Model) -> list[TensorProto]:
    """The initializers that go into a graph."""
    proto: ModelProto = outline(model)
    known = set(_weights(model))
    return [tensor for tensor in proto.graph.initializer if tensor.name not in known]


def _weights(model: ir.Model) -> dict[str, Array]:
    import onnx_ir as ir

    found = {}
    for name, value in model.graph.initializers.items():
        tensor = value.const_value
        if tensor is not None and (tensor.nbytes >= LARGE or isinstance(tensor, ir.ExternalTensor)):
            array = tensor.numpy()
            found[name] = array if array.flags.c_contiguous else np.ascontiguousarray(array)
    return found

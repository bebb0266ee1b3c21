"""Types and shapes of a graph that somebody brings, as far as ONNX infers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.graph import outline
from ascendc.passes import values

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

REFUSED = (ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError)
"""What libraries raise over graphs that they cannot handle, beside ValueError."""

_VECTOR = 1 << 20
"""Elements of something with one axis that ONNX may take for a shape: it lays them out number by number."""


def infer(model: ir.Model) -> str | None:
    """Give values of the graph and of the bodies in it the types and shapes that ONNX infers; why not, if it refuses.

    Unlike `ascendc.passes.values.infer` it takes what it gets: a file that somebody brings may contradict itself.
    """
    import onnx

    graph = model.graph
    made = [value for node in graph.all_nodes() for value in node.outputs]
    small = all(_is_small_vector(value) for value in (*graph.inputs, *graph.initializers.values(), *made))
    try:
        inferred = onnx.shape_inference.infer_shapes(values.bare(outline(model)), data_prop=small)
    except (
        onnx.shape_inference.InferenceError,
        onnx.checker.ValidationError,
        MemoryError,
        ValueError,
        *REFUSED,
    ) as error:
        return said(error)
    _take(model.graph, inferred.graph)
    return None


def _is_small_vector(value: ir.Value) -> bool:
    dims = values.dims(value)
    return dims is None or len(dims) != 1 or not isinstance(dims[0], int) or dims[0] <= _VECTOR


def _take(graph: ir.Graph, inferred: onnx.GraphProto) -> None:
    """Copy inferred types and shapes, by name, and those of bodies (If, Loop), by node."""
    import onnx_ir as ir

    known = {info.name: info.type for info in (*inferred.value_info, *inferred.output) if info.HasField("type")}
    for node, proto in zip(graph, inferred.node, strict=True):
        for output in node.outputs:
            if (found := known.get(output.name or "")) is not None:
                output.type = ir.serde.deserialize_type_proto_for_type(found)
                output.shape = ir.serde.deserialize_type_proto_for_shape(found)
        for attribute in proto.attribute:
            inside = node.attributes.get(attribute.name)
            if inside is not None and inside.type == ir.AttributeType.GRAPH:
                _take(inside.as_graph(), attribute.g)


def said(error: BaseException) -> str:
    """What went wrong at the root of an error, in a line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"

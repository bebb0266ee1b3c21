"""Reading and making values: what every pass of the library does with constants and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import StageError
from ascendc.graph import outline

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import onnx
    import onnx_ir as ir

    Array = npt.NDArray[Any]


def array(value: ir.Value | None) -> Array | None:
    """What a constant value holds (an initializer or the output of a Constant node); None for anything else."""
    import onnx_ir as ir

    tensor = None if value is None else ir.convenience.get_const_tensor(value)
    return None if tensor is None else tensor.numpy()


def scalar(value: ir.Value | None) -> float | None:
    """A constant of one element as a number; None for anything else."""
    data = array(value)
    return float(data.reshape(())) if data is not None and data.size == 1 and data.dtype != bool else None


def constant(model: ir.Model, name: str, data: Array) -> ir.Value:
    """A new initializer, called `name` or, where that is taken, `name` and a number."""
    import onnx_ir as ir

    taken, unique, n = model.graph.initializers, name, 1
    while unique in taken:
        unique, n = f"{name}_{n}", n + 1
    value = ir.val(unique, const_value=ir.tensor(np.ascontiguousarray(data), name=unique))
    model.graph.register_initializer(value)
    return value


def dims(value: ir.Value | None) -> tuple[int | str | None, ...] | None:
    """The shape as plain Python: sizes, names of symbolic axes, None for unknown ones; None without a rank."""
    if value is None or value.shape is None:
        return None
    return tuple(axis if isinstance(axis, int) else axis.value for axis in value.shape)


def producer(value: ir.Value | None, *op_types: str) -> ir.Node | None:
    """The node of the default domain that makes `value`, if it is of one of `op_types`."""
    node = None if value is None else value.producer()
    return node if node is not None and node.domain == "" and node.op_type in op_types else None


def attribute(node: ir.Node, name: str, default: Any) -> Any:
    """The value of an attribute, or `default` where the node leaves it out."""
    found = node.attributes.get(name)
    return default if found is None else found.value


def nodes(model: ir.Model, *op_types: str) -> Iterator[ir.Node]:
    """The nodes of the main graph of these types of the default domain; safe while the graph changes."""
    return (node for node in tuple(model.graph) if node.domain == "" and node.op_type in op_types and node.graph)


def replace(old: ir.Value, new: ir.Value) -> None:
    """Let `new` stand wherever `old` is used, as an output of the graph too, under the name of that output.

    Where `new` has a name to keep (an input, an initializer or another output of the graph) it stays, and an Identity
    of it becomes the output.
    """
    import onnx_ir as ir

    if old.is_graph_output() and keeps_its_name(new):
        node = old.producer()
        assert node is not None
        assert node.graph is not None
        copy = ir.node("Identity", [new], name=f"{node.name}/Identity" if node.name else None)
        node.graph.insert_before(node, copy)
        new = copy.outputs[0]
    if old.is_graph_output():
        old.name, new.name = None, old.name
        new.shape, new.type = old.shape, old.type
    ir.convenience.replace_all_uses_with(old, new, replace_graph_outputs=True)


def keeps_its_name(value: ir.Value) -> bool:
    """Whether a value cannot become an output of the graph: it is one, or no node makes it."""
    return value.is_graph_output() or value.producer() is None


def sweep(model: ir.Model) -> None:
    """Remove nodes and initializers that nothing uses any more."""
    import onnx_ir.passes.common as common

    common.RemoveUnusedNodesPass()(model)


def bare(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Make inputs of the initializers whose content lies elsewhere: what checks a graph would want to read them."""
    import onnx

    inside, given = [], {info.name for info in proto.graph.input}
    for tensor in proto.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            inside.append(tensor)
        elif tensor.name not in given:
            proto.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(inside)
    return proto


def infer(model: ir.Model) -> None:
    """Give every value the type and shape that ONNX infers, forgetting what was recorded before.

    Raises:
        StageError: the graph contradicts itself (ASC1504).
    """
    import onnx
    import onnx_ir as ir

    proto = bare(outline(model))
    del proto.graph.value_info[:]
    try:
        inferred = onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise StageError("ASC1504", f"the graph contradicts itself: {' '.join(str(error).split())}") from error
    known = {info.name: info for info in (*inferred.graph.value_info, *inferred.graph.output)}
    for node in model.graph:
        for output in node.outputs:
            if (info := known.get(output.name or "")) is not None:
                output.type = ir.serde.deserialize_type_proto_for_type(info.type)
                output.shape = ir.serde.deserialize_type_proto_for_shape(info.type)
            elif not output.is_graph_output():
                output.shape = None

"""Graphs inside nodes (If, Loop, Scan): what they take from around them, and their own nodes in float16."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import AttributeProto, GraphProto, NodeProto

from ascendc.graph import outline
from ascendc.passes import values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    import onnx_ir as ir

    Round = Callable[[str, str], list[NodeProto]]
    """Nodes that make the second name from the first, rounded."""


def captured(node: ir.Node) -> tuple[ir.Value, ...]:
    """Values from around a node that its graphs use, each once."""
    found: dict[ir.Value, None] = {}
    for graph in _graphs(node):
        own = {*graph.inputs, *graph.initializers.values(), *(value for inner in graph for value in inner.outputs)}
        used = [value for inner in graph for value in (*inner.inputs, *captured(inner))]
        found.update((value, None) for value in (*used, *graph.outputs) if value is not None and value not in own)
    return tuple(found)


def infer(model: ir.Model) -> frozenset[str]:
    """Names of the float32 values that nodes inside of nodes make."""
    import onnx

    if not any(_graphs(node) for node in model.graph):
        return frozenset()
    inferred = onnx.shape_inference.infer_shapes(values.bare(outline(model)), data_prop=True)
    known = [info for graph in _inside(inferred.graph) for info in (*graph.value_info, *graph.output)]
    return frozenset(info.name for info in known if info.type.tensor_type.elem_type == onnx.TensorProto.FLOAT)


def rewrite(node: NodeProto, names: Mapping[str, str], floats: Collection[str], round_: Round | None) -> None:
    """Change the graphs of a node in place.

    Args:
        node: with graphs, or without.
        names: what values from around it are called now.
        floats: what `infer` gave.
        round_: how its nodes round; None: they do not.
    """
    for graph in _bodies(node):
        own = {value.name for value in (*graph.input, *graph.initializer)}
        own.update(name for inner in graph.node for name in inner.output)
        outer = {name: new for name, new in names.items() if name not in own}
        made: list[NodeProto] = []
        for inner in graph.node:
            rewrite(inner, outer, floats, round_)
            inner.input[:] = [outer.get(name, name) for name in inner.input]
            rounded = [] if round_ is None else [name for name in inner.output if name in floats]
            inner.output[:] = [f"{name}@raw" if name in rounded else name for name in inner.output]
            made.append(inner)
            for name in rounded:
                made += round_(f"{name}@raw", name) if round_ else []
        for value in graph.output:
            value.name = outer.get(value.name, value.name)
        copies = [NodeProto.FromString(one.SerializeToString()) for one in made]
        del graph.node[:]
        graph.node.extend(copies)


def _graphs(node: ir.Node) -> list[ir.Graph]:
    import onnx_ir as ir

    return [one.as_graph() for one in node.attributes.values() if one.type == ir.AttributeType.GRAPH]


def _bodies(node: NodeProto) -> list[GraphProto]:
    return [attribute.g for attribute in node.attribute if attribute.type == AttributeProto.GRAPH]


def _inside(graph: GraphProto) -> Iterator[GraphProto]:
    for node in graph.node:
        for body in _bodies(node):
            yield body
            yield from _inside(body)

"""A graph taken apart into what `ascendc.cann.operators` judges: plain nodes, without ONNX's classes."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.cann.operators.verdict import Call
from ascendc.cann.outline import DTYPES, Port

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx_ir as ir

    from ascendc.folded import Folded


@dataclass(frozen=True)
class Calls:
    """What is judged of a graph, whatever the SoC."""

    nodes: tuple[Call, ...]
    """Those that are left once constants are folded; of bodies (If, Loop) too."""
    gone: tuple[Call, ...]
    """Those of the file that folding removed: no engine is asked for them, but the parser reads them."""
    opsets: Mapping[str, int]
    """By domain; empty: ONNX's own."""
    functions: frozenset[tuple[str, str]]
    """Domain and name of the functions that the model defines."""
    dynamic: bool
    """Whether an input's shape is open."""


def calls(graph: Folded) -> Calls:
    """Take `graph` apart."""
    model = graph.model
    ports = [port for port in map(_port, model.graph.inputs) if port]
    return Calls(
        tuple(_call(node, node in graph.twins) for node in model.graph.all_nodes()),
        tuple(_call(node, node in graph.twins) for node in graph.gone),
        {_domain(domain): number for domain, number in model.opset_imports.items()},
        frozenset((_domain(domain), _text(name)) for domain, name in graph.functions),
        any(port.shape is None or any(isinstance(axis, str) for axis in port.shape) for port in ports),
    )


def _call(node: ir.Node, twin: bool) -> Call:
    return Call(
        _text(node.name),
        _text(node.op_type),
        _domain(node.domain),
        tuple(map(_port, node.inputs)),
        tuple(port for port in map(_port, node.outputs) if port),
        _attributes(node),
        twin,
        module_of(node),
    )


def _port(value: ir.Value | None) -> Port | None:
    if value is None:
        return None
    shape = value.shape
    dims = None if shape is None else tuple(n if isinstance(n, int) else _text(n.value) or "?" for n in shape)
    return Port(_text(value.name), None if value.dtype is None else DTYPES.get(int(value.dtype)), dims)


def _domain(said: str | bytes) -> str:
    return "" if said == "ai.onnx" else _text(said)


def _text(said: str | bytes | None) -> str:
    """A name; protobuf gives bytes where it is no UTF-8."""
    return said.decode(errors="replace") if isinstance(said, bytes) else said or ""


def _attributes(node: ir.Node) -> dict[str, tuple[int | float | str, ...]]:
    import onnx_ir as ir

    one = (ir.AttributeType.INT, ir.AttributeType.FLOAT, ir.AttributeType.STRING)
    many = (ir.AttributeType.INTS, ir.AttributeType.FLOATS, ir.AttributeType.STRINGS)
    found: dict[str, tuple[int | float | str, ...]] = {}
    for name, attribute in node.attributes.items():
        if attribute.is_ref():
            continue
        if attribute.type in one:
            found[name] = (attribute.value,)
        elif attribute.type in many:
            found[name] = tuple(attribute.value)
    return found


def module_of(node: ir.Node) -> str | None:
    """As the exporter recorded it.

    TorchScript's writes it into the node's name (``/text/layers.0/MatMul``), dynamo's into the metadata: a list, of
    which the last but one names the module.
    """
    scopes = node.metadata_props.get("pkg.torch.onnx.name_scopes")
    if scopes:
        try:
            names = ast.literal_eval(scopes)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
        return str(names[-2]) or None if isinstance(names, list) and len(names) > 1 else None
    name = _text(node.name)
    return ".".join(name.split("/")[1:-1]) or None if name.startswith("/") else None

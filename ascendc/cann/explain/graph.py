"""Nodes and operators that a log names, and where they are in the model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ascendc.cann.explain.seen import LISTED, NAMED, Seen
from ascendc.cann.explain.values import without_gear
from ascendc.cann.outline import Node

_INSERTED = re.compile(r"trans_(?:Cast|TransData)_\d+$")
"""Nodes that ATC puts in, where a type or a layout changes."""


def nodes(seen: Seen) -> Iterator[str]:
    """Nodes that the log names, by their own name or by one that ATC derived from it."""
    named = {} if seen.model is None else {node.name: node for node in seen.model.outline.nodes if node.name}
    for said in (*seen.values.nodes, *seen.values.quoted):
        node = named.get(said) or named.get(without_gear(said)) or named.get(said.rpartition(":")[0])
        if node is not None:
            inputs = seen.listed([name for name in node.inputs if name])
            yield seen.phrase("node", name=node.name, op=node.op, inputs=inputs)
        elif said in seen.values.nodes[:NAMED] and _INSERTED.match(said):
            yield seen.phrase("node_inserted", name=said)
        elif seen.model is None and said in seen.values.nodes[:NAMED]:
            yield seen.phrase("node_named", name=said)


def ops(seen: Seen) -> Iterator[str]:
    """Nodes of the operators that the log names, or nodes that ATC makes them of."""
    looked_up = {key.rpartition("::")[2] for key in seen.values.keys[:NAMED]}
    for op in seen.values.ops[:LISTED]:
        if seen.model is None:
            yield from () if op in looked_up else (seen.phrase("op_named", op=op),)
            continue
        every = seen.model.outline.nodes
        named = [node for node in every if node.op == op]
        sources = [] if named else [node for node in every if op in _made_of(node)]
        if named or sources:
            yield seen.phrase(
                "op_nodes" if named else "op_from",
                op=op,
                onnx=seen.listed(list(dict.fromkeys(node.op for node in sources))),
                count=len(named or sources),
                total=len(every),
                model=seen.model.name,
                names=seen.listed([_name(node) for node in named or sources]),
            )
        else:
            yield seen.phrase("op_absent", op=op, model=seen.model.name)


def duplicates(seen: Seen) -> Iterator[str]:
    """Names that several nodes have."""
    counts = Counter(node.name for node in (seen.model.outline.nodes if seen.model else ()) if node.name)
    for name, count in counts.most_common(LISTED):
        if count > 1:
            yield seen.phrase("duplicate", name=name, count=count)


def size(seen: Seen) -> Iterator[str]:
    """How large the model's file is."""
    if seen.model is not None:
        yield seen.phrase("size", model=seen.model.name, size=f"{seen.model.size / 1e9:.2f}")


def _made_of(node: Node) -> tuple[str, ...]:
    """The types that ATC makes of a node, by the table that ships with ascendc."""
    from ascendc.cann.operators.table import onnx

    known = onnx().get((node.domain, node.op))
    return () if known is None else (*known.ge, *known.beside)


def _name(node: Node) -> str:
    """A node's name, or its first output where it has none: ATC makes up a name that changes."""
    return node.name or next(iter(node.outputs), "?")

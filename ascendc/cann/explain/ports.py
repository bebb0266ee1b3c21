"""Inputs and outputs of the model, and names in a log that are none."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ascendc.cann.explain.seen import LISTED, NAMED, Seen
from ascendc.cann.explain.values import Values

_OPTIONS = frozenset(("input_shape", "input_shape_range", "input_fp16_nodes", "out_nodes", "output_type", "model"))
"""Options whose values have names of the model in them."""


def inputs(seen: Seen) -> Iterator[str]:
    """The inputs that the model really has."""
    if seen.model is None:
        return
    if not seen.model.outline.inputs:
        yield seen.phrase("no_inputs", model=seen.model.name)
    for port in seen.model.outline.inputs[:LISTED]:
        yield seen.phrase("input", port=port)


def outputs(seen: Seen) -> Iterator[str]:
    """The outputs that the model really has."""
    for port in seen.model.outline.outputs[:LISTED] if seen.model else ():
        yield seen.phrase("output", name=port.name)


def names(seen: Seen) -> Iterator[str]:
    """Names in the log that the model does not have, and what may have been meant."""
    quoted = [name for name in seen.values.quoted if not _is_option(name, seen.values)]
    said = list(seen.values.names) or quoted
    if seen.model is None:
        yield from (seen.phrase("name", name=name) for name in said[:NAMED])
        return
    outline = seen.model.outline
    fed = [port.name for port in outline.inputs]
    inside = {node.name for node in outline.nodes} | {name for node in outline.nodes for name in node.outputs}
    for name in said[:NAMED]:
        if name in fed:
            continue
        if name in inside:
            yield seen.phrase("inner", name=name)
            continue
        given = [port.name for port in outline.outputs]
        near = _near(name, fed + given) or (fed if len(fed) == 1 else [])
        yield seen.phrase(
            "not_in" if near else "not_in_none",
            name=name,
            model=seen.model.name,
            near=seen.phrase("or").join(f"`{one}`" for one in near),
        )


def symbolic(seen: Seen) -> Iterator[str]:
    """An ``--input_shape`` for the model, with 1 for a free batch and ? for what is not known."""
    if seen.model is None or not seen.model.outline.inputs:
        return
    shapes = []
    for port in seen.model.outline.inputs:
        axes = ["?"] if port.shape is None else [str(size) for size in port.shape]
        if port.shape and not _known(port.shape[0]):
            axes[0] = "1"
        shapes.append(f"{port.name}:{','.join(axis if _known(axis) else '?' for axis in axes)}")
    yield seen.phrase("shape", shape=";".join(shapes))


def _known(axis: int | str) -> bool:
    return str(axis).isdecimal() and int(axis) > 0


def _near(name: str, among: list[str]) -> list[str]:
    low = {one.lower(): one for one in among}
    return [low[one] for one in difflib.get_close_matches(name.lower(), low, 2, 0.6)]


def _is_option(name: str, values: Values) -> bool:
    bare = name.lstrip("-")
    return name.startswith("--") or bare in values.options or bare in _OPTIONS

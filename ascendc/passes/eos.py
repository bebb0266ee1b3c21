"""Pooling at the end-of-text token, without ArgMax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import StageError
from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir

_INDEX_ARITHMETIC = frozenset({"Add", "Cast", "Concat", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""What stands between ArgMax and the Gather it indexes."""


class EosPool(Pass):
    """``hidden[argmax]`` becomes a product of matrices that picks the first end-of-text token.

    1. ``hit[b, t]`` is 1 where ``ids == eos``: a comparison of integers, exact whatever ATC does to floats.
    2. ``rank = hit @ triangle``, with 1 on the diagonal and 2 above: ``rank[b, t]`` is 1 only where t is a hit and no
       hit came before. It is at most twice the context length, exact in fp16 up to a context of 1024.
    3. ``first = (rank == 1)`` has one 1 per text, so ``first @ hidden`` copies that row without rounding.

    It takes ``ArgMax(ids == eos)``, and ``ArgMax(ids)``, which old checkpoints use (``eos_token_id == 2`` in their
    configuration) and for which the option `eos` must name the largest id there is: the end-of-text token. Ids are
    an input that also picks the rows of an embedding: without a comparison, nothing else tells them from a mask.
    It leaves an ArgMax along another axis than the tokens, or of the last hit.
    A text without `eos` gives zeros, where ArgMax would silently give its first token.
    """

    NAME = "eos-pool"
    WHY = (
        "fp16 cannot tell the tokens 49392..49407 apart: ArgMax(ids) picks the start of the text. "
        "310 has fp16 ArgMax only, 310P no integer one."
    )
    CURES = ("argmax-pool",)

    def __init__(self, eos: int | None = None) -> None:
        """`eos`: the id of the end-of-text token, for graphs that take ArgMax of the ids themselves."""
        self.eos = eos

    def rewrite(self, model: ir.Model) -> int:
        """Rewrite every pooling by ArgMax over the tokens of an integer input.

        Raises:
            StageError: ArgMax of the ids themselves, and no option `eos` (ASC1511); or an ArgMax over the ids
                that ends in something else than one Gather, or moves off the token it found (ASC1512).
        """
        found = [(node, source) for node in values.nodes(model, "ArgMax") if (source := _source(node)) is not None]
        if found:
            values.infer(model)
        for argmax, (ids, eos) in found:
            self._rewrite(model, argmax, ids, self._eos(argmax, eos))
        return len(found)

    def _eos(self, argmax: ir.Node, compared: int | None) -> int:
        if compared is not None:
            return compared
        if self.eos is None:
            raise StageError(
                "ASC1511",
                f"`{argmax.name}` takes the ArgMax of the token ids; option `eos` must name the end-of-text id",
                hint="set the pass's option `eos` (49407 in CLIP's vocabulary)",
            )
        return self.eos

    def _rewrite(self, model: ir.Model, argmax: ir.Node, ids: ir.Value, eos: int) -> None:
        import onnx_ir as ir

        gather = _gather(argmax)
        hidden = _behind_views(gather.inputs[0])
        shape = values.dims(hidden)
        if hidden is None or shape is None or len(shape) != 3:
            raise StageError("ASC1512", f"`{gather.name}` must pick from hidden states of 3 axes, not {shape}")
        pooled = _last_view(gather.outputs[0], shape[-1])
        length, width = shape[1:]
        if isinstance(length, int):
            _check_offsets(argmax, length)
        if not isinstance(length, int) or not isinstance(width, int):
            raise StageError("ASC1512", f"the hidden states of `{gather.name}` must have known sizes, not {shape}")
        scope = argmax.name
        assert ids.dtype is not None
        assert hidden.dtype is not None
        floats = hidden.dtype.numpy()

        def constant(name: str, data: Any, dtype: Any) -> ir.Value:
            return values.constant(model, f"{scope}/{name}", np.array(data, dtype))

        made: list[ir.Node] = []

        def node(op: str, *inputs: ir.Value, **attributes: Any) -> ir.Value:
            made.append(ir.node(op, inputs, attributes, name=f"{scope}/{op}_{len(made)}"))
            return made[-1].outputs[0]

        triangle = 2 * np.triu(np.ones((length, length)), 1) + np.eye(length)
        to = int(hidden.dtype)
        hit = node("Cast", node("Equal", ids, constant("eos", eos, ids.dtype.numpy())), to=to)
        rank = node("MatMul", hit, constant("triangle", triangle, floats))
        first = node("Cast", node("Equal", rank, constant("one", 1, floats)), to=to)
        row = node("Reshape", first, constant("row", [0, 1, length], np.int64))
        picked = node("MatMul", row, hidden)
        flat = node("Reshape", picked, constant("flat", [0, width], np.int64))
        end = pooled.producer()
        assert end is not None
        model.graph.insert_after(end, made)
        values.replace(pooled, flat)
        values.sweep(model)


def _source(argmax: ir.Node) -> tuple[ir.Value, int | None] | None:
    """The token ids behind an ArgMax, and what they are compared with; None if these are no token ids."""
    value, compared = _through_casts(argmax.inputs[0]), None
    if (equal := values.producer(value, "Equal")) is not None:
        sides = [(a, values.scalar(b)) for a, b in (tuple(equal.inputs), tuple(reversed(equal.inputs)))]
        value, compared = next(((_through_casts(a), int(b)) for a, b in sides if b is not None), (None, None))
    if values.attribute(argmax, "axis", 0) not in (-1, 1) or values.attribute(argmax, "select_last_index", 0) != 0:
        return None
    if value is None or not value.is_graph_input() or not _is_integer(value):
        return None
    return (value, compared) if compared is not None or _embeds(value) else None


def _embeds(ids: ir.Value) -> bool:
    """Whether the ids pick rows of a Gather, over casts and reshapes."""
    return any(
        (reader.op_type == "Gather" and index == 1)
        or (reader.op_type in ("Cast", "Identity", "Reshape") and index == 0 and _embeds(reader.outputs[0]))
        for reader, index in ids.uses()
    )


def _through_casts(value: ir.Value | None) -> ir.Value | None:
    """What a chain of casts and reshapes began with."""
    while (node := values.producer(value, "Cast", "Reshape", "Identity")) is not None:
        value = node.inputs[0]
    return value


def _is_integer(value: ir.Value) -> bool:
    return value.dtype is not None and value.dtype.is_integer() and len(value.shape or ()) == 2


def _gather(argmax: ir.Node) -> ir.Node:
    """The one Gather or GatherND that the ArgMax indexes, over index arithmetic."""
    front, ends = [argmax], []
    while front:
        for reader in front.pop().outputs[0].consumers():
            if reader.op_type in ("Gather", "GatherND"):
                ends.append(reader)
            elif reader.op_type in _INDEX_ARITHMETIC:
                front.append(reader)
    if len(ends) != 1:
        names = ", ".join(f"`{end.name}`" for end in ends) or "none"
        raise StageError("ASC1512", f"`{argmax.name}` over token ids must index exactly one Gather, not {names}")
    return ends[0]


def _check_offsets(argmax: ir.Node, length: int) -> None:
    """Index arithmetic may add where each text begins (0, `length`, ...), or put its number before the index.

    Raises:
        StageError: it computes something else (ASC1512).
    """
    front = [argmax]
    while front:
        value = front.pop().outputs[0]
        for reader, index in value.uses():
            if reader.op_type not in _INDEX_ARITHMETIC:
                continue
            others = [other for at, other in enumerate(reader.inputs) if at != index]
            step = {"Add": length, "Concat": 1}.get(reader.op_type)
            if step is not None and not (len(others) == 1 and _counts(others[0], step, values.dims(value))):
                raise StageError(
                    "ASC1512",
                    f"`{reader.name}` ({reader.op_type}) moves the index of `{argmax.name}`; only the constant starts "
                    f"of the texts, in steps of {step}, may be there",
                )
            front.append(reader)


def _counts(value: ir.Value | None, step: int, shape: tuple[int | str | None, ...] | None) -> bool:
    """Whether `value` holds 0, `step`, 2 * `step`, ... in exactly that shape."""
    data = values.array(value)
    return data is not None and data.shape == shape and np.array_equal(data.ravel(), np.arange(data.size) * step)


def _behind_views(value: ir.Value | None) -> ir.Value | None:
    """What has 3 axes behind flattening reshapes."""
    while len(values.dims(value) or ()) != 3 and (view := values.producer(value, "Flatten", "Reshape")) is not None:
        value = view.inputs[0]
    return value


def _last_view(value: ir.Value, width: int | str | None) -> ir.Value:
    """The last of the reshapes after `value` that still hold one row of `width` per text."""
    while len(readers := value.consumers()) == 1 and readers[0].op_type in ("Reshape", "Squeeze"):
        shape = values.dims(readers[0].outputs[0])
        if shape is None or len(shape) != 2 or shape[1] != width:
            break
        value = readers[0].outputs[0]
    return value

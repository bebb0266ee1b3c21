"""What ``ascendc estimate`` says of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.cann.cost import encoder, published
from ascendc.cann.cost.bounds import Bound, Machine, bound
from ascendc.cann.cost.flops import flops
from ascendc.cann.cost.published import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ascendc.cann.cost.graph import Graph

QUANTIZED = frozenset(
    ["AscendDequant", "AscendQuant", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QuantizeLinear"]
)
"""Operators that tell a quantised graph."""

BASIS = "an estimate: bounds computed from FLOPs, bytes and figures of the chip; nothing was run or measured"

FORMULA = (
    "latency ≥ max(matrix FLOPs ÷ peak, (weights read + inputs + outputs) ÷ bandwidth), all through memory once; "
    "unfused = the sum over operators of max(matrix FLOPs ÷ peak, (inputs + outputs) ÷ bandwidth)"
)


@dataclass(frozen=True)
class Slow:
    """A node that the AI CPU would run."""

    name: str
    op: str
    why: str
    """Why no AI core takes it."""


@dataclass(frozen=True)
class Estimate:
    """Bounds of one model on one chip."""

    model: str
    """The file."""
    basis: str
    """What the figures are: never measured."""
    formula: str
    """How the figures are made."""
    chip: Machine
    bounds: tuple[Bound, ...]
    """One per batch."""
    fits: bool | None
    """Whether the largest batch's weights and activations fit the memory of CANN's platform list; None: not listed."""
    encoder: str | None
    """``12 layers, width 768, 50 tokens``; None for what has no attention over tokens."""
    ai_cpu: tuple[Slow, ...] | None
    """Nodes that would run on the AI CPU by CANN's operator tables: where data leaves the AI cores. The bounds do not
    hold their slowness. None: there is no table for this chip."""
    compared: tuple[Comparison, ...]
    """Published figures of the nearest models; empty if none is near."""
    notes: tuple[str, ...]
    """What could not be counted, and what else to mind."""


def estimate(
    model: str,
    graphs: Mapping[int, Graph],
    chip: Machine,
    ai_cpu: Sequence[Slow] | None = None,
    notes: Sequence[str] = (),
) -> Estimate:
    """The bounds of a model.

    Args:
        model: its name.
        graphs: it, by the number of items it takes at once; at least one.
        chip: where it would run.
        ai_cpu: nodes known to run on the AI CPU; None: nobody knows.
        notes: what to add to what is found here.
    """
    bounds = tuple(bound(graph, batch, chip) for batch, graph in graphs.items())
    batch, graph = next(iter(graphs.items()))
    shape = encoder.shape_of(graph, batch)
    most = max(bound.memory for bound in bounds)
    return Estimate(
        model=model,
        basis=BASIS,
        formula=FORMULA,
        chip=chip,
        bounds=bounds,
        fits=None if chip.memory is None else most <= chip.memory.value,
        encoder=str(shape) if shape else None,
        ai_cpu=None if ai_cpu is None else tuple(ai_cpu),
        compared=published.compare(shape, bounds, chip.soc) if shape and chip.precision != "fp32" else (),
        notes=(*notes, *_uncounted(graph), *_integers(graph, chip), *_doubts(chip)),
    )


def _uncounted(graph: Graph) -> tuple[str, ...]:
    """Operators whose arithmetic nobody here knows: their traffic is counted, their FLOPs are not."""
    unknown = [op.op for op in graph.ops if flops(op) is None]
    named = ", ".join(f"{unknown.count(op)} {op}" for op in dict.fromkeys(unknown))
    return (f"FLOPs not counted, bytes only: {named}",) if unknown else ()


def _integers(graph: Graph, chip: Machine) -> tuple[str, ...]:
    """Products of integers have a peak of their own, and a quarter of fp32's bytes."""
    if not any(op.op in QUANTIZED for op in graph.ops):
        return ()
    return (f"the graph is quantised: products of int8 may be up to twice as fast as these bounds in {chip.precision}",)


def _doubts(chip: Machine) -> tuple[str, ...]:
    hint = (
        f"the bandwidth of {chip.soc} is the compiler's hint, up to six times below the real one where both are known: "
        "where memory is the limit, real runs may be faster than these bounds"
    )
    quoted = f"the bandwidth of {chip.soc} is a figure in circulation; its product page was not checked"
    doubts = {"hint": hint, "quoted": quoted}
    return (doubts[chip.bandwidth.basis],) if chip.bandwidth.basis in doubts else ()

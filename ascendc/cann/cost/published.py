"""Figures that others have measured and published, and what share of its bound each is."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.cann.cost.bounds import bound, machine
from ascendc.cann.cost.encoder import Encoder, graph
from ascendc.cann.soc import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascendc.cann.cost.bounds import Bound
    from ascendc.cann.cost.encoder import Shape

_DATA = Path(__file__).parent.parent / "data" / "published.json"

NEAR = 1.0
"""Octaves, over layers, width and tokens together, up to which a published model says something about another."""


@dataclass(frozen=True)
class Published:
    """One model on one chip."""

    model: str
    soc: str
    source: str
    encoder: Encoder
    per_second: tuple[tuple[int, float], ...]
    """Batch and items a second."""
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """What a published figure says about an estimate."""

    model: str
    soc: str
    shape: str
    """``12 layers, width 768, 50 tokens``."""
    same: bool
    """Whether the estimated model has the same layers, width and tokens."""
    batch: int
    per_second: float
    """As published."""
    bound_per_second: float
    """The bound of the published model itself, at that batch on that chip in fp16."""
    share: float
    """The published figure as a share of that bound."""
    expected_per_second: float | None
    """The estimated model's bound at this batch times that share: an extrapolation; None for another chip or batch."""
    source: str
    note: str


@cache
def models() -> tuple[Published, ...]:
    """Everything published that we know of."""
    return tuple(
        Published(
            model["model"],
            model["soc"],
            model["source"],
            Encoder(**model["encoder"]),
            tuple((int(batch), fps) for batch, fps in model["per_second"].items()),
            model.get("note", ""),
        )
        for model in json.loads(_DATA.read_text(encoding="utf-8"))["models"]
    )


def nearest(shape: Shape, soc: str) -> tuple[Published, ...]:
    """The published models nearest to `shape`, one per chip, those on `soc` first; empty if none is near."""
    distances = {index: shape.distance(model.encoder.shape) for index, model in enumerate(models())}
    least = min(distances.values())
    if least > NEAR:
        return ()
    found = [models()[index] for index, distance in distances.items() if math.isclose(distance, least, abs_tol=1e-9)]
    own = [model for model in found if model.soc == soc]
    if not own:
        own = [
            models()[index]
            for index, distance in sorted(distances.items(), key=lambda item: item[1])
            if models()[index].soc == soc and distance <= NEAR
        ]
    others = {model.soc: model for model in reversed(found) if model.soc != soc}
    return (*own[:1], *others.values())


def compare(shape: Shape, bounds: Sequence[Bound], soc: str) -> tuple[Comparison, ...]:
    """The published figures nearest to a model of `shape` with `bounds` on `soc`, at the batches asked for."""
    return tuple(
        _compare(model, batch, fps, shape, {bound.batch: bound for bound in bounds}, soc)
        for model in nearest(shape, soc)
        for batch, fps in _batches(model, [bound.batch for bound in bounds]).items()
    )


def _batches(model: Published, asked: Sequence[int]) -> dict[int, float]:
    """Published batches among those asked for, or else the one nearest to the largest."""
    have = dict(model.per_second)
    next_best = min(have, key=lambda batch: abs(math.log2(batch / max(asked))))
    return {batch: have[batch] for batch in asked if batch in have} or {next_best: have[next_best]}


def _compare(model: Published, batch: int, fps: float, shape: Shape, bounds: dict[int, Bound], soc: str) -> Comparison:
    own = bound(graph(model.encoder, batch), batch, machine(table()[model.soc], "fp16"))
    share = fps / own.per_second
    here = bounds.get(batch) if model.soc == soc else None
    return Comparison(
        model=model.model,
        soc=model.soc,
        shape=str(model.encoder.shape),
        same=model.encoder.shape == shape,
        batch=batch,
        per_second=fps,
        bound_per_second=own.per_second,
        share=share,
        expected_per_second=here.per_second * share if here else None,
        source=model.source,
        note=model.note,
    )

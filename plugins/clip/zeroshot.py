"""The task verdict: does the candidate see, and match, as the reference does?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc import Judgement

from . import retrieval
from .counts import Count, tolerance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    Array = npt.NDArray[Any]

K = 5
"""Of top-5."""

ALIKE = 1e-6
"""What float32 rounds: relative distances and cosines below are none."""


def judge(reference: Mapping[str, Array], candidate: Mapping[str, Array]) -> Judgement:
    """Compare embeddings by part (``image``, ``text``), samples first.

    Of each tower alone: each candidate embedding, the common part of all taken off, is nearest to the reference of its
    own sample. Those that no other sample differs from tell nothing, and are not counted: one sample alone never is.

    Of both towers jointly, wherever the reference is decided: pictures keep their best text, and their five best;
    where pictures and texts are pairs, a query finds its partner among the first one and five as it did before, from
    pictures to texts and back. How texts are ordered beyond that (Spearman's rank correlation) and recalls are told,
    and are no gate: what rounding may turn, it turns.
    """
    broken = [
        part for part, rows in candidate.items() if not np.isfinite(rows).all() or rows.shape != reference[part].shape
    ]
    if broken or not candidate:
        return Judgement(ok=False, summary=f"embeddings of {' and '.join(broken) or 'no part'} cannot be compared")
    counts = [_found_again(part, reference[part], rows) for part, rows in candidate.items()]
    told: list[tuple[str, float]] = []
    said = list(counts)
    if {"image", "text"} <= set(candidate):
        wanted, got = _similarities(reference), _similarities(candidate)
        said += _top(wanted, got, 1, required=len(wanted) > 1)
        counts = [*said, *_top(wanted, got, K), *retrieval.agreements(wanted, got)]
        told = [("rank correlation, least", retrieval.least_rank_correlation(wanted, got))]
        told += retrieval.recalls(wanted, got)
    said += [count for count in counts if not count.ok and count not in said]
    return Judgement(
        ok=all(count.ok for count in counts),
        summary=", ".join(map(str, said)),
        figures=(*((count.name, count.right / max(count.total, 1)) for count in counts), *told),
    )


def _found_again(part: str, reference: Array, candidate: Array) -> Count:
    """How many candidates are nearest to their own reference; samples that repeat another count as found with it."""
    wanted, got = np.asarray(reference, np.float64), np.asarray(candidate, np.float64)
    middle = wanted.mean(axis=0)
    similarities = _unit(got - middle) @ _unit(wanted - middle).T
    found = np.diagonal(similarities) >= similarities.max(axis=1) - ALIKE
    told = ~np.all([_alike(wanted, row) for row in wanted], axis=1)
    return Count(f"{part}s found again", int((found & told).sum()), int(told.sum()), len(wanted) > 1)


def _alike(rows: Array, row: Array) -> Array:
    """Which rows are this one but for rounding."""
    same: Array = np.linalg.norm(rows - row, axis=1) <= ALIKE * np.linalg.norm(row)
    return same


def _top(wanted: Array, got: Array, k: int, *, required: bool = False) -> Iterator[Count]:
    """How many decided pictures (rows) keep their `k` best texts, and how many are decided; nothing of `k` texts."""
    if wanted.shape[1] <= k:
        return
    ranked = np.sort(wanted, axis=1)
    decided = ranked[:, -k] - ranked[:, -k - 1] > tolerance(wanted)
    mine, theirs = (np.sort(np.argsort(rows, axis=1)[:, -k:], axis=1) for rows in (wanted, got))
    same = (mine == theirs).all(axis=1)
    yield Count(f"top-{k} agrees", int((same & decided).sum()), int(decided.sum()), required)


def _similarities(embeds: Mapping[str, Array]) -> Array:
    """Cosines, pictures × texts."""
    cosines: Array = _unit(embeds["image"]) @ _unit(embeds["text"]).T
    return cosines


def _unit(rows: Array) -> Array:
    exact = np.asarray(rows, np.float64)
    unit: Array = exact / np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-30)
    return unit

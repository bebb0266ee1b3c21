"""Retrieval, where pictures and texts are pairs: who finds its partner, and how all others are ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .counts import Count, tolerance

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Array = npt.NDArray[Any]

KS = (1, 5)
"""Of recall@k."""


def agreements(wanted: Array, got: Array) -> Iterator[Count]:
    """Queries that find their partner among the first k, or miss it, as they did: both ways, where they are decided.

    Args:
        wanted: similarities of the reference, pictures × texts.
        got: of the candidate.
    """
    for name, mine, theirs in _ways(wanted, got):
        for k in KS:
            if k < len(mine):
                yield _same_hits(f"recall@{k} {name} agrees", mine, theirs, k)


def recalls(wanted: Array, got: Array) -> Iterator[tuple[str, float]]:
    """Recalls of both sides: shares of queries."""
    for name, mine, theirs in _ways(wanted, got):
        for k in KS:
            if k < len(mine):
                yield f"recall@{k} {name}, reference", float(_hits(mine, k).mean())
                yield f"recall@{k} {name}, candidate", float(_hits(theirs, k).mean())


def least_rank_correlation(wanted: Array, got: Array) -> float:
    """Spearman's, of the picture that has the least; 1 where there is nothing to order."""
    return min(_correlation(_ranks(mine), _ranks(theirs)) for mine, theirs in zip(wanted, got, strict=True))


def _ways(wanted: Array, got: Array) -> Iterator[tuple[str, Array, Array]]:
    if wanted.shape[0] == wanted.shape[1]:
        yield "image→text", wanted, got
        yield "text→image", wanted.T, got.T


def _same_hits(name: str, wanted: Array, got: Array, k: int) -> Count:
    others = np.where(np.eye(len(wanted), dtype=bool), -np.inf, wanted)
    decided = np.abs(np.diagonal(wanted) - np.sort(others, axis=1)[:, -k]) > tolerance(wanted)
    same = _hits(wanted, k) == _hits(got, k)
    return Count(name, int((same & decided).sum()), int(decided.sum()))


def _hits(similarities: Array, k: int) -> Array:
    """Of each row whether the column of the same number is among its `k` largest."""
    own = np.diagonal(similarities)[:, None]
    found: Array = (similarities > own).sum(axis=1) < k
    return found


def _correlation(mine: Array, theirs: Array) -> float:
    spread = mine.std() * theirs.std()
    return float(((mine - mine.mean()) * (theirs - theirs.mean())).mean() / spread) if spread else 1.0


def _ranks(values: Array) -> Array:
    """From 0; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (counts.cumsum() - (counts + 1) / 2)[place]
    return ranks

"""The task verdict: does the candidate see, and match, as the reference does?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Array = npt.NDArray[Any]

DECIDED = 0.05
"""The margin between the best and the second best text from which a picture counts as decided, in standard
deviations of its similarities. Relative, since random weights spread them a hundred times less than trained ones."""


def judge(reference: Mapping[str, Array], candidate: Mapping[str, Array]) -> Judgement:
    """Compare embeddings by part (``image``, ``text``), samples first.

    1. Each candidate embedding, the common part of all taken off, is nearest to the reference of its own sample.
    2. With both towers, each decided picture has the same best text.
    """
    broken = [
        part for part, rows in candidate.items() if not np.isfinite(rows).all() or rows.shape != reference[part].shape
    ]
    if broken or not candidate:
        return Judgement(ok=False, summary=f"embeddings of {' and '.join(broken) or 'no part'} cannot be compared")
    verdicts = [(f"{part}s found again", *_found_again(reference[part], rows)) for part, rows in candidate.items()]
    if {"image", "text"} <= set(candidate):
        verdicts.append(("top-1 agrees", *_agreement(_similarities(reference), _similarities(candidate))))
    return Judgement(
        ok=all(right == total > 0 for _, right, total in verdicts),
        summary=", ".join(f"{name} {right} of {total}" for name, right, total in verdicts),
        figures=tuple((name, right / max(total, 1)) for name, right, total in verdicts),
    )


def _found_again(reference: Array, candidate: Array) -> tuple[int, int]:
    """How many candidates are nearest to their own reference; samples that repeat another count as found with it."""
    middle = reference.mean(axis=0)
    similarities = _unit(candidate - middle) @ _unit(reference - middle).T
    own = np.diagonal(similarities)
    return int((own >= similarities.max(axis=1) - 1e-6).sum()), len(own)


def _agreement(reference: Array, candidate: Array) -> tuple[int, int]:
    """How many decided pictures keep their best text, and how many are decided."""
    ranked = np.sort(reference, axis=1)
    decided = ranked[:, -1] - ranked[:, -2:-1].max(axis=1, initial=-np.inf) > DECIDED * reference.std(axis=1)
    same = reference.argmax(axis=1) == candidate.argmax(axis=1)
    return int((same & decided).sum()), int(decided.sum())


def _similarities(embeds: Mapping[str, Array]) -> Array:
    """Cosines, pictures × texts."""
    cosines: Array = _unit(embeds["image"]) @ _unit(embeds["text"]).T
    return cosines


def _unit(rows: Array) -> Array:
    exact = np.asarray(rows, np.float64)
    unit: Array = exact / np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), 1e-30)
    return unit

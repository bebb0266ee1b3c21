"""The outputs of one part: refused first, then measured and held against a limit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ascendc.judge import match
from ascendc.judge.figures import figures
from ascendc.judge.refusal import refusal
from ascendc.judge.result import Output, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.judge.side import Answer


def judged(part: str, mine: Answer, theirs: Answer, limit: float) -> Iterator[Output]:
    """Hold each output of the reference against its partner.

    Args:
        part: its name.
        mine: the reference's answer.
        theirs: the candidate's.
        limit: what an output may be off.
    """
    for name, partner in match.outputs(mine.outputs, theirs.outputs).items():
        found = Output(part, name, partner.name, False, limit, None, None, "matched by place" * partner.by_place)
        if not partner.name:
            has = ", ".join(f"`{other}`" for other in theirs.outputs)
            yield replace(found, refused=Refusal("missing", f"the candidate has no such output; it has {has}", None, 0))
            continue
        one, other = mine.outputs[name], theirs.outputs[partner.name]
        if (refused := refusal(one, other)) is not None:
            yield replace(found, refused=refused)
            continue
        seen = figures(one, other)
        width = f"{other.dtype} against {one.dtype}" if one.dtype != other.dtype else ""
        note = ", ".join(filter(None, (found.note, width)))
        yield replace(found, figures=seen, ok=seen.error is not None and seen.error <= limit, note=note)

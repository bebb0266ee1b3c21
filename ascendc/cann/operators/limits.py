"""What ATC's parser, or the AI Core, does not take of an operator that is known."""

from __future__ import annotations

import math

from ascendc.cann.operators.table import Limit
from ascendc.cann.operators.verdict import Call, Verdict


def beyond(call: Call, limits: tuple[Limit, ...]) -> Verdict | None:
    """The first limit that a node is beyond; None if it keeps to all of them.

    A limit that the parser is known to have is no error of ours: releases differ in them.
    """
    for limit in limits:
        if (said := _said(call, limit)) is not None:
            return Verdict(limit.outcome, said)
    return None


def _said(call: Call, limit: Limit) -> str | None:
    name, allowed = limit.attribute, limit.values
    if name == "outputs":
        count = sum(1 for output in call.outputs if output.name)
        return f"ATC's parser gives {allowed[0]} of its outputs, not {count}" if count > _number(limit) else None
    given = call.attributes.get(name)
    if limit.rule == "required":
        return None if given else f"ATC's parser wants the attribute {name} to be written out"
    if not given:
        return None
    if limit.rule in ("refused", "ignored"):
        bad = next((value for value in given if value in allowed), None)
        verb = "refuses" if limit.rule == "refused" else "passes over"
        return None if bad is None else f"ATC's parser {verb} {name}={bad}"
    numbers = [value for value in given if isinstance(value, int)]
    if limit.rule == "product":
        return (
            _over(f"{name} of", math.prod(numbers), limit, "elements") if math.prod(numbers) > _number(limit) else None
        )
    if limit.rule == "most":
        return _over(name, max(numbers), limit, "") if numbers and max(numbers) > _number(limit) else None
    return (
        f"{name}={min(numbers)}; allowed: {allowed[0]} and more" if numbers and min(numbers) < _number(limit) else None
    )


def _over(name: str, number: int, limit: Limit, unit: str) -> str:
    where = "; the AI Core takes up to" if limit.outcome == "aicpu" else "; allowed: up to"
    return f"{name} {number} {unit}".rstrip() + f"{where} {limit.values[0]}"


def _number(limit: Limit) -> int:
    return int(limit.values[0])

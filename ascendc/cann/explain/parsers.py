"""Opsets: what ATC looked up among its ONNX parsers, what there is, and what the model declares."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ascendc.cann.explain.seen import NAMED, Seen
from ascendc.cann.explain.vocabulary import is_custom


def opset(seen: Seen) -> Iterator[str]:
    """What was looked up, what there would be, and the opset of the model."""
    asked, custom = None, False
    for key in seen.values.keys[:NAMED]:
        domain, version, op = key.split("::")
        if is_custom(domain, op):
            custom = True
            yield seen.phrase("key_custom", key=key)
            continue
        yield seen.phrase("key", key=key)
        if domain == "ai.onnx" and len(version) < 9:
            asked = int(version)
            yield from _parsers(op, asked, seen)
    declared = seen.model.outline.opset if seen.model else None
    if seen.model is not None and declared is not None and (asked is not None or not custom):
        name = "opset" if asked in (None, declared) else "opset_other"
        yield seen.phrase(name, model=seen.model.name, opset=declared, asked=asked)
        if asked is None and declared > _last():
            yield seen.phrase("opset_high", opset=declared, last=_last())


def domains(seen: Seen) -> Iterator[str]:
    """The domains of the model and their opsets."""
    listed: dict[str, list[str]] = {}
    for domain, version in seen.model.outline.opsets if seen.model else ():
        listed.setdefault(domain or "ai.onnx", []).append(str(version))
    for domain, versions in listed.items():
        yield seen.phrase("domain", domain=domain, opsets=seen.phrase("list").join(versions))


def _parsers(op: str, asked: int, seen: Seen) -> Iterator[str]:
    """At which opsets ATC has parsers, by the table that ships with ascendc."""
    from ascendc.cann.operators.table import document, onnx

    release = document("operators_onnx.json")["version"]
    known = onnx().get(("", op))
    if asked > _last():
        yield seen.phrase("opset_high", opset=asked, last=_last())
    elif known is None:
        yield seen.phrase("no_parser", op=op, release=release)
    elif asked in known.opsets:
        yield seen.phrase("parser_newer", op=op, opset=asked, release=release)
    else:
        yield seen.phrase("parsers", op=op, opsets=_ranges(known.opsets), release=release)


def _last() -> int:
    """The last opset with parsers for more than a few operators: where Identity ends, which every release has."""
    from ascendc.cann.operators.table import onnx

    return max(onnx()["", "Identity"].opsets)


def _ranges(numbers: Collection[int]) -> str:
    """``9–11, 16``."""
    firsts = [number for number in sorted(numbers) if number - 1 not in numbers]
    lasts = [number for number in sorted(numbers) if number + 1 not in numbers]
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in zip(firsts, lasts, strict=True))

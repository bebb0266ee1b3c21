"""A verdict for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.bench.table import columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.judge.result import Figures, Layer, Layers, Output, SideInfo, Task, Verdict

SHOWN = 12
"""Layers that are printed; ``--json`` has all."""

_HEADS = (
    "output",
    "error",
    "allowed",
    "cosine min",
    "median",
    "rel. L2",
    "max abs",
    "top-1",
    "top-5",
    "nearest",
)

_LAYER_HEADS = ("tensor", "error", "cosine min", "max abs")

_NONE = "–"


def lines(verdict: Verdict) -> Iterator[str]:
    """Everything, line by line."""
    yield f"{verdict.candidate.name} against {verdict.reference.name}: {'agrees' if verdict.ok else 'DIFFERS'}"
    for word, side in (("reference", verdict.reference), ("candidate", verdict.candidate)):
        yield from _side(word, side)
    yield f"  inputs: {verdict.samples}"
    compared = [output for output in verdict.outputs if output.figures]
    if compared:
        yield from columns([_HEADS, *(_row(one, one.figures) for one in compared if one.figures)])
        yield "  error: of the median distance between samples, worst sample; of integers the share that differs"
    for output in verdict.outputs:
        yield from _beyond(output)
    if verdict.task is not None:
        yield f"  task ({verdict.task.plugin}): {'ok' if verdict.task.ok else 'NO'}: {verdict.task.summary}"
        yield from _figures(verdict.task)
    for layers in verdict.layers:
        yield from _layers(layers)
    yield from (f"  note: {note}" for note in verdict.notes)


def _figures(task: Task) -> Iterator[str]:
    """Those that are not all; ``--json`` has every one."""
    less = [f"{name} {value:.4g}" for name, value in task.figures.items() if value != 1]
    yield from (f"    {figure}" for figure in less)
    yield f"    {len(task.figures) - len(less)} of {len(task.figures)} figures are 1"


def _side(word: str, side: SideInfo) -> Iterator[str]:
    for engine in dict.fromkeys(answered.engine for answered in side.answered):
        yield f"  {word}: {side.kind} {side.name}: {engine}"


def _row(output: Output, seen: Figures) -> tuple[str, ...]:
    mark = "" if output.ok else " !"
    return (
        f"{_name(output)}{mark}",
        _number(seen.error),
        f"{output.limit:g}",
        f"{seen.cosine_min:.7f}",
        f"{seen.cosine_median:.7f}",
        _number(seen.relative_l2),
        _number(seen.max_abs),
        *(_NONE if share is None else f"{share:.0%}" for share in (seen.top1, seen.top5, seen.neighbours)),
    )


def _beyond(output: Output) -> Iterator[str]:
    if output.refused is not None:
        yield f"  output {_name(output)}: REFUSED, {output.refused.reason}: {output.refused.text}"
    elif not output.ok and output.figures is not None:
        seen, where = output.figures, output.figures.where
        at = ", ".join(map(str, where.index))
        yield (
            f"  output {_name(output)}: {_number(seen.error)}, {output.limit:g} allowed; worst sample "
            f"{seen.worst_sample}; largest difference in sample {where.sample}, index [{at}]: "
            f"{_value(where.candidate)} for {_value(where.reference)}"
        )
    if output.note:
        yield f"  note: output {_name(output)} ({output.other}): {output.note}"


def _layers(found: Layers) -> Iterator[str]:
    part = f"{found.part}, " * bool(found.part)
    simulated = ", SIMULATED" * found.simulated
    yield (
        f"  layers: {part}{found.matched} of {found.total} tensors are on both sides; "
        f"{found.samples} samples, {found.limit:g} allowed{simulated}"
    )
    if found.first is None:
        yield "  no layer goes beyond"
    else:
        index = next(i for i, layer in enumerate(found.layers) if layer.tensor == found.first)
        yield f"  the first beyond: {found.first} ({_made(found.layers[index])}), layer {index + 1} of {found.matched}"
    rows = _shown(found)
    if rows:
        yield from columns([_LAYER_HEADS, *map(_layer, rows)])
    refused = [layer for layer in found.layers if layer.refused]
    yield from (f"  layer {layer.tensor}: REFUSED: {layer.refused}" for layer in refused[:SHOWN])
    if found.unmatched:
        some = ", ".join(found.unmatched[:3]) + (", …" if len(found.unmatched) > 3 else "")
        yield f"  not matched: {len(found.unmatched)}: {some} (--json)"


def _shown(found: Layers) -> list[Layer]:
    """Those around the first that goes beyond; else the worst, in the order of the graph."""
    compared = [layer for layer in found.layers if not layer.refused]
    if found.first is not None:
        places = [i for i, layer in enumerate(compared) if layer.tensor == found.first]
        start = max(0, places[0] - 2) if places else 0
        return compared[start : start + SHOWN]
    worst = sorted(compared, key=lambda layer: layer.error or 0.0)[-SHOWN:]
    return [layer for layer in compared if layer in worst]


def _layer(layer: Layer) -> tuple[str, ...]:
    mark = "" if layer.ok else " !"
    cosine = _NONE if layer.cosine_min is None else f"{layer.cosine_min:.7f}"
    return f"{layer.tensor}{mark}", _number(layer.error), cosine, _number(layer.max_abs)


def _made(layer: Layer) -> str:
    return f"{layer.op} {layer.node}".strip()


def _name(output: Output) -> str:
    return f"{output.part}: {output.name}" if output.part else output.name


def _number(number: float | None) -> str:
    return "infinite" if number is None else f"{number:.2g}"


def _value(number: float | None) -> str:
    return "not finite" if number is None else f"{number:.6g}"

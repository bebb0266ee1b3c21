"""The verdict on two sides: what is refused, then figures and limits by output, then the plugin's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ascendc.errors import UsageError
from ascendc.judge import match, saved
from ascendc.judge.figures import figures
from ascendc.judge.limits import HALF
from ascendc.judge.refusal import refusal
from ascendc.judge.result import Answered, Layers, Output, Refusal, SideInfo, Task, Verdict
from ascendc.judge.side import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ascendc.judge.match import Pair
    from ascendc.judge.side import Answer, Arrays, Face, Side
    from ascendc.model import Model


def compare(
    reference: Side,
    candidate: Side,
    samples: Path | None = None,
    part: str | None = None,
    limit: float | None = None,
    *,
    layered: bool = False,
) -> Verdict:
    """Hold the candidate's outputs against the reference's.

    Args:
        reference: what is right.
        candidate: what is asked about.
        samples: inputs, an ``.npz`` or a folder of ``.npy``; None: the golden inputs of a side that has some.
        part: of the sides that have several; None: all that both have.
        limit: what an output may be off; None: by what the sides are.
        layered: whether layers are looked at, too. They say where an error begins, and decide nothing, except where a
            side is dumps, which are all that it has.

    Raises:
        UsageError: parts do not match (ASC2803), layers cannot be had (ASC2811 to ASC2814), or there are no inputs
            that fit (ASC2804 to ASC2806).
        StageError: a side fails (ASC2807).
        EnvironmentLacksError: a side cannot be run here (ASC2808).
    """
    pairs = match.parts(reference, candidate, part)
    given = saved.read(samples) if samples is not None else None
    outputs: list[Output] = []
    wanted: dict[str, Arrays] = {}
    got: dict[str, Arrays] = {}
    answered: tuple[list[Answered], list[Answered]] = ([], [])
    notes: list[str] = []
    walked: list[Layers] = []
    dumps = layered and "dumps" in (reference.kind, candidate.kind)
    said = "no inputs: both sides were saved"
    for pair in pairs:
        inputs = inputs_for(pair, reference, candidate, samples, given)
        said = inputs.said if inputs else said
        if dumps:
            walked.append(_layers(pair, reference, candidate, inputs, limit if limit is not None else HALF))
            continue
        mine, theirs = reference.answer(pair.reference, inputs), candidate.answer(pair.candidate, inputs)
        for kept, face, answer in zip(answered, (pair.reference, pair.candidate), (mine, theirs), strict=True):
            kept.append(Answered(face.part or pair.part, answer.engine, answer.simulated, answer.allowed))
            notes += answer.notes
        partners = match.outputs(mine.outputs, theirs.outputs)
        allowed = limit if limit is not None else max(mine.allowed, theirs.allowed)
        outputs += _outputs(pair, mine, theirs, partners, allowed)
        wanted[pair.part] = mine.outputs
        got[pair.part] = {name: theirs.outputs[one.name] for name, one in partners.items() if one.name}
        if layered:
            notes += [_onnx_layers(side) for side in (reference, candidate) if side.kind == "bundle"]
            walked.append(_layers(pair, reference, candidate, inputs, allowed))
    notes = [*reference.notes, *candidate.notes, *notes, *_left_out(reference, candidate, pairs)]
    task = _task(reference.plugin or candidate.plugin, wanted, got, outputs)
    return Verdict(
        ok=all(output.ok for output in outputs)
        and (task is None or task.ok)
        and not (dumps and any(one.first for one in walked)),
        reference=SideInfo(reference.kind, reference.name, tuple(answered[0])),
        candidate=SideInfo(candidate.kind, candidate.name, tuple(answered[1])),
        samples=said,
        outputs=tuple(outputs),
        task=task,
        layers=tuple(walked),
        notes=tuple(
            dict.fromkeys((*reference.notes, *candidate.notes, *notes, *_left_out(reference, candidate, pairs)))
        ),
    )


def _layers(pair: Pair, reference: Side, candidate: Side, inputs: Inputs | None, limit: float) -> Layers:
    from ascendc.judge.layers import layers

    if inputs is None:
        raise UsageError("ASC2813", f"neither `{reference.name}` nor `{candidate.name}` has layers: both were saved")
    return layers(pair, reference, candidate, inputs, limit)


def _onnx_layers(side: Side) -> str:
    return f"layers of {side.name} are those of its ONNX files; an OM's are looked at where the OM itself is a side"


def inputs_for(
    pair: Pair, reference: Side, candidate: Side, samples: Path | None, given: Arrays | None
) -> Inputs | None:
    """The inputs of a part: the user's, else golden ones; None where both sides were saved.

    Raises:
        UsageError: there are none (ASC2804).
    """
    asked = [face for face in (pair.reference, pair.candidate) if face.inputs]
    if not asked:
        return None
    if given is not None:
        return Inputs(given, {}, {}, str(samples))
    for side, face in ((reference, pair.reference), (candidate, pair.candidate)):
        if (golden := side.golden(face.part)) is not None:
            return golden
    raise UsageError(
        "ASC2804",
        f"there are no inputs to ask `{reference.name}` and `{candidate.name}` with: neither has golden ones",
        hint="--samples FILE.npz|FOLDER, with an array for each input, samples first; or compare with a recipe or a "
        "bundle, whose golden inputs are used",
    )


def _outputs(
    pair: Pair, mine: Answer, theirs: Answer, partners: Mapping[str, match.Partner], limit: float
) -> Iterator[Output]:
    for name, partner in partners.items():
        found = Output(pair.part, name, partner.name, False, limit, None, None, "matched by place" * partner.by_place)
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


def _task(
    plugin: Model | None, wanted: Mapping[str, Arrays], got: Mapping[str, Arrays], outputs: list[Output]
) -> Task | None:
    """What the plugin says of what may be compared; None where it cannot be asked."""
    if plugin is None or not outputs or any(output.refused for output in outputs):
        return None
    said = plugin.judge(wanted, got)
    return Task(plugin.NAME, said.ok, said.summary, dict(said.figures))


def _left_out(reference: Side, candidate: Side, pairs: tuple[Pair, ...]) -> Iterator[str]:
    """Parts of a side that were not compared, since the other has none like them."""
    for side, faces in ((reference, [p.reference for p in pairs]), (candidate, [p.candidate for p in pairs])):
        left: list[Face] = [face for face in side.faces if face.part and face not in faces]
        if left:
            yield f"not compared: {', '.join(face.part for face in left)} of {side.name}"

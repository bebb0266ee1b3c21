"""The verdict on two sides: outputs part by part, then the plugin's; layers where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.errors import UsageError
from ascendc.judge import failures, match, saved
from ascendc.judge.limits import HALF
from ascendc.judge.outputs import judged
from ascendc.judge.result import Answered, Layers, Output, SideInfo, Task, Verdict
from ascendc.judge.side import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ascendc.judge.match import Pair
    from ascendc.judge.side import Answer, Arrays, Side

_BOTH_SAVED = "no inputs: both sides were saved"


@dataclass(frozen=True)
class _Part:
    """What was found of one part."""

    pair: Pair
    inputs: Inputs | None
    answers: tuple[Answer, Answer] | None
    """Of the reference and of the candidate; None: a side is dumps, which are no answer."""
    outputs: tuple[Output, ...] = ()
    layers: Layers | None = None


@dataclass(frozen=True)
class _Question:
    """Two sides, and what they are asked."""

    reference: Side
    candidate: Side
    samples: Path | None
    given: Arrays | None
    """What is in `samples`."""
    limit: float | None
    layered: bool

    @property
    def dumps(self) -> bool:
        """Whether layers are all that there is."""
        return self.layered and "dumps" in (self.reference.kind, self.candidate.kind)

    def ask(self, pair: Pair) -> _Part:
        """One part."""
        inputs = self._inputs(pair)
        if self.dumps:
            return _Part(pair, inputs, None, layers=self._layers(pair, inputs, self.limit or HALF))
        mine = self.reference.answer(pair.reference, inputs)
        theirs = self.candidate.answer(pair.candidate, inputs)
        limit = self.limit or max(mine.allowed, theirs.allowed)
        outputs = tuple(judged(pair.part, mine, theirs, limit))
        layers = self._layers(pair, inputs, limit) if self.layered else None
        return _Part(pair, inputs, (mine, theirs), outputs, layers)

    def _inputs(self, pair: Pair) -> Inputs | None:
        """The user's, else golden ones; None where both sides were saved.

        Raises:
            UsageError: there are none (ASC2804).
        """
        if not pair.reference.inputs and not pair.candidate.inputs:
            return None
        if self.given is not None:
            return Inputs(self.given, {}, {}, str(self.samples))
        for side, face in ((self.reference, pair.reference), (self.candidate, pair.candidate)):
            if (golden := side.golden(face.part)) is not None:
                return golden
        raise UsageError(
            "ASC2804",
            f"there are no inputs to ask `{self.reference.name}` and `{self.candidate.name}` with: "
            "neither has golden ones",
            hint="--samples FILE.npz|FOLDER, with an array for each input, samples first; or compare with a recipe or "
            "a bundle, whose golden inputs are used",
        )

    def _layers(self, pair: Pair, inputs: Inputs | None, limit: float) -> Layers:
        from ascendc.judge.layers import layers

        if inputs is None:
            said = f"neither `{self.reference.name}` nor `{self.candidate.name}` has layers: both were saved"
            raise failures.no_layers(said)
        return layers(pair, self.reference, self.candidate, inputs, limit)


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
    given = saved.read(samples) if samples is not None else None
    question = _Question(reference, candidate, samples, given, limit, layered)
    parts = [question.ask(pair) for pair in match.parts(reference, candidate, part)]
    outputs = tuple(output for one in parts for output in one.outputs)
    layers = tuple(one.layers for one in parts if one.layers is not None)
    task = _task(reference, candidate, parts)
    return Verdict(
        ok=all(output.ok for output in outputs)
        and (task is None or task.ok)
        and not (question.dumps and any(one.first for one in layers)),
        reference=_info(reference, parts, 0),
        candidate=_info(candidate, parts, 1),
        samples=next((one.inputs.said for one in parts if one.inputs is not None), _BOTH_SAVED),
        outputs=outputs,
        task=task,
        layers=layers,
        notes=tuple(dict.fromkeys(_notes(question, parts))),
    )


def _task(reference: Side, candidate: Side, parts: Sequence[_Part]) -> Task | None:
    """What the plugin says of what may be compared; None where there is none, or something is refused."""
    plugin = reference.plugin or candidate.plugin
    if plugin is None or any(output.refused for one in parts for output in one.outputs):
        return None
    wanted: dict[str, Arrays] = {}
    got: dict[str, Arrays] = {}
    for one in parts:
        if one.answers is not None:
            mine, theirs = one.answers
            wanted[one.pair.part] = mine.outputs
            got[one.pair.part] = {output.name: theirs.outputs[output.other] for output in one.outputs}
    if not wanted:
        return None
    said = plugin.judge(wanted, got)
    return Task(plugin.NAME, said.ok, said.summary, dict(said.figures))


def _info(side: Side, parts: Sequence[_Part], which: int) -> SideInfo:
    answered = []
    for one in parts:
        if one.answers is not None:
            answer = one.answers[which]
            answered.append(Answered(one.pair.part, answer.engine, answer.simulated, answer.allowed))
    return SideInfo(side.kind, side.name, tuple(answered))


def _notes(question: _Question, parts: Sequence[_Part]) -> Iterator[str]:
    sides = (question.reference, question.candidate)
    for side in sides:
        yield from side.notes
    for one in parts:
        for answer in one.answers or ():
            yield from answer.notes
    if any(output.refused for one in parts for output in one.outputs) and any(side.plugin for side in sides):
        yield "the task was not judged: outputs are refused"
    if question.given is not None and all(one.inputs is None for one in parts):
        yield f"nobody was asked {question.samples}: both sides were saved"
    for which, side in enumerate(sides):
        compared = [(one.pair.reference, one.pair.candidate)[which] for one in parts]
        left = [face.part for face in side.faces if face.part and face not in compared]
        if left:
            yield f"not compared: {', '.join(left)} of {side.name}"
        if question.layered and side.kind == "bundle":
            yield f"layers of {side.name} are those of its ONNX files; an OM's are looked at where it is a side itself"

"""The benchmark: each configuration and part in its own process, each answer judged, each row kept as it comes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ascendc import devices
from ascendc.bench import gears, setting
from ascendc.bench.child import ask
from ascendc.bench.configuration import FIXED, configurations
from ascendc.bench.gears import RULE, Scaling
from ascendc.bench.judgement import judge, limit_of
from ascendc.bench.result import Case, Results
from ascendc.bench.roofline import roofline
from ascendc.bench.subject import measurable
from ascendc.bench.work import Done, Opened, Request, Undone, WrongInput
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ascendc.bench.configuration import Configuration, Runtime
    from ascendc.bench.feeds import Given
    from ascendc.bench.subject import Measurable
    from ascendc.bench.work import Protocol
    from ascendc.devices import Device
    from ascendc.events import Listener
    from ascendc.runtime.manifest import Artefact
    from ascendc.torch_device import Precision


@dataclass(frozen=True)
class Asked:
    """What a user wants to know."""

    what: Path
    """A bundle's folder, or a recipe."""
    command: str
    """As it was typed, for the record."""
    runtimes: tuple[Runtime, ...]
    """None: PyTorch of a recipe, ONNX and OM of a bundle."""
    devices: tuple[Device, ...]
    precisions: tuple[Precision, ...]
    """Of PyTorch; none: the usual ones of each device."""
    protocol: Protocol
    given: Given
    overrides: tuple[str, ...] = ()
    target: str | None = None
    """Of a bundle; None: OMs of all, the ONNX of the first."""

    @property
    def wanted(self) -> tuple[Runtime, ...]:
        """The runtimes, by default those that `what` has."""
        usual: tuple[Runtime, ...] = ("onnx", "om") if self.what.is_dir() else ("torch",)
        return self.runtimes or usual


def measure(
    asked: Asked,
    keep: Callable[[Results], None] = lambda _: None,
    listen: Listener = lambda _: None,
) -> Results:
    """Measure all that was asked for.

    Args:
        asked: what.
        keep: is given what there is so far, after every row.
        listen: hears of the build, where one is needed.

    Returns:
        The results; after an interrupt those that there are, not `complete`.

    Raises:
        UsageError: what was given cannot be taken (ASC2603), or there is no such target (ASC2605).
        AscendcError: the recipe, the build or the bundle is at fault.
    """
    build = bool({"onnx", "om"} & set(asked.wanted))
    with measurable(asked.what, asked.overrides, build=build, listen=listen) as model:
        targets = _targets(asked, model)
        results = Results(
            command=asked.command,
            complete=False,
            model=model.subject,
            machine=setting.this_machine(),
            setting=setting.now(),
            runs=asked.protocol.runs,
            cases=(),
            scaling=(),
            notes=_notes(asked, targets),
        )
        keep(results)
        try:
            for configuration in configurations(asked.wanted, asked.devices, asked.precisions, targets):
                for case in _cases(asked, model, configuration):
                    results = replace(results, cases=(*results.cases, case))
                    keep(results)
        except KeyboardInterrupt:
            return _ended(results, complete=False)
        return _ended(results, complete=True)


def _ended(results: Results, *, complete: bool) -> Results:
    after = replace(results.setting, load_after=setting.load())
    return replace(results, complete=complete, setting=after, scaling=tuple(_scaling(results.cases)))


def _targets(asked: Asked, model: Measurable) -> tuple[str, ...]:
    if asked.target is not None and asked.target not in model.targets:
        allowed = ", ".join(model.targets) or "none, since nothing of a bundle is measured"
        raise UsageError("ASC2605", f"--target must be one of the bundle's targets: {allowed}; not `{asked.target}`")
    return (asked.target,) if asked.target is not None else model.targets


def _notes(asked: Asked, targets: Sequence[str]) -> tuple[str, ...]:
    if "om" in asked.wanted and "npu" not in asked.devices and targets:
        return ("no OM was tried: an OM runs on an NPU, and --devices names none",)
    return ()


def _cases(asked: Asked, model: Measurable, configuration: Configuration) -> Iterator[Case]:
    """Rows of a configuration; what is missing for all of it is found out once."""
    missing = _missing(model, configuration)
    for part in model.golden:
        own, blank = _own(asked, model, configuration, part)
        if missing or isinstance(own, str):
            yield from _without(blank, asked.protocol.batches, "unavailable", missing or str(own))
            continue
        for case in _run(own, blank, model):
            yield case
            if case.state == "unavailable" and not case.engine:
                missing = case.reason


def _missing(model: Measurable, configuration: Configuration) -> str:
    if configuration.runtime != "torch":
        return ""
    return model.no_pytorch or devices.why_not(configuration.device) or ""


def _own(asked: Asked, model: Measurable, configuration: Configuration, part: str) -> tuple[Request | str, Case]:
    """What the measuring process is asked for, or why it cannot be; and a row without figures."""
    artefact = model.artefact(part, configuration.target)
    precision = _precision(model, configuration, artefact, part)
    blank = _blank(configuration, precision, part)
    golden = model.golden[part]
    inputs, path = golden.inputs, model.recipe
    if configuration.runtime != "torch":
        if model.bundle is None or artefact is None:
            return f"the bundle's target `{configuration.target}` has no part `{part}`", blank
        path = model.bundle.folder / (artefact.onnx if configuration.runtime == "onnx" else artefact.om)
        if not path.is_file():
            return f"the bundle holds no OM for it: it was deferred, ./compile.sh {artefact.target} makes it", blank
        if configuration.runtime == "om" and artefact.aipp != "none":
            inputs = golden.pixels
    if not inputs:
        return "the OM takes pixels, and no picture is behind the golden samples", blank
    assert path is not None
    request = Request(
        configuration, part, path, model.overrides, asked.protocol, model.half, asked.given, inputs, started=0.0
    )
    return request, blank


def _precision(model: Measurable, configuration: Configuration, artefact: Artefact | None, part: str) -> str:
    if configuration.precision != FIXED:
        return configuration.precision
    if configuration.runtime == "om":
        return artefact.precision if artefact else ""
    # The passes leave a graph's float type as it was exported; its outputs have it.
    return "fp16" if any(array.dtype == "float16" for array in model.golden[part].outputs.values()) else "fp32"


def _run(request: Request, blank: Case, model: Measurable) -> Iterator[Case]:
    """Rows of a part, as its process tells them."""
    left = list(request.protocol.batches)
    row = blank
    with closing(ask(request)) as answers:
        for answer in answers:
            match answer:
                case WrongInput(message):
                    raise UsageError("ASC2603", message)
                case Opened():
                    row = replace(blank, engine=answer.engine, inputs=answer.inputs, cold_start=answer.cold_start)
                    if answer.simulated:
                        row = replace(row, origin="simulated", state="simulated", cold_start=None)
                    else:
                        row = replace(row, origin="measured", state="measured")
                case Done():
                    left.remove(answer.batch)
                    yield _row(row, answer, model)
                case Undone(batch, state, reason):
                    yield from _without(row, left if batch is None else [batch], state, reason)
                    left = [] if batch is None else [other for other in left if other != batch]


def _row(row: Case, done: Done, model: Measurable) -> Case:
    golden, artefact = model.golden[row.part], model.artefact(row.part, row.target)
    limit = limit_of(row, golden.limit, artefact)
    found = judge(golden.outputs, done.answers, limit)
    case = replace(row, batch=done.batch, validation=found)
    if case.state == "simulated":
        case = replace(case, reason="it ran on the simulated device: its times are not a chip's")
    if not found.ok:
        case = replace(case, state="refused", reason=found.complaint or _beyond(found.error, limit))
    if done.timed is None:
        return case
    timed = done.timed
    case = replace(
        case,
        latency=timed.latency,
        compute=timed.compute,
        whole=timed.whole,
        loads=timed.loads,
        memory=timed.memory,
        warm_up=timed.warm_up,
        samples_ms=timed.samples_ms,
    )
    if row.device == "npu" and row.origin == "measured" and model.bundle is not None:
        onnx = model.bundle.folder / (artefact or model.bundle.artefact(row.part)).onnx
        p50 = (timed.compute or timed.latency).p50_ms
        chip = artefact.soc if artefact and row.runtime == "om" else _chip(row.engine)
        case = replace(case, roofline=roofline(onnx, chip, row.precision, done.batch, p50))
    return case


def _chip(engine: str) -> str:
    """``torch 2.7.1 npu Ascend910B4 fp16 (autocast)``: the word after the device."""
    words = engine.split()
    return words[words.index("npu") + 1] if "npu" in words[:-1] else ""


def _beyond(error: float | None, limit: float) -> str:
    return f"its answers are wrong: {error:.2g} of the sample distance; allowed: {limit:.2g}"


def _blank(configuration: Configuration, precision: str, part: str) -> Case:
    return Case(
        runtime=configuration.runtime,
        device=configuration.device,
        precision=precision,
        target=configuration.target,
        part=part,
        batch=0,
        state="unavailable",
        reason="",
        origin=None,
        engine="",
        inputs=None,
        latency=None,
        compute=None,
        whole=None,
        loads=(),
        memory=None,
        cold_start=None,
        warm_up=None,
        validation=None,
        roofline=None,
        samples_ms=(),
    )


def _without(row: Case, batches: Sequence[int], state: Literal["unavailable", "failed"], reason: str) -> Iterator[Case]:
    for batch in batches:
        yield replace(row, batch=batch, state=state, reason=reason, origin=None)


def _scaling(cases: Sequence[Case]) -> Iterator[Scaling]:
    series: dict[tuple[Runtime, Device, str, str, str], dict[int, float]] = {}
    for case in cases:
        if case.state == "measured" and case.latency is not None:
            key = (case.runtime, case.device, case.precision, case.target, case.part)
            series.setdefault(key, {})[case.batch] = case.latency.p50_ms
    for key, medians in series.items():
        if len(medians) > 1:
            points = gears.points(medians)
            yield Scaling(*key, points=points, gears=gears.gears(points), rule=RULE)

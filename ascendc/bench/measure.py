"""The benchmark: each configuration and part in its own process, each answer judged, each row kept as it comes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascendc import devices
from ascendc.bench import setting
from ascendc.bench.child import ask
from ascendc.bench.configuration import FIXED, configurations
from ascendc.bench.result import Case, Results
from ascendc.bench.rows import TOGETHER, Row, Table, scalings
from ascendc.bench.subject import measurable
from ascendc.bench.work import Done, Opened, Request, Undone, Wanted, WrongInput
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ascendc.bench.configuration import Configuration, Runtime
    from ascendc.bench.feeds import Given
    from ascendc.bench.subject import Measurable
    from ascendc.bench.work import Protocol
    from ascendc.devices import Device
    from ascendc.events import Listener
    from ascendc.torch_device import Precision


Keep = Callable[[Results, Case], None]
"""Takes the results so far, and the row that is new in them."""


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
    parts: tuple[str, ...] = ()
    """Which; ``image+text`` is both together. None: each, and all together."""

    @property
    def wanted(self) -> tuple[Runtime, ...]:
        """The runtimes, by default those that `what` has."""
        usual: tuple[Runtime, ...] = ("onnx", "om") if self.what.is_dir() else ("torch",)
        return self.runtimes or usual


def measure(
    asked: Asked,
    keep: Keep = lambda *_: None,
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
        UsageError: what was given cannot be taken (ASC2603), or there is no such target (ASC2605) or part (ASC2612).
        AscendcError: the recipe, the build or the bundle is at fault.
    """
    build = bool({"onnx", "om"} & set(asked.wanted))
    with measurable(asked.what, asked.overrides, build=build, listen=listen) as model:
        targets, groups = _targets(asked, model), _groups(asked, model)
        blank = Results(
            command=_printable(asked.command),
            complete=False,
            model=model.subject,
            machine=setting.this_machine(),
            setting=setting.now(),
            runs=asked.protocol.runs,
            rounds=asked.protocol.effective_rounds,
            client_processes=asked.protocol.client_processes,
            cases=(),
            scaling=(),
            notes=_notes(asked, targets),
        )
        table = Table(model)
        complete = False
        with suppress(KeyboardInterrupt):
            for _ in range(blank.rounds):
                for configuration in configurations(asked.wanted, asked.devices, asked.precisions, targets):
                    for case in _run(asked, model, configuration, groups, table):
                        keep(replace(blank, cases=table.cases), case)
            complete = True
        notes = (*blank.notes, *_untaken(asked, table.cases))
        after = replace(blank.setting, load_after=setting.load())
        scaling = tuple(scalings(table.cases))
        return replace(blank, complete=complete, setting=after, cases=table.cases, scaling=scaling, notes=notes)


def _printable(command: str) -> str:
    """Without the bytes of a file's name that are no UTF-8, which JSON cannot hold."""
    return command.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _targets(asked: Asked, model: Measurable) -> tuple[str, ...]:
    if asked.target is not None and asked.target not in model.targets:
        allowed = ", ".join(model.targets) or "none, since nothing of a bundle is measured"
        raise UsageError("ASC2605", f"--target must be one of the bundle's targets: {allowed}; not `{asked.target}`")
    return (asked.target,) if asked.target is not None else model.targets


def _groups(asked: Asked, model: Measurable) -> Sequence[tuple[str, ...]]:
    """What has rows: each part, and all of them together, as one question needs them."""
    names = tuple(model.golden)
    each = [(name,) for name in names]
    groups = {TOGETHER.join(group): group for group in (each if len(names) == 1 else [*each, names])}
    for name in asked.parts:
        if name not in groups:
            raise UsageError("ASC2612", f"--parts must be among {', '.join(groups)}; not `{name}`")
    return [group for name, group in groups.items() if name in (asked.parts or groups)]


def _notes(asked: Asked, targets: Sequence[str]) -> tuple[str, ...]:
    if "om" in asked.wanted and "npu" not in asked.devices and targets:
        return ("no OM was tried: an OM runs on an NPU, and --devices names none",)
    return ()


def _untaken(asked: Asked, cases: Sequence[Case]) -> tuple[str, ...]:
    if asked.given and {case.inputs for case in cases} - {None} == {"golden"}:
        return ("what was given was not used: no row is made from it alone, so all ran on golden inputs",)
    return ()


def _run(
    asked: Asked, model: Measurable, configuration: Configuration, groups: Sequence[tuple[str, ...]], table: Table
) -> Iterator[Case]:
    """One round of a configuration."""
    missing = _missing(model, configuration)
    for parts in groups:
        row = Row(configuration, parts, tuple(_precision(model, configuration, part) for part in parts))
        batches = table.left(row, asked.protocol.batches)
        if not batches:
            continue
        request = missing or _request(asked, model, row, batches)
        if isinstance(request, str):
            yield from table.undone(row, batches, Undone(None, "unavailable", request))
            continue
        yield from _asked(request, row, table)


def _missing(model: Measurable, configuration: Configuration) -> str:
    if configuration.runtime != "torch":
        return ""
    return model.no_pytorch or devices.why_not(configuration.device) or ""


def _request(asked: Asked, model: Measurable, row: Row, batches: tuple[int, ...]) -> Request | str:
    """What the measuring process is asked for, or why it cannot be."""
    wanted = []
    for part in row.parts:
        one = _wanted(model, row.configuration, part)
        if isinstance(one, str):
            return one
        wanted.append(one)
    protocol = replace(asked.protocol, batches=batches)
    return Request(row.configuration, tuple(wanted), model.overrides, protocol, model.half, asked.given, started=0.0)


def _wanted(model: Measurable, configuration: Configuration, part: str) -> Wanted | str:
    golden, artefact = model.golden[part], model.artefact(part, configuration.target)
    inputs, path = golden.inputs, model.recipe
    if configuration.runtime != "torch":
        if model.bundle is None or artefact is None:
            return f"the bundle's target `{configuration.target}` has no part `{part}`"
        path = model.bundle.folder / (artefact.onnx if configuration.runtime == "onnx" else artefact.om)
        if not path.is_file():
            return f"the bundle holds no OM for it: it was deferred, ./compile.sh {artefact.target} makes it"
        if configuration.runtime == "om" and artefact.aipp != "none":
            inputs = golden.pixels
    if not inputs:
        return "the OM takes pixels, and no picture is behind the golden samples"
    assert path is not None
    return Wanted(part, path, inputs)


def _precision(model: Measurable, configuration: Configuration, part: str) -> str:
    if configuration.precision != FIXED:
        return configuration.precision
    artefact = model.artefact(part, configuration.target)
    if configuration.runtime == "om":
        return _word(artefact.precision) if artefact else ""
    # The passes leave a graph's float type as it was exported; its outputs have it.
    return "fp16" if any(array.dtype == "float16" for array in model.golden[part].outputs.values()) else "fp32"


def _asked(request: Request, row: Row, table: Table) -> Iterator[Case]:
    """Rows of a part, or of several together, as their process tells them."""
    left = list(request.protocol.batches)
    opened: Opened | None = None
    with closing(ask(request)) as answers:
        for answer in answers:
            match answer:
                case WrongInput(message):
                    raise UsageError("ASC2603", message)
                case Opened():
                    opened = answer
                case Done():
                    assert opened is not None
                    left.remove(answer.batch)
                    yield table.done(row, opened, answer)
                case Undone(batch):
                    without = left if batch is None else [batch]
                    yield from table.undone(row, without, answer)
                    left = [other for other in left if other not in without]


def _word(precision: str) -> str:
    """Of what a precision plan says, the recipe's word: ``auto: force_fp16, 8 of 312 nodes in float32``."""
    return "origin" if precision == "auto: must_keep_origin_dtype" else precision.partition(":")[0]

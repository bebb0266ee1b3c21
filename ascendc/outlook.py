"""What float16 will do to an ONNX file, or to each graph that a recipe's targets compile."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from ascendc import graph as graphs
from ascendc import machine, onnx_file, registry
from ascendc.dag import execute, order
from ascendc.devices import settle_npu
from ascendc.driver import crew, prepare
from ascendc.errors import UsageError
from ascendc.model import Use
from ascendc.plan import TargetSteps, command
from ascendc.precision import feeds
from ascendc.precision.forecast import Forecast, forecast
from ascendc.precision.forecaster import HEAVY, Forecaster, weight
from ascendc.precision.kept import Found
from ascendc.precision.ladder import LADDER, Ladder
from ascendc.precision.modes import in_half
from ascendc.stages import golden
from ascendc.stages.package import OM_LIMITS
from ascendc.store import Store
from ascendc.toolchain.process import stop_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    from ascendc.events import Listener
    from ascendc.precision.modes import Mode
    from ascendc.precision.rounding import Overflow
    from ascendc.precision.units import Bound

    Array = npt.NDArray[Any]

BLOCK = 1 << 20
"""Bytes of a block of memory that goes back as soon as it is freed, where weights are heavy: memory counts for more
than time then, and holes in the heap would take several times what is used."""


@dataclass(frozen=True)
class Subject:
    """What is asked about."""

    name: str
    """The file, or ``image @ card``."""
    model: ir.Model
    samples: Mapping[str, Array]
    said: str
    """Where the samples are from, in words."""
    mode: Mode
    limit: float
    modes: tuple[Mode, ...]
    """Those that a search may choose from."""
    exact: Mapping[str, Array] | None = None
    """Outputs in float32, where a reference has given them."""


@dataclass(frozen=True)
class Unfused:
    """The worst case: where ATC fuses nothing."""

    ok: bool
    worst: float | None
    """Of the worst output, as `rel_to_sample_distance`; None: a number is lost."""


@dataclass(frozen=True)
class Rewrite:
    """A graph pass, as a recipe's `passes` has it."""

    name: str
    options: dict[str, int | float | str | tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Outlook(Forecast):
    """A forecast, as the command prints it."""

    model: str
    """The file, or the part and its targets."""
    samples: str
    """Where they are from."""
    count: int
    """Samples."""
    unfused: Unfused | None
    """Looked at where the fused bound passes; None: it does not, or makes no difference."""
    kept: Found | None
    """What must stay in float32; None: nobody asked."""
    rewrites: tuple[Rewrite, ...] = ()
    """Of the graph, before `kept` is enough; usually none."""


def of_file(path: Path, samples: Path | None, mode: Mode | None, limit: float | None) -> Subject:
    """An ONNX file.

    Args:
        path: the file.
        samples: an ``.npz`` or a folder; None: they are drawn.
        mode: ATC's; None: its default.
        limit: None: that of bundles in float16.

    Raises:
        UsageError: the file is no model (ASC2301 to ASC2305), has functions of its own (ASC2719), or samples cannot be
            had (ASC2710, ASC2715).
    """
    model = onnx_file.load(path)
    if model.functions:
        domain, name, _ = next(iter(model.functions))
        raise UsageError(
            "ASC2719",
            f"`{path}` defines functions of its own (`{domain}:{name}`), which ATC does not take either",
            hint="onnx.inliner.inline_local_functions(model) of Python's onnx puts what they do in their place",
        )
    arrays = feeds.read(samples) if samples else feeds.drawn(model, str(path))
    said = str(samples) if samples else f"drawn from a normal distribution (seed {feeds.SEED})"
    limit = limit or OM_LIMITS["fp16"]
    return Subject(str(path), model, arrays, said, mode or "force_fp16", limit, (mode,) if mode else LADDER)


def of_recipe(
    path: Path,
    overrides: Sequence[str] = (),
    mode: Mode | None = None,
    limit: float | None = None,
    listen: Listener = lambda _: None,
) -> Iterator[Subject]:
    """The graphs of a recipe, once its build has come to `verify`; each part once for targets that share it.

    Args:
        path: the recipe.
        overrides: ``path.to.field=value``.
        mode: None: that of each target.
        limit: None: what each bundle allows.
        listen: hears the steps.

    Raises:
        AscendcError: as `ascendc.driver.build`.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    machine.parse_in_turn()
    settle_npu()
    store = Store()
    targets = TargetSteps(prepare(path, overrides, store, registry.load()))
    parts = targets.parts
    steps = order(
        (*(parts.verified(a.lowered, a.part) for a in targets.artefacts), *(parts.golden(part) for part in parts.parts))
    )
    done = execute(steps, store, listen, crew(), stop=stop_all, release=parts.model.release)
    asked: dict[tuple[Any, ...], list[str]] = {}
    for artefact in targets.artefacts:
        precision = artefact.target.part(artefact.part.name).precision
        asked.setdefault((artefact.part, artefact.lowered, precision), []).append(artefact.target.name)
    with store.steady_sources(), store.workspace(lambda _: None) as workspace:
        for (part, fixed, precision), names in asked.items():
            record = done[parts.golden(part)].result
            yield Subject(
                f"{part.name} @ {', '.join(names)}",
                graphs.load(done[fixed].result.graph, workspace, parts.sources),
                golden.read(record.inputs, store),
                "the recipe's",
                mode or cast("Mode", command.PRECISION_MODES[precision]),  # a recipe has no mode that is not foretold
                limit or OM_LIMITS[precision],
                (mode,) if mode else LADDER,
                golden.read(done[parts.verified(fixed, part)].result.outputs, store),
            )


def look(
    subject: Subject,
    bound: Bound = "fused",
    overflow: Overflow = "inf",
    *,
    keep: bool = False,
    cache: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Outlook:
    """Foretell.

    Args:
        subject: what is asked about.
        bound: what rounds together.
        overflow: what becomes of numbers beyond float16.
        keep: whether to look for what must stay in float32, too.
        cache: a file of trials; a search that is interrupted goes on from it.
        say: hears of each trial.

    Raises:
        StageError: the graph cannot be computed (ASC1504, ASC2701 to ASC2704).
        UsageError: the samples do not fit (ASC2711 to ASC2714), or there is no float32 (ASC2717).
        GateError: no mode suffices, whatever is kept (ASC2705).
    """
    if weight(subject.model) >= HEAVY[-1]:
        machine.map_blocks(BLOCK)
    forecaster = Forecaster(subject.model, subject.samples, bound, overflow, subject.exact)
    if not any(unit.rounds for unit in forecaster.units):
        raise UsageError("ASC2717", f"`{subject.name}` has no float32, which float16 could take the place of")
    found = forecast(forecaster, subject.mode, subject.limit)
    unfused = _unfused(subject, forecaster) if found.ok and bound == "fused" else None
    kept, uses = None, tuple[Use, ...]()
    if keep:
        ladder = Ladder(forecaster, subject.samples, subject.limit, cache=cache, say=say)
        kept, uses = ladder.climb(subject.modes)
    fields = {name: getattr(found, name) for name in Forecast.__dataclass_fields__}
    return Outlook(
        **fields,
        model=subject.name,
        samples=subject.said,
        count=forecaster.count,
        unfused=unfused,
        kept=kept,
        rewrites=tuple(Rewrite(use.name, cast("dict[str, Any]", dict(use.options))) for use in uses),
    )


def to_json(outlook: Outlook, version: str) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {"version": version, **asdict(outlook)}


def _unfused(subject: Subject, fused: Forecaster) -> Unfused | None:
    if not any(len(unit.nodes) > 1 for unit in fused.units):
        return None
    forecaster = Forecaster(subject.model, subject.samples, "unfused", fused.overflow, fused.exact)
    worst = forecaster.worst(
        in_half(forecaster.units, subject.mode), fused.sufferers(in_half(fused.units, subject.mode))
    )
    return Unfused(worst <= subject.limit, worst if worst != float("inf") else None)

"""forecast: what float16 will do to a part's answers, on this host, before ATC's minutes and any board."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ascendc import graph as graphs
from ascendc.errors import GateError
from ascendc.precision.forecast import forecast as foretell
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.glance import glance
from ascendc.precision.modes import Mode, in_half
from ascendc.recipe.values import OnDamage
from ascendc.stages.golden import read
from ascendc.stages.precision import half

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from ascendc.graph import Graph
    from ascendc.precision.forecast import Culprit
    from ascendc.precision.lock import Chosen
    from ascendc.stages.golden import GoldenPart
    from ascendc.stages.verify import Verified
    from ascendc.store import Workspace

    Array = npt.NDArray[Any]

NAMED = 3
"""Nodes that a refusal names."""


_SEARCH = "take the plan out of the .precision.json beside the recipe, and the next build searches for one"


@dataclass(frozen=True)
class ForecastSpec:
    """What a forecast depends on, beside the graph and its samples."""

    part: str
    targets: str = field(compare=False)
    """For people: those that share it."""
    mode: Mode | None
    """None: a plan says it."""
    limit: float
    """What an output may differ, relative to the median distance between samples."""
    damage: OnDamage
    """What a forecast beyond the limit does to the build."""
    setting: str = field(default="", compare=False)
    """The recipe's field that says the precision, for people."""


@dataclass(frozen=True)
class Foretold:
    """What float16 will do; estimated on this host, by no device."""

    part: str
    mode: Mode
    output: str
    """The worst."""
    error: float | None
    """Of it, relative to the median distance between samples; None: a number is lost."""
    limit: float
    samples: int
    """That were run."""
    warning: str = ""
    """What the user should know, where it is beyond the limit and was let pass."""

    @property
    def ok(self) -> bool:
        """Whether it is within the limit."""
        return self.error is not None and self.error <= self.limit

    @property
    def summary(self) -> str:
        """``error 1.8e-03 of the sample distance in force_fp16, estimated``."""
        if self.error is None:
            return f"numbers are lost in {self.mode}, estimated"
        return f"error {self.error:.1e} of the sample distance in {self.mode}, estimated"


def forecast(
    spec: ForecastSpec,
    graph: Graph,
    golden: GoldenPart,
    verified: Verified,
    chosen: Chosen | None,
    workspace: Workspace,
    sources: Mapping[str, Path],
) -> Foretold:
    """Run the graph as ATC's precision mode computes it, and hold its answers against those in float32.

    Args:
        spec: the mode, and what is allowed.
        graph: the fixed graph.
        golden: whose inputs it is run on; of a large graph the first few.
        verified: what the graph answers in float32.
        chosen: the precision plan, where there is one.
        workspace: where to work.
        sources: the model's files, if the graph borrows weights from them.

    Raises:
        GateError: an output is beyond the limit (ASC1650), and the recipe does not let it pass.
        StageError: the graph cannot be computed (ASC1504, ASC2701 to ASC2703).
        UsageError: the samples do not fit the graph (ASC2711 to ASC2714).
    """
    samples, exact = read(golden.inputs, workspace.store), read(verified.outputs, workspace.store)
    model = graphs.load(graph, workspace, sources)
    mode = spec.mode or (chosen.mode if chosen is not None else "force_fp16")
    found = glance(model, samples, exact, lambda units: in_half(units, mode) if chosen is None else half(units, chosen))
    error = found.error if found.error != float("inf") else None
    foretold = Foretold(spec.part, mode, found.output, error, spec.limit, found.samples)
    for inside in found.inside:
        workspace.say(
            f"warning: {inside.kind} {inside.node} holds numbers up to {inside.largest:.2g}, beyond float16: only one "
            "kernel for all of it keeps them; ascendc forecast RECIPE --bound unfused  shows what becomes of them else"
        )
    if foretold.ok:
        return foretold
    text = _refusal(spec, foretold)
    if spec.damage == "stop" and chosen is not None:
        raise GateError("ASC1650", f"{text} with the plan that keeps {chosen.kept}", hint=_SEARCH)
    if spec.damage == "stop":
        workspace.say("looking for the nodes that do it")
        culprits = foretell(Forecaster(model, samples, exact=exact), mode, spec.limit).culprits
        raise GateError("ASC1650", text + _named(culprits[:NAMED]), hint=_hint(spec))
    workspace.say(f"warning: {text}")
    return replace(foretold, warning=text)


def _refusal(spec: ForecastSpec, found: Foretold) -> str:
    what = (
        "holds NaN or infinity"
        if found.error is None
        else (f"is {found.error:.2g} of the median distance between samples away from itself in float32")
    )
    return (
        f"part `{spec.part}` @ {spec.targets}: output `{found.output}` {what} in {found.mode}; "
        f"allowed: {spec.limit:.2g} (estimated on this host)"
    )


def _named(culprits: tuple[Culprit, ...]) -> str:
    return "; worst nodes: " + ", ".join(map(_culprit, culprits)) if culprits else ""


def _culprit(culprit: Culprit) -> str:
    """``Add /blocks/3/Add (text.encoder.layers.3)``."""
    return f"{culprit.op} {culprit.node}" + (f" ({culprit.module})" if culprit.module else "")


def _hint(spec: ForecastSpec) -> str:
    return (
        f"ascendc build RECIPE --set {spec.setting}=auto  (keeps in float32 the few nodes that "
        "need it); ascendc forecast RECIPE  shows all of them; forecast: {damage: warn} in the recipe lets it pass"
    )

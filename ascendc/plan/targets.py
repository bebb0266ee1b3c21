"""The steps that are planned once per part and target, and the bundle that gathers them all."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ascendc import recipe as recipes
from ascendc.bundle import layout, travel
from ascendc.bundle.tree import Tree
from ascendc.cann.operators import installed
from ascendc.model import Part
from ascendc.plan import command, pixels
from ascendc.plan.parts import PartSteps
from ascendc.precision import lock
from ascendc.precision.lock import Chosen
from ascendc.stages.accept import Acceptance, AcceptSpec, accept
from ascendc.stages.check import CheckedGraph, CheckSpec, check, files_of
from ascendc.stages.compile import CompileSpec, compile_, deferred, time_limit
from ascendc.stages.forecast import ForecastSpec, Foretold, forecast
from ascendc.stages.package import OM_LIMITS, Made, PackageSpec, package, plan_artefact
from ascendc.stages.precision import PrecisionSpec, precision, told
from ascendc.target import Target
from ascendc.toolchain.base import Absent, Compiled, Deferred, Device, Ready, Toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ascendc.cann.atc.command import AtcOptions
    from ascendc.dag import Step
    from ascendc.precision.lock import Locked
    from ascendc.precision.modes import Mode
    from ascendc.stages.package import ArtefactSpec


@dataclass(frozen=True)
class Artefact:
    """One part on one target: the steps that make it."""

    part: Part
    target: Target
    lowered: Step
    """The graph before its precision plan; `fixed`, where there is none."""
    chosen: Step | None
    """Its precision plan; None: its precision is given."""
    fixed: Step
    verified: Step
    checked: Step
    forecast: Step | None
    """None: its precision loses no digits, or nobody asks."""
    compiled: Step | None
    """None: its OM is deferred."""
    accepted: Step | None
    """None: there is no OM, or no device here that it could be run on."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those whose results make it, in order."""
        steps = (
            self.chosen,
            self.fixed,
            self.verified,
            self.checked,
            self.forecast,
            self.compiled,
            self.accepted,
        )
        return tuple(step for step in steps if step is not None)

    def made(self, results: Mapping[Step, Any]) -> Made:
        """It, from the results of its steps; what did not run, is not in it."""
        compiled, accepted = (
            results.get(step) if step is not None else None for step in (self.compiled, self.accepted)
        )
        return Made(results[self.fixed].graph, results[self.verified].worst.relative, compiled, accepted)


@dataclass(frozen=True)
class TargetSteps:
    """Steps of one recipe's targets."""

    parts: PartSteps

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The recipe's targets, fitted to the model's parts."""
        return recipes.fit(self.parts.recipe, self.parts.parts)

    @cached_property
    def artefacts(self) -> tuple[Artefact, ...]:
        """Every part on every target."""
        return tuple(self._artefact(part, target) for target in self.targets for part in self.parts.parts)

    @cached_property
    def judged(self) -> tuple[Step, ...]:
        """judge: one step per target; equal where targets share their graphs."""
        return tuple(
            self.parts.judged(tuple(a.verified for a in self.artefacts if a.target is target))
            for target in self.targets
        )

    @cached_property
    def toolchains(self) -> dict[str, tuple[Toolchain, Ready | Absent]]:
        """By target name: how ATC is reached for it, and whether it is there."""
        return {target.name: self._toolchain(index, target) for index, target in enumerate(self.targets)}

    def deferrals(self, bundle: Path) -> tuple[Deferred, ...]:
        """Why OMs will not be compiled here, and the commands that do it elsewhere; one per target."""
        return tuple(
            deferred(found, target, bundle)
            for target in self.targets
            if isinstance(found := self.toolchains[target.name][1], Absent)
        )

    @cached_property
    def packaged(self) -> Step:
        """package: all of it as the files of one bundle.

        Raises:
            StageError: the device half cannot travel (ASC1823, ASC1824): said before any step runs.
        """
        recipe, model = self.parts.recipe, self.parts.model
        travel.check(model.half, model.distribution)
        names = layout.onnx_names([(a.part.name, a.fixed) for a in self.artefacts])
        spec = PackageSpec(
            name=recipe.bundle.name,
            plugin=model.NAME,
            source=recipe.model.source,
            weights=recipe.model.weights,
            notes=self.parts.notes,
            device=model.DEVICE,
            distribution=model.distribution,
            parts=self.parts.parts,
            artefacts=tuple(self._planned(a, onnx) for a, onnx in zip(self.artefacts, names, strict=True)),
            threshold=recipe.verify.threshold,
            warmup=recipe.benchmark.warmup,
            runs=recipe.benchmark.runs,
        )
        goldens = tuple(self.parts.golden(part) for part in self.parts.parts)
        judged = tuple(dict.fromkeys(self.judged))
        made = tuple(step for a in self.artefacts for step in a.steps if step not in (a.checked, a.forecast))
        inputs = (*made, *goldens, self.parts.assets, *judged)

        def run(*results: Any) -> Tree:
            *values, ws = results
            by_step = dict(zip(inputs, values, strict=True))
            return package(
                replace(spec, artefacts=tuple(self._made_known(spec.artefacts, by_step))),
                tuple(a.made(by_step) for a in self.artefacts),
                tuple(by_step[step] for step in goldens),
                by_step[self.parts.assets],
                tuple(dict.fromkeys(by_step[step].summary for step in judged)),
                ws,
            )

        return self.parts.step("package", "", spec, inputs, Tree, run)

    def _planned(self, artefact: Artefact, onnx: str, chosen: Chosen | None = None) -> ArtefactSpec:
        part, target = artefact.part, artefact.target
        options, aipp = self._options(part, target), self._aipp(part, target)
        return plan_artefact(part.name, target, options, aipp, onnx, chosen)

    def _made_known(self, planned: Sequence[ArtefactSpec], results: Mapping[Step, Any]) -> Iterator[ArtefactSpec]:
        """What was planned, with what precision plans say; equal graphs share a file though steps made them apart."""
        graphs = [(a.part.name, results[a.fixed].graph) for a in self.artefacts]
        for artefact, spec, onnx in zip(self.artefacts, planned, layout.onnx_names(graphs), strict=True):
            chosen = artefact.chosen
            yield (
                spec
                if chosen is None and onnx == spec.onnx
                else self._planned(artefact, onnx, None if chosen is None else results[chosen])
            )

    def _artefact(self, part: Part, target: Target) -> Artefact:
        lowered, (fixed, chosen) = self._lowered(part, target), self._fixed(part, target)
        toolchain, found = self.toolchains[target.name]
        checked = self._checked(part, target, fixed, chosen)
        forecast = self._forecast(part, target, fixed, chosen)
        gates = (checked,) if forecast is None else (checked, forecast)
        compiled = None
        if isinstance(found, Ready):
            compiled = self._compiled(part, target, fixed, chosen, gates, toolchain, found)
        accepted = self._accepted(part, target, compiled, toolchain.device()) if compiled is not None else None
        verified = self.parts.verified(fixed, part)
        return Artefact(part, target, lowered, chosen, fixed, verified, checked, forecast, compiled, accepted)

    def _fixed(self, part: Part, target: Target) -> tuple[Step, Step | None]:
        """The graph that is compiled, and its precision plan: ``auto`` searches, and rewrites what the plan wants."""
        lowered = self._lowered(part, target)
        if target.part(part.name).precision != "auto":
            return lowered, None
        chosen = self._chosen(part, target, lowered)
        return self.parts.rewritten(lowered, chosen, f"{part.name} @ {target.name}"), chosen

    def _chosen(self, part: Part, target: Target, lowered: Step) -> Step:
        """precision: the plan beside the recipe, or a search for one."""
        wanted, install = target.part(part.name), self._install(target)
        limit = OM_LIMITS[wanted.precision]
        locked = [one for one in self.locked if one.plan.subject == (part.name, target.soc.name, limit)]
        spec = PrecisionSpec(
            part.name,
            target.soc.name,
            str(target.cann) if target.cann else None,
            max(wanted.batch.sizes),
            limit,
            files_of(install, target.soc),
            tuple(one.plan for one in locked),
            tuple(one.where for one in locked),
        )

        def run(lowered: Any, golden: Any, _: Any, ws: Any) -> Chosen:
            return precision(spec, lowered.graph, golden, install, ws, self.parts.sources)

        inputs = (lowered, self.parts.golden(part), self.parts.verified(lowered, part))
        return self.parts.step(
            "precision",
            f"{part.name} @ {target.name}",
            spec,
            inputs,
            Chosen,
            run,
            describe=lambda result: result.summary,
            memory=lambda lowered, *_: 2 * int(lowered.graph.size),
        )

    @cached_property
    def locked(self) -> tuple[Locked, ...]:
        """The plans that lie beside the recipe.

        Raises:
            UsageError: the file is none of ours.
        """
        return lock.load(lock.path_of(self.parts.recipe.path))

    def _lowered(self, part: Part, target: Target) -> Step:
        """fix(lowering): passes for this SoC, batch and precision; the portable graph itself if there are none."""
        recipe = self.parts.recipe
        portable = self.parts.portable(part, recipe.opset(target))
        lowering = self.parts.model.lowering(part.name, target)
        uses = recipe.passes.apply(self.parts.known(lowering, f"lowering({part.name!r})"))
        return self.parts.fixed(portable, f"{part.name} @ {target.name}", uses) if uses else portable

    def _checked(self, part: Part, target: Target, fixed: Step, chosen: Step | None) -> Step:
        """check: each node of the graph, by the CANN that will compile it, or by ascendc's tables."""
        wanted, install = target.part(part.name), self._install(target)
        spec = CheckSpec(
            part.name,
            target.soc.name,
            str(target.cann) if target.cann else None,
            command.PRECISION_MODES[wanted.precision],
            max(wanted.batch.sizes),
            self.parts.recipe.check.findings,
            files_of(install, target.soc),
        )

        def run(fixed: Any, *others: Any) -> CheckedGraph:
            *plan, ws = others
            asked = replace(spec, precision=plan[0].mode) if plan else spec
            return check(asked, fixed.graph, install, ws, self.parts.sources)

        label = f"{part.name} @ {target.name}"
        inputs = (fixed,) if chosen is None else (fixed, chosen)
        return self.parts.step("check", label, spec, inputs, CheckedGraph, run, describe=lambda r: r.summary)

    def _forecast(self, part: Part, target: Target, fixed: Step, chosen: Step | None) -> Step | None:
        """forecast: what the target's precision does to the answers; one for all targets of a graph and a precision."""
        damage, precision = self.parts.recipe.forecast.damage, target.part(part.name).precision
        if damage == "off" or precision == "origin":
            return None
        sharing = (t for t in self.targets if t.part(part.name).precision == precision)
        spec = ForecastSpec(
            part.name,
            ", ".join(t.name for t in sharing if self._fixed(part, t) == (fixed, chosen)),
            None if chosen is not None else cast("Mode", command.PRECISION_MODES[precision]),  # all are foretold
            OM_LIMITS[precision],
            damage,
            f"targets[{self.targets.index(target)}].parts.{part.name}.precision",
        )

        def run(fixed: Any, golden: Any, verified: Any, *others: Any) -> Foretold:
            *plan, ws = others
            return forecast(spec, fixed.graph, golden, verified, plan[0] if plan else None, ws, self.parts.sources)

        inputs = (fixed, self.parts.golden(part), self.parts.verified(fixed, part))
        return self.parts.step(
            "forecast",
            part.name if chosen is None else f"{part.name} @ {spec.targets}",
            spec,
            inputs if chosen is None else (*inputs, chosen),
            Foretold,
            run,
            describe=lambda result: result.summary,
            memory=lambda fixed, *_: int(fixed.graph.size),
        )

    def _install(self, target: Target) -> installed.Install | None:
        """The CANN whose files are asked: that of the ATC which will compile, or the one that was sourced here.

        One in a container is not asked, and no other is asked for it.
        """
        _, found = self.toolchains[target.name]
        if isinstance(found, Ready):
            return installed.beside(Path(found.where), os.environ)
        return installed.find(os.environ)

    def _compiled(
        self,
        part: Part,
        target: Target,
        fixed: Step,
        chosen: Step | None,
        gates: tuple[Step, ...],
        toolchain: Toolchain,
        ready: Ready,
    ) -> Step:
        spec = CompileSpec(
            part.name,
            self._options(part, target),
            self._aipp(part, target),
            toolchain.NAME,
            ready.build_id,
            self.parts.recipe.forecast.damage,
            time_limit(),
        )

        def run(fixed: Any, *others: Any) -> Compiled:
            plan, ws = others[0], others[-1]
            asked = spec if chosen is None else replace(spec, options=told(spec.options, plan))
            return compile_(asked, fixed.graph, toolchain, ws)

        inputs = (fixed, *gates) if chosen is None else (fixed, chosen, *gates)
        label, code = f"{part.name} @ {target.name}", (self.parts.registry.toolchains[toolchain.NAME],)
        return self.parts.step("compile", label, spec, inputs, Compiled, run, memory=_atc_size, code=code)

    def _accepted(self, part: Part, target: Target, compiled: Step, device: Device | None) -> Step | None:
        """accept: the OM on the golden inputs, where a device is."""
        if device is None:
            return None
        wanted = target.part(part.name)
        limit = OM_LIMITS[wanted.precision]
        spec = AcceptSpec(part, wanted.aipp != "none", limit, device.identity, time_limit())

        def run(compiled: Any, golden: Any, ws: Any) -> Acceptance:
            return accept(spec, compiled, golden, device, ws)

        label, inputs = f"{part.name} @ {target.name}", (compiled, self.parts.golden(part))
        return self.parts.step("accept", label, spec, inputs, Acceptance, run, describe=lambda r: r.said)

    def _options(self, part: Part, target: Target) -> AtcOptions:
        wanted = target.part(part.name)
        hints = self.parts.model.atc(part.name, wanted)
        with self.parts.recipe.at(f"targets[{self.targets.index(target)}]"):
            return command.options_for(part, wanted, target, hints)

    def _aipp(self, part: Part, target: Target) -> str | None:
        with self.parts.recipe.at(f"targets[{self.targets.index(target)}].aipp"):
            return pixels.text(pixels.configs_for(part, target.part(part.name), target))

    def _toolchain(self, index: int, target: Target) -> tuple[Toolchain, Ready | Absent]:
        registry = self.parts.registry
        if target.toolchain == "auto":
            local = registry.toolchain("local")(target)
            return local, local.probe()
        with self.parts.recipe.at(f"targets[{index}].toolchain"):
            toolchain = registry.toolchain(target.toolchain)(target)
        return toolchain, toolchain.probe()


def _atc_size(fixed: Any, *_: Any) -> int:
    """Bytes that ATC needs for a graph: assumed, not measured. It holds weights several times and starts compilers."""
    return 4 * int(fixed.graph.size) + (2 << 30)

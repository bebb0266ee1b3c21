"""The steps that are planned once per part, whatever the targets are.

Each method is one arrow of the picture in CONTRIBUTING.md.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc import keys
from ascendc import recipe as recipes
from ascendc.dag import Step, Torch
from ascendc.errors import StageError
from ascendc.graph import Graph
from ascendc.model import Judgement, Part, Samples, Use
from ascendc.samples import read_samples, sample_files
from ascendc.stages.assets import Assets, AssetsSpec, assets, lay_out_assets
from ascendc.stages.export import ExportSpec, choose, export
from ascendc.stages.fix import Fixed, FixSpec, fix
from ascendc.stages.golden import GoldenPart, GoldenSpec, golden
from ascendc.stages.judge import JudgeSpec, judge
from ascendc.stages.precision import rewrites
from ascendc.stages.verify import Verified, VerifySpec, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ascendc.attribution import Attributed
    from ascendc.precision.lock import Chosen
    from ascendc.recipe import Recipe
    from ascendc.registry import Registered, Registry
    from ascendc.store import Store, Workspace


@dataclass(frozen=True)
class PartSteps:
    """Steps of one recipe; what they are planned from."""

    recipe: Recipe
    model: Attributed
    registry: Registry
    store: Store

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts to build, in the plugin's order."""
        return recipes.built(self.model.parts(), self.recipe.model.parts)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the bundle's reader must know."""
        weights = self.recipe.model.weights
        made_up = weights.kind == "random" and self._exports
        random = (f"weights are random (seed {weights.seed}): answers mean nothing",) if made_up else ()
        named = (target.toolchain for target in self.recipe.targets if target.toolchain != "auto")
        toolchains = dict.fromkeys(self.registry.toolchain(name).NOTE for name in named)
        return (*random, *self.model.notes(weights), *filter(None, toolchains))

    def exported(self, part: Part, opset: int) -> Step:
        """export: the module as ONNX; or the plugin's ONNX file as it is, whatever its opset."""
        section = self.recipe.export
        spec, said, torch = ExportSpec(part.name), "the model's own ONNX file", Torch.UNUSED
        if self.model.onnx(part.name) is None:
            spec = ExportSpec(part.name, opset, section.exporter, section.attention, self.recipe.model.weights)
            choice = choose(section.exporter, opset)
            said, torch = str(choice), Torch.OWNS if choice.name == "dynamo" else Torch.TRACES

        def run(ws: Workspace) -> Graph:
            return export(spec, self.model, ws, self.sources)

        return self.step(
            "export",
            part.name,
            spec,
            (),
            Graph,
            run,
            torch=torch,
            memory=self._module_size,
            describe=lambda _: said,
        )

    def portable(self, part: Part, opset: int) -> Step:
        """fix: the portable passes. The first target's graph holds the weights; at other opsets, they are there too."""
        passes = self.recipe.passes
        uses = (*passes.apply(self.known(self.model.fixes(part.name), f"fixes({part.name!r})")), *passes.added())
        exported, first = self.exported(part, opset), self.exported(part, self.recipe.opset(self.recipe.targets[0]))
        beside = None if exported == first else self.fixed(first, part.name, uses)
        return self.fixed(exported, part.name, uses, beside)

    def fixed(self, graph: Step, label: str, uses: tuple[Use, ...], beside: Step | None = None) -> Step:
        """fix: a list of passes over what a step made.

        Args:
            graph: an export, or another fix.
            label: for people.
            uses: the passes.
            beside: a fix of the same part; weights that its graph holds are not written again.
        """
        spec = FixSpec(uses)

        def run(*inputs: Any) -> Fixed:
            (previous, *others), ws = inputs[:-1], inputs[-1]
            return fix(
                spec,
                previous.graph if isinstance(previous, Fixed) else previous,
                self.registry,
                ws,
                sources=self.sources,
                beside=others[0].graph if others else None,
                settled=isinstance(previous, Fixed),
            )

        code = [self.registry.passes[use.name] for use in uses]
        inputs = (graph,) if beside is None else (graph, beside)
        return self.step("fix", label, spec, inputs, Fixed, run, describe=_rewrites, code=code)

    def rewritten(self, lowered: Step, chosen: Step, label: str) -> Step:
        """fix: the passes that a precision plan wants, usually none: the graph itself, then.

        Args:
            lowered: a fix.
            chosen: the plan.
            label: for people.
        """
        spec = FixSpec(())

        def run(before: Fixed, plan: Chosen, ws: Workspace) -> Fixed:
            if not plan.uses:
                return before
            return fix(FixSpec(rewrites(plan)), before.graph, self.registry, ws, sources=self.sources, settled=True)

        return self.step("fix", label, spec, (lowered, chosen), Fixed, run, describe=lambda _: "as the plan wants it")

    def known(self, uses: tuple[Use, ...], source: str) -> tuple[Use, ...]:
        """`uses`, after a check that there are such passes.

        Raises:
            StageError: the plugin names a pass that is not registered (ASC1308).
        """
        for use in uses:
            if use.name not in self.registry.passes:
                allowed = ", ".join(sorted(self.registry.passes))
                raise StageError(
                    "ASC1308", f"{self.model.title}: {source} names the unknown pass `{use.name}`; allowed: {allowed}"
                )
        return uses

    def golden(self, part: Part) -> Step:
        """golden: what the original model answers."""
        section = self.recipe.verify
        spec = GoldenSpec(
            part,
            self.recipe.model.weights,
            self.recipe.export.attention,
            section.samples,
            section.seed,
            self._sample_digests,
        )
        return self.step(
            "golden",
            part.name,
            spec,
            (),
            GoldenPart,
            lambda ws: golden(spec, self.model, self.samples, ws),
            torch=Torch.RUNS,
            memory=self._module_size,
        )

    @cached_property
    def assets(self) -> Step:
        """assets: what the device half needs."""
        spec = AssetsSpec(self.recipe.model.weights)
        return self.step("assets", "", spec, (), Assets, lambda ws: assets(spec, self.model, ws), torch=Torch.RUNS)

    def verified(self, fixed: Step, part: Part) -> Step:
        """verify: a fixed graph, and the device half's preprocessing, against the golden record."""
        section = self.recipe.verify
        spec = VerifySpec(part, self.model.half, section.threshold, section.samples, section.seed, self._sample_digests)

        def run(fixed: Fixed, record: GoldenPart, files: Assets, ws: Workspace) -> Verified:
            folder = lay_out_assets(files, ws.store, ws.folder / "assets")
            return verify(spec, fixed.graph, record, folder, self.samples, ws)

        return self.step(
            "verify",
            part.name,
            spec,
            (fixed, self.golden(part), self.assets),
            Verified,
            run,
            describe=lambda result: f"error {result.worst.relative:.1e} of the sample distance",
            memory=lambda fixed, *_: int(fixed.graph.size),
        )

    def judged(self, verified: tuple[Step, ...]) -> Step:
        """judge: the task verdict over all parts of a target."""
        spec = JudgeSpec(tuple(part.name for part in self.parts))
        goldens = tuple(self.golden(part) for part in self.parts)

        def run(*inputs: Any) -> Judgement:
            *records, ws = inputs
            return judge(spec, self.model, tuple(records[: len(goldens)]), tuple(records[len(goldens) :]), ws)

        return self.step(
            "judge", "", spec, (*goldens, *verified), Judgement, run, describe=lambda result: result.summary
        )

    def step(
        self,
        stage: str,
        label: str,
        spec: object,
        inputs: tuple[Step, ...],
        result: type,
        run: Callable[..., object],
        *,
        torch: Torch = Torch.UNUSED,
        memory: Callable[..., int] = lambda *_: 0,
        describe: Callable[[Any], str] = lambda _: "",
        code: Iterable[Registered[Any]] = (),
    ) -> Step:
        """A step of this recipe: the model's identity enters its key, and the code of whom `code` belongs to."""
        packages = (keys.code_of(r.owner.distribution, r.cls.__module__) for r in code)
        own = ((f"code of {name}", digest) for package in packages for name, digest in package)
        reads = tuple(dict.fromkeys((*self._reads, *own)))
        return Step(stage, spec, inputs, reads, label, result, run, describe, torch=torch, memory=memory)

    def _module_size(self) -> int:
        """Bytes of a module in memory, at most: the files that it is made from."""
        return sum(path.stat().st_size for path, _ in self._files)

    @cached_property
    def samples(self) -> Samples:
        """The raw samples, the user's or the plugin's; made once, and only if a step needs them."""
        if self._sample_files:
            return read_samples(self._sample_files)
        return self.model.samples(self.recipe.verify.samples, self.recipe.verify.seed)

    @cached_property
    def _sample_files(self) -> tuple[Path, ...]:
        folder = self.recipe.verify.folder
        if folder is None:
            return ()
        with self.recipe.at("verify.folder"):
            return sample_files(folder)

    @cached_property
    def _sample_digests(self) -> tuple[tuple[str, str], ...]:
        return tuple((path.name, self.store.digest(path)) for path in self._sample_files)

    @cached_property
    def sources(self) -> dict[str, Path]:
        """The model's files, by content: weights may stay in them."""
        return {digest: path for path, digest in self._files}

    @cached_property
    def _files(self) -> tuple[tuple[Path, str], ...]:
        paths = self.model.files(self.recipe.model.weights)
        if self._exports and not all(map(self.store.knows, paths)):
            # A model that was never seen: every step will run. Hashing it leaves the interpreter to whoever imports.
            threading.Thread(target=import_module, args=("torch",)).start()
        return tuple((path, self._digest(path)) for path in paths)

    @property
    def _exports(self) -> bool:
        """Whether a torch module is exported, rather than an ONNX file taken in."""
        return any(self.model.onnx(part.name) is None for part in self.parts)

    def _digest(self, path: Path) -> str:
        try:
            return self.store.digest(path)
        except OSError as error:
            raise StageError(
                "ASC1309", f"{self.model.title}: files() names {path}, which cannot be read: {error.strerror}"
            ) from error

    @cached_property
    def _reads(self) -> tuple[tuple[str, str], ...]:
        """The model's identity: its files by content, and its name unless that is the path of one of them."""
        source = self.model.source
        code = keys.code_of(self.model.distribution, self.model.package, self.model.DEVICE)
        named = () if Path(source.id).is_absolute() else (("source", keys.digest(source)),)
        return (
            ("plugin", self.model.NAME),
            *((f"code of {name}", digest) for name, digest in code),
            ("options", self.model.options.model_dump_json()),
            *named,
            *((f"file {path.name}", digest) for path, digest in self._files),
        )


def _rewrites(fixed: Fixed) -> str:
    return f"{sum(n for _, n in fixed.changes)} rewrites by {sum(n > 0 for _, n in fixed.changes)} passes"

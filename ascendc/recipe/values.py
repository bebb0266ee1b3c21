"""What a recipe says, decoded: frozen values that the plan reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ascendc.cann import opset
from ascendc.document import Document, Problem
from ascendc.document.values import parse_path
from ascendc.errors import UsageError
from ascendc.model import Attention, Json, Source, Use, Weights
from ascendc.target import Target

Exporter = Literal["auto", "torchscript", "dynamo"]

OnErrors = Literal["stop", "warn"]
"""What a node that ATC would refuse does to a build."""

OnDamage = Literal["stop", "warn", "off"]
"""What float16 that takes an output beyond its limit does to a build; off: nobody looks."""


@dataclass(frozen=True)
class ModelSection:
    """Which model, and what of it is built."""

    plugin: str
    """Name of a model plugin."""
    source: Source
    """A path in it is absolute."""
    weights: Weights
    parts: tuple[str, ...] = ()
    """The parts to build; empty: all."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The plugin's own options, as YAML said them; `ascendc.recipe.plugin_options` validates them."""


@dataclass(frozen=True)
class ExportSection:
    """How the model becomes ONNX."""

    exporter: Exporter = "auto"
    opset: int | None = None
    """None: what suits the target's CANN; `Recipe.opset` answers for a target."""
    attention: Attention = "eager"


@dataclass(frozen=True)
class PassesSection:
    """How the plugin's pass lists are changed."""

    add: tuple[str, ...] = ()
    """Run after the plugin's portable passes, in this order."""
    drop: tuple[str, ...] = ()
    """Taken out of the plugin's lists, portable and lowering alike."""
    options: tuple[tuple[str, tuple[tuple[str, Json], ...]], ...] = ()
    """By pass name: laid over the options that the plugin gives."""

    def apply(self, uses: tuple[Use, ...]) -> tuple[Use, ...]:
        """A plugin's list with `drop` taken out and `options` laid over."""
        return tuple(self._with_options(use) for use in uses if use.name not in self.drop)

    def added(self) -> tuple[Use, ...]:
        """The passes of `add`, with their options."""
        return tuple(self._with_options(Use(name)) for name in self.add)

    def _with_options(self, use: Use) -> Use:
        return Use.of(use.name, **{**dict(use.options), **dict(dict(self.options).get(use.name, ()))})


@dataclass(frozen=True)
class VerifySection:
    """How PyTorch and the fixed ONNX are compared."""

    samples: int = 16
    seed: int = 0
    folder: Path | None = None
    """Take the samples from the files of this folder instead of the plugin's generator."""
    threshold: float = 2e-4
    """Largest error allowed, relative to the median distance between samples."""


@dataclass(frozen=True)
class CheckSection:
    """What the judgement of each node means for the build."""

    findings: OnErrors = "stop"


@dataclass(frozen=True)
class ForecastSection:
    """What the forecast of float16 means for the build."""

    damage: OnDamage = "stop"


@dataclass(frozen=True)
class BundleSection:
    """What is packaged."""

    name: str
    """Of the bundle and its folder."""


@dataclass(frozen=True)
class BenchmarkSection:
    """How the bundle measures itself on the board."""

    warmup: int = 10
    """Runs before the clock starts."""
    runs: int = 100
    """Runs that are timed."""
    after_build: bool = False
    """Whether a build measures its bundle on this machine."""


@dataclass(frozen=True)
class Recipe:
    """A recipe, decoded and checked as far as it can be without loading its plugin."""

    path: Path
    """The file, as the user named it."""
    model: ModelSection
    export: ExportSection
    targets: tuple[Target, ...]
    """At least one, with distinct names. What `Target.parts` does not name follows `Target.defaults`."""
    passes: PassesSection
    verify: VerifySection
    check: CheckSection
    forecast: ForecastSection
    bundle: BundleSection
    benchmark: BenchmarkSection
    notes: tuple[str, ...] = ()
    """What was taken to mean something else than its letters, for the user to see: ``recipe.yaml:9: …``."""
    document: Document = field(default_factory=Document, repr=False, compare=False)
    """The text behind the values; `where` looks lines up in it."""

    def opset(self, target: Target) -> int:
        """The opset to export for `target`."""
        return self.export.opset or opset.default(target.cann.version if target.cann else None)

    def where(self, path: str) -> str:
        """Where a field is written: ``recipe.yaml:12`` for ``targets[0].parts.image.aipp``.

        For a field that is not written, where its nearest written parent is; for one that came from the
        command line, the ``--set …`` that gave it.
        """
        return self.document.where(parse_path(path))

    def error(self, id: str, path: str, text: str, *, hint: str | None = None) -> UsageError:
        """An error about a field, for the caller to raise: ``recipe.yaml:12: targets[0].soc: <text>``."""
        return self.document.error([Problem(id, parse_path(path), text, hint)])

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        """Let a usage error from inside the block name the field that caused it.

        Example: ``with recipe.at("model.plugin"): cls = registry.model(recipe.model.plugin)``
        """
        try:
            yield
        except UsageError as error:
            raise self.error(error.id, path, error.message, hint=error.hint) from error

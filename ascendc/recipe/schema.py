"""The recipe as it is written. Pydantic stops here: `decode` turns these into values.

The docstrings under the fields become the descriptions that editors show.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ascendc.model import Attention
from ascendc.recipe.fields import BatchField, CannField, Name, OpsetField, OptionValue, SocField, Text, Version
from ascendc.recipe.values import Exporter, OnDamage, OnErrors
from ascendc.target import Aipp, Precision


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class ModelFields(_Section):
    """Which model, and what of it is built."""

    plugin: Name
    """A model plugin: see `ascendc plugins`."""
    source: Text
    """A name that the plugin knows, a hub id, or a file or folder (relative to the recipe)."""
    revision: Text | None = None
    """Branch, tag or commit of a hub id."""
    weights: Literal["pretrained", "random"] = "pretrained"
    """Random weights need no download; they show scale and speed, not answers."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of random weights."""
    parts: list[Name] = Field(default_factory=list)
    """The parts to build; none named: all."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The plugin's own options."""
    allow_pickle: bool = False
    """Whether weights may be loaded from full pickles, which can run code."""


class ExportFields(_Section):
    """How the model becomes ONNX."""

    exporter: Exporter = "auto"
    """Auto: the one that suits the model."""
    opset: OpsetField = None
    """Auto: 13, or 11 for CANN up to 5."""
    attention: Attention = "eager"
    """Eager attention is the pattern that ATC fuses."""


class PartFields(_Section):
    """What one part becomes on a target."""

    batch: BatchField | None = None
    """One size, or 2 to 100 gears to choose from at run time."""
    precision: Precision | None = None
    """fp16: everything; mixed: what gains from it; origin: nothing is changed; auto: fp16 but for what needs more."""
    aipp: Aipp | None = None
    """rgb: the device normalises, and the part takes raw pixels (uint8, NHWC)."""


class TargetFields(PartFields):
    """One device class to build for. Its batch, precision and aipp hold for every part that `parts` does not name."""

    name: Name | None = None
    """Of the target's files; the SoC in small letters unless given."""
    soc: SocField | None = None
    """The exact chip, as Ascend310P3."""
    cann: CannField = Field("unknown", validate_default=True)
    """The CANN version on the board, in quotes, or unknown."""
    board: Text | None = None
    """A file that `ascendc probe` wrote: gives soc and cann."""
    toolchain: Name = "auto"
    """How ATC is reached: see `ascendc plugins`; auto: ATC on this machine if there is one."""
    python: Text | None = None
    """The Python that ATC should load."""
    atc: dict[str, OptionValue] = Field(default_factory=dict)
    """Further ATC options, without dashes."""
    parts: dict[Name, PartFields] = Field(default_factory=dict)
    """What differs from part to part."""


class PassesFields(_Section):
    """Changes to the plugin's lists of graph passes: see `ascendc plugins`."""

    add: list[Name] = Field(default_factory=list)
    """Run after the plugin's portable passes."""
    drop: list[Name] = Field(default_factory=list)
    """Left out of the plugin's lists."""
    options: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    """By pass name, laid over the plugin's options."""

    @field_validator("options")
    @classmethod
    def _plain(cls, options: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, given in options.items():
            for key, value in given.items():
                if isinstance(value, dict):
                    allowed = "a number, a text, true, false, a list"
                    # pydantic collects ValueErrors alone
                    raise ValueError(f"{name}.{key} must not be a mapping; allowed: {allowed}")  # noqa: TRY004
        return options


class VerifyFields(_Section):
    """How PyTorch and the fixed ONNX are compared."""

    samples: int = Field(default=16, ge=2, le=10_000)
    """How many."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of the generated samples."""
    folder: Text | None = None
    """Samples from the files of this folder (relative to the recipe) instead of generated ones."""
    threshold: float = Field(default=2e-4, gt=0, le=1)
    """The largest error allowed, relative to the median distance between samples."""


class CheckFields(_Section):
    """What ATC would make of each node: judged before it runs, see `ascendc check`."""

    findings: OnErrors = "stop"
    """Stop the build over a node that ATC does not know (unless an installed CANN was asked), or warn of it."""


class ForecastFields(_Section):
    """What float16 will do to the answers, estimated on this host before ATC runs: see `ascendc forecast`."""

    damage: OnDamage = "stop"
    """Stop the build over an output that float16 takes beyond its limit, warn of it, or do not look (off)."""


class BundleFields(_Section):
    """What is packaged."""

    name: Name | None = None
    """Of the bundle; the recipe's file name unless given."""


class BenchmarkFields(_Section):
    """How the bundle measures itself on the board."""

    warmup: int = Field(default=10, ge=0, le=100_000)
    """Runs before the clock starts."""
    runs: int = Field(default=100, ge=1, le=10_000_000)
    """Runs that are timed."""
    after_build: bool = False
    """Measure the bundle on this machine too, when it is built: as `ascendc build --bench`."""


class RecipeFields(_Section):
    """A recipe of ascendc: what to build, for which devices, and how."""

    version: Version
    """Of the recipe format."""
    model: ModelFields
    targets: list[TargetFields] = Field(min_length=1)
    """The device classes to build for."""
    export: ExportFields = ExportFields()
    passes: PassesFields = PassesFields()
    verify: VerifyFields = VerifyFields()
    check: CheckFields = CheckFields()
    forecast: ForecastFields = ForecastFields()
    bundle: BundleFields = BundleFields()
    benchmark: BenchmarkFields = BenchmarkFields()


def json_schema() -> dict[str, Any]:
    """The JSON schema of recipes, for editors (``ascendc recipe schema``)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **RecipeFields.model_json_schema(),
        "title": "ascendc recipe",
    }

"""A target: SoC × CANN version × what each part becomes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ascendc.cann.soc import Soc
    from ascendc.cann.version import Cann

Precision = Literal["fp16", "mixed", "origin", "auto"]
"""``fp16``: ATC's force_fp16 (its default); ``mixed``: allow_mix_precision; ``origin``: must_keep_origin_dtype;
``auto``: what a precision plan says (`ascendc.stages.precision`)."""

Aipp = Literal["none", "rgb"]
"""``rgb``: static AIPP on RGB888_U8; the device half then sends raw pixels, NHWC uint8."""


MOST_GEARS = 100
"""ATC's documents, ``--dynamic_batch_size``: 2 to 100 gears (its source checks the lower bound only, E10035)."""


@dataclass(frozen=True)
class Batch:
    """The batch sizes a compiled part accepts: one, or several gears."""

    sizes: tuple[int, ...]
    """Ascending and distinct; a single entry is a static batch."""

    def __str__(self) -> str:
        """``8``, or ``1,2,4,8`` for gears."""
        return ",".join(map(str, self.sizes))


@dataclass(frozen=True)
class PartTarget:
    """What one part becomes on a target."""

    batch: Batch
    precision: Precision = "fp16"
    aipp: Aipp = "none"


@dataclass(frozen=True)
class Target:
    """One device class to build for."""

    name: str
    """Unique in the recipe; names files in the bundle: letters, digits, ``-``, ``_``, ``.``."""
    soc: Soc
    cann: Cann | None
    """None: unknown; then only what every supported CANN takes is emitted, and the manifest says so."""
    parts: tuple[tuple[str, PartTarget], ...]
    toolchain: str = "auto"
    """Name of a toolchain plugin, or ``auto``: local if ATC is found, none otherwise."""
    python: str | None = None
    """The Python that ATC should load; None: the first python3 of the clean environment."""
    atc_options: tuple[tuple[str, str], ...] = ()
    """Extra ATC options by name without dashes, for all parts."""
    defaults: PartTarget = PartTarget(Batch((1,)))
    """What a part that `parts` does not name becomes."""

    def part(self, name: str) -> PartTarget:
        """What the part becomes here."""
        return dict(self.parts).get(name, self.defaults)

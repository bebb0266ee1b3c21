"""A target: SoC × CANN version × what each part becomes there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from ascendc.cann.soc import Soc

Precision = Literal["fp16", "mixed", "origin"]
"""``fp16``: ATC's force_fp16 (its default); ``mixed``: allow_mix_precision; ``origin``: must_keep_origin_dtype."""

Aipp = Literal["none", "rgb"]
"""``rgb``: static AIPP on RGB888_U8; the device half then sends raw pixels, NHWC uint8."""


OLDEST_CANN = (5, 0)
"""The first release whose documents say which opsets it takes (5.0.4: 9 to 13)."""

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


_CANN = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}([.-][0-9A-Za-z]{1,16}){0,4}")


@dataclass(frozen=True)
class Cann:
    """A CANN version as written (``8.1.RC1``); only its leading two numbers are compared."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Cann:
        """A version somebody wrote.

        Raises:
            UsageError: it is none (ASC1201), or older than any CANN whose rules we know (ASC1202).
        """
        if not _CANN.fullmatch(text):
            raise UsageError("ASC1201", f'must not be `{text}`; allowed: a version such as "8.1" or "8.0.RC2", unknown')
        cann = cls(text)
        if cann.version < OLDEST_CANN:
            raise UsageError("ASC1202", f"must not be {text}; allowed: 5.0 and newer, unknown")
        return cann

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor."""
        major, minor = self.text.split(".")[:2]
        return int(major), int(minor)

    def __str__(self) -> str:
        """As written."""
        return self.text


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

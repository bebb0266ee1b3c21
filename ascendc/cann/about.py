"""What there is to say to somebody who names a SoC, a family, what people call it, or a product."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ascendc.cann import soc as socs
from ascendc.cann.present import Present
from ascendc.cann.soc import Figure, Soc

AIPP_DOCUMENTED = ("YUV420SP_U8", "XRGB8888_U8", "RGB888_U8", "YUV400_U8")
"""The input formats that CANN's documents promise wherever there is AIPP; the operators' code takes more on some."""


@dataclass(frozen=True)
class About:
    """One SoC."""

    soc: Soc
    short_opp: str
    """The folder of its operators in CANN: ``ascend310p``."""
    fp16_peaks: tuple[Figure, ...]
    """TFLOPS of its matrix cores: what the clock gives, then what is published."""
    int8_peaks: tuple[Figure, ...]
    """TOPS, likewise."""
    same_architecture: tuple[str, ...]
    """Other names of its generation. Newer runtimes compare the architecture before they load an OM, so they load OMs
    of these; CANN's documents promise it for the exact name only, since cores and memory differ."""
    recipe: str
    """A target in a recipe."""


@dataclass(frozen=True)
class Report:
    """What ``ascendc soc`` says."""

    asked: str | None
    """The name asked for; None: everything, or the machine."""
    notes: tuple[str, ...]
    """What the name was taken to mean, and what to mind about it."""
    socs: tuple[About, ...]
    machine: Present | None = None
    """The chips found, where a machine or its npu-smi was asked."""


def everything() -> Report:
    """Every SoC."""
    return Report(None, (), tuple(map(about, socs.table().values())))


def of_machine(machine: Present) -> Report:
    """The SoCs of a machine."""
    found = [chip.soc for chip in machine.chips if chip.soc]
    return Report(None, (), tuple(about(socs.table()[name]) for name in found), machine)


def of_name(name: str) -> Report:
    """The SoC that is called `name`; or the SoCs of the family or product that is called so.

    Raises:
        UsageError: nothing is (ASC1211).
    """
    asked = name.strip()
    key = socs.lowered(asked)
    exact = [soc for soc in socs.table().values() if soc.name.lower() == key]
    note = socs.stands_for(asked)
    if exact and not note:
        return Report(asked, (), tuple(map(about, exact)))
    named = [short for short in _generations() if short.lower() in (key, asked.lower())]
    shorts = named or _said(asked) or _built_into(asked)
    chips = [soc for short in shorts for soc in socs.family(short)]
    if not chips:
        return Report(asked, (), (about(socs.resolve(asked).soc),))
    if not note and len(chips) > 1:
        note = f"`{asked}` stands for several chips: npu-smi info shows which one a board has"
        # What a recipe would take the family for, and why, is the best guess for its products as well.
        note = "; ".join([note, *filter(None, map(socs.usually, shorts))])
    # Whoever says 910B means the A2 cards, and must see the other chip whose exact name this is.
    return Report(asked, (note,) if note else (), tuple(map(about, [*chips, *exact])))


def about(soc: Soc) -> About:
    """All that is known of `soc`."""
    formula = f"{soc.cores} × {{}} multiply-accumulates × 2 × {soc.mhz} MHz"
    return About(
        soc,
        soc.short_opp,
        _peaks(soc.fp16_tflops, formula.format(soc.fp16_macs), soc.fp16),
        _peaks(soc.int8_tops, formula.format(soc.int8_macs), soc.int8),
        tuple(other.name for other in socs.family(soc.short) if other is not soc),
        f"targets: [{{soc: {soc.name}}}]",
    )


def _peaks(value: float, formula: str, published: Figure | None) -> tuple[Figure, ...]:
    derived = Figure(round(value, 2), "derived", formula)
    return (derived, published) if published else (derived,)


def _said(asked: str) -> list[str]:
    return [short for short, soc in _generations().items() if asked.lower() in map(str.lower, soc.said)]


def _built_into(asked: str) -> list[str]:
    """Generations with a product whose name has all the words asked for: ``300I Pro``, not only ``Pro``."""
    words = _words(asked)
    if not any(re.search(r"\d.*\D|\D.*\d|\d{3}", word) for word in words):
        return []
    return [short for short, soc in _generations().items() if any(words <= _words(product) for product in soc.products)]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[0-9a-z]+", text.lower()))


def _generations() -> dict[str, Soc]:
    """Each generation with one of its SoCs, in the order of the data file."""
    return {soc.short: soc for soc in socs.table().values()}

"""The SoCs that ATC knows, and what people call them."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ascendc.errors import UsageError

_DATA = Path(__file__).parent / "data" / "soc.json"

Basis = Literal["spec", "quoted", "derived", "hint"]
"""Where a figure comes from: a product page; figures in circulation, whose page was not checked; computed from, or read
in, CANN's platform list; the cost model of its compiler, which is no physical quantity."""


@dataclass(frozen=True)
class Figure:
    """A number about a chip, and how far it can be trusted."""

    value: float
    basis: Basis
    note: str = ""
    """Whose figure it is, or what to mind; may be empty."""


@dataclass(frozen=True)
class Soc:
    """One value of ``--soc_version``.

    Source of everything without a basis: the platform list of CANN 8.1.RC1, and for what options do, the checks and
    documents of ATC 8.1 to 8.3. Chips of one `short` differ in name, cores, clock, memory and `virtual` only.
    """

    name: str
    """Exact and case-sensitive, as ATC and the driver write it."""
    short: str
    """The generation that shares operator packages and container images: ``Ascend310P`` for ``Ascend310P3``."""
    series: str
    """The products' series, or the trade: ``Atlas inference series``, ``automotive``."""
    bf16: bool
    """Whether it has bfloat16; without, ATC refuses the precision modes that name it (E20101)."""
    aipp_formats: tuple[str, ...]
    """Input formats that its AIPP takes (``RGB888_U8``); the documents promise the four 8-bit ones that all have."""
    cores: int
    """Cores that multiply matrices."""
    mhz: int
    """Their clock."""
    fp16_macs: int
    """Multiply-accumulates per core and cycle."""
    int8_macs: int
    """Multiply-accumulates per core and cycle."""
    said: tuple[str, ...] = ()
    """What people call chips of this generation."""
    products: tuple[str, ...] = ()
    """What it is built into."""
    arch: int | None = None
    """The architecture's number, which newer runtimes compare before they load an OM."""
    aipp_odd_crop: bool = False
    """Whether YUV420SP may be cropped at odd positions."""
    aipp_pad_width: int | None = None
    """Widest output of AIPP in pixels when padding is on; None: not checked."""
    dynamic_ranges: bool = True
    """Whether shapes may have -1 or a range (``1~8``) without a list of gears."""
    single_stream: bool = True
    """Whether it takes ``--enable_single_stream``."""
    sparsity: bool = False
    """Whether ``--sparsity`` has an effect."""
    hif8: bool = False
    """Whether it has the 8-bit HiF8 precision modes."""
    vector_core: bool = False
    """Whether ``--core_type=VectorCore`` has an effect."""
    virtual: tuple[int, ...] = ()
    """Numbers of cores that a virtual NPU may have; empty: no ``--virtual_type=1``."""
    last_cann: str | None = None
    """The last CANN that compiles for it; None: no end is known."""
    memory: Figure | None = None
    """Bytes; boards of one chip may have more or less."""
    bandwidth: Figure | None = None
    """Of the memory, in GB/s (10⁹ bytes)."""
    fp16: Figure | None = None
    """What is published as its peak, in TFLOPS."""
    int8: Figure | None = None
    """What is published as its peak, in TOPS."""

    @property
    def short_opp(self) -> str:
        """The folder of its operators in CANN: ``ascend310p``."""
        return self.short.lower()

    @property
    def static_aipp(self) -> bool:
        """Whether it has static AIPP."""
        return bool(self.aipp_formats)

    @property
    def fp16_tflops(self) -> float:
        """Peak of its matrix cores: cores × multiply-accumulates × 2 × clock (basis: derived)."""
        return self.cores * self.fp16_macs * 2 * self.mhz / 1e6

    @property
    def int8_tops(self) -> float:
        """Peak of its matrix cores in int8, by the same formula (basis: derived)."""
        return self.cores * self.int8_macs * 2 * self.mhz / 1e6


@dataclass(frozen=True)
class Resolved:
    """A SoC, and what had to be assumed to find it."""

    soc: Soc
    notes: tuple[str, ...] = ()
    """For the user to see: each says what a name was taken to mean."""


_MEANT = {
    "ascend910": ("Ascend910A", "`{0}` is taken as Ascend910A, as CANN itself does"),
    "ascend310p": (
        "Ascend310P3",
        "`{0}` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo",
    ),
}
"""What a family's name is taken to mean, and the note that says so."""

_AMBIGUOUS = {
    "ascend310b": "names a family, not a chip",
    "ascend910b": "is the name of a first-generation 910; the Atlas A2 cards that people call 910B are "
    "Ascend910B1 to Ascend910B4",
}
"""Names of families that nothing can be assumed for, and why."""


OWNED = ("Ascend310", "Ascend310P", "Ascend310B", "Ascend910", "Ascend910B", "Ascend910_93")
"""The generations that people have; the others are in phones, cars and set-top boxes."""

LONGEST = 60
"""Characters of a name that are repeated where it is not known."""

_HINT = "npu-smi info  (on the board: its chip name, behind `Ascend`, is the exact one)"


@cache
def table() -> dict[str, Soc]:
    """Every SoC by its exact name, in the order of the data file."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    families = {family["short"]: family for family in data["families"]}
    return {record["name"]: _soc({**families[record["short"]], **record}) for record in data["socs"]}


def _soc(fields: dict[str, Any]) -> Soc:
    kinds: dict[type, Any] = {list: tuple, dict: lambda figure: Figure(**figure)}
    return Soc(**{name: kinds.get(type(value), lambda same: same)(value) for name, value in fields.items()})


def family(short: str) -> tuple[Soc, ...]:
    """The SoCs of a generation (``Ascend310P``), in the order of the data file; empty if there is none."""
    return tuple(soc for soc in table().values() if soc.short == short)


def names() -> tuple[str, ...]:
    """Every name that `resolve` takes for one chip, those that people have first."""
    clear = [soc for soc in table().values() if soc.name.lower() not in _AMBIGUOUS]
    return tuple(soc.name for soc in sorted(clear, key=lambda soc: soc.short not in OWNED))


def resolve(name: str) -> Resolved:
    """The SoC that somebody calls `name`: any case, with or without ``Ascend``, and a space behind it.

    Raises:
        UsageError: there is none (ASC1211), or the name stands for several (ASC1212).
    """
    key = lowered(name)
    by_key = {soc.name.lower(): soc for soc in table().values()}
    if key in _AMBIGUOUS:
        raise _ambiguous(name, _AMBIGUOUS[key], _family(key))
    if key in _MEANT:
        meant, note = _MEANT[key]
        return Resolved(table()[meant], (note.format(name),))
    if key in by_key:
        return Resolved(by_key[key])
    if choices := _family(key):
        raise _ambiguous(name, "names a family, not a chip", choices)
    shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    near = _near(key.removeprefix("ascend"))
    guess = f" (did you mean {' or '.join(f'`{soc}`' for soc in near)}?)" if near else ""
    families = ", ".join(map(braced, OWNED))
    rest = f"and rarer ones: `ascendc soc` lists all {len(names())}"
    raise UsageError("ASC1211", f"unknown SoC `{shown}`{guess}; allowed: {families}, {rest}", hint=_HINT)


def lowered(name: str) -> str:
    """The key that `resolve` looks for: ``ascend310p3`` for ``310P3`` and ``Ascend 310P3``, ``as31xm1x`` for itself."""
    key = re.sub(r"^ascend\s+", "ascend", name.strip().lower())
    return key if key.startswith("ascend") or key in {soc.lower() for soc in table()} else f"ascend{key}"


def stands_for(name: str) -> str:
    """What a name that is not one chip's stands for, in words; empty where it is one chip's."""
    key = lowered(name)
    if key in _MEANT:
        return _MEANT[key][1].format(name)
    if key in _AMBIGUOUS or (_family(key) and key not in {soc.lower() for soc in table()}):
        return f"`{name}` {_AMBIGUOUS.get(key, 'names a family, not a chip')}"
    return ""


def usually(short: str) -> str:
    """What a generation's name is taken to mean where nothing else is known, in words; empty where nothing is."""
    meant = _MEANT.get(short.lower())
    return meant[1].format(short) if meant else ""


def _near(tail: str) -> list[str]:
    """Up to three names that look most like one without ``ascend``: with it, anything looks like an Ascend."""
    tails = {name.lower().removeprefix("ascend"): name for name in names()}
    near = difflib.get_close_matches(tail, tails, 3, 0.65)
    return [tails[found] for found in sorted(near, key=lambda found: abs(len(found) - len(tail)))]


def braced(short: str) -> str:
    """The names of a generation: ``Ascend310P{1,3,5,7}``."""
    ends = [name.removeprefix(short) for name in names() if table()[name].short == short]
    return f"{short}{{{','.join(ends)}}}" if len(ends) > 1 else f"{short}{ends[0]}"


def _family(key: str) -> list[str]:
    """The exact names of the generation that `key` names."""
    return [soc.name for soc in table().values() if soc.short.lower() == key]


def _ambiguous(name: str, why: str, choices: list[str]) -> UsageError:
    return UsageError("ASC1212", f"`{name}` {why}; allowed: {', '.join(choices)}", hint=_HINT)

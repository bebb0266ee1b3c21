"""What ``ascendc soc`` prints: an overview, a SoC, a family, or the chips of a machine."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from ascendc.cann import soc as socs
from ascendc.cann.about import AIPP_DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.cann.about import About, Report
    from ascendc.cann.present import Present
    from ascendc.cann.soc import Figure, Soc

WIDTH = 106
"""Columns of what is prose; tables may need more."""

BASES = {
    "spec": "a product page",
    "quoted": "a figure in circulation, page not checked",
    "derived": "CANN's platform list",
    "hint": "the compiler's cost model, no physical bandwidth",
}

SHOWN = (*socs.OWNED, "Ascend910_95")
"""Generations in the overview; the others are named only."""

PROMISE = (
    "promised to load on the exact chip only that it was compiled for; newer runtimes compare no more than the "
    "architecture, which a family shares, though cores and memory differ"
)


def text(report: Report) -> str:
    """What is printed for people."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    if report.machine:
        yield from _machine(report.machine)
    elif report.asked is None:
        yield from _overview(report.socs)
    elif len(report.socs) == 1:
        yield from _one(report.socs[0])
    else:
        yield from _several(report)


def _machine(machine: Present) -> Iterator[str]:
    for chip in machine.chips:
        times = f" × {chip.count}" if chip.count > 1 else ""
        note = f": {chip.note}" if chip.note else ""
        yield f"{chip.soc or f'unknown `{chip.said}`'}{times}  ({machine.source} says {chip.said}{note})"
    named = [chip.soc for chip in machine.chips if chip.soc]
    for name in named:
        yield f"  ATC      --soc_version={name}"
        yield f"  recipe   targets: [{{soc: {name}}}]"
        yield f"  more     ascendc soc {name}"


def _overview(found: Sequence[About]) -> Iterator[str]:
    chips = [about.soc for about in found]
    rows: list[tuple[str, ...]] = [
        ("--soc_version", "people say", "cores", "fp16 TFLOPS", "memory", "GB/s", "bf16", "AIPP")
    ]
    below = [""]
    for short in SHOWN:
        group = [chip for chip in chips if chip.short == short and chip.name in socs.names()]
        rows.append((socs.braced(short), ", ".join(group[0].said), *_ranges(group)))
        below.append(_built_into(group[0]))
    for line, products in zip(_columns(rows), below, strict=True):
        yield line
        if products:
            yield f"    {products}"
    yield ""
    yield from _prose(f"Rarer: {', '.join(chip.name for chip in chips if chip.short not in SHOWN)}.")
    yield from _prose(
        "As an exact name, Ascend910B is a first-generation 910; the chips that people call 910B are Ascend910B1 to B4."
    )
    yield from _prose(f"An OM is {PROMISE}.")
    yield from _prose(
        f"AIPP takes {', '.join(AIPP_DOCUMENTED)}, and on some chips more that is documented nowhere. "
        "TFLOPS: cores × multiply-accumulates per cycle × 2 × clock. GB/s: * is not from a product page. "
        "Memory: of CANN's platform list; boards have more or less."
    )
    yield "One of them: ascendc soc 310P3. On a board: ascendc soc --here"


def _ranges(chips: Sequence[Soc]) -> tuple[str, ...]:
    """Cells of the overview: what a generation's chips have, from the least to the most."""
    tflops = sorted(chip.fp16_tflops for chip in chips)
    sizes = sorted({chip.memory.value for chip in chips if chip.memory})
    bandwidths = sorted((chip.bandwidth for chip in chips if chip.bandwidth), key=lambda figure: figure.value)
    return (
        _range([str(chip.cores) for chip in sorted(chips, key=lambda chip: chip.cores)]),
        _range([f"{value:.1f}" for value in tflops]),
        _range([_gigabytes(size) for size in sizes]),
        _range([f"{figure.value:g}{'' if figure.basis == 'spec' else '*'}" for figure in bandwidths]),
        "yes" if chips[0].bf16 else "no",
        "yes" if chips[0].static_aipp else "no",
    )


def _range(said: Sequence[str]) -> str:
    """The first and the last of what is sorted; ? where there is nothing."""
    return "–".join(dict.fromkeys([said[0], said[-1]])) if said else "?"


def _built_into(chip: Soc) -> str:
    return ": ".join(filter(None, [chip.series, ", ".join(chip.products)]))


def _who(chip: Soc) -> str:
    said = f" ({', '.join(chip.said)})" if chip.said else ""
    return f"{said}: {_built_into(chip)}"


def _gigabytes(size: float) -> str:
    return f"{size / (1 << 30):g} GiB" if size % (1 << 30) == 0 else f"{size / 1e9:g} GB"


def _one(about: About) -> Iterator[str]:
    chip = about.soc
    yield from _prose(f"{chip.name}{_who(chip)}")
    yield from _rows(
        [
            ("ATC", f"--soc_version={chip.name}, in this spelling{_shown(chip)}"),
            ("recipe", about.recipe),
            ("cores", f"{chip.cores} that multiply matrices, at {chip.mhz} MHz"),
            ("fp16", " · ".join(_figure(figure, "TFLOPS") for figure in about.fp16_peaks)),
            ("int8", " · ".join(_figure(figure, "TOPS") for figure in about.int8_peaks)),
            ("memory", _own_memory(chip)),
            ("bandwidth", _figure(chip.bandwidth, "GB/s") if chip.bandwidth else "not known"),
            *_shared([about]),
        ]
    )
    yield from _bases([chip.memory, chip.bandwidth, *about.fp16_peaks, *about.int8_peaks])


def _shown(chip: Soc) -> str:
    """How npu-smi shows it, where owners have published that."""
    if chip.short == "Ascend910_93":
        return f"; npu-smi shows Ascend910, and NPU Name {chip.name[-4:]} on its board page"
    return f"; npu-smi shows {chip.name.removeprefix('Ascend')}" if chip.short in socs.OWNED else ""


def _several(report: Report) -> Iterator[str]:
    for note in report.notes:
        yield from _prose(f"{note}.")
    shorts = dict.fromkeys(about.soc.short for about in report.socs)
    for short in shorts:
        group = [about for about in report.socs if about.soc.short == short]
        yield ""
        yield from _prose(f"{short}{_who(group[0].soc)}")
        heads = ("--soc_version", "cores", "MHz", "fp16 TFLOPS", "int8 TOPS", "memory", "GB/s")
        yield from _columns([heads, *(_cells(about) for about in group)])
        if len(shorts) == 1 or len(group) > 1:
            yield from _rows(_shared(group))
    yield ""
    yield "Which one a board has: npu-smi info, or there: ascendc soc --here"
    # Peaks in a table are the derived ones; a chip's own page has what is published beside them.
    derived = [about.fp16_peaks[0] for about in report.socs]
    yield from _bases(
        [*derived, *(figure for about in report.socs for figure in (about.soc.memory, about.soc.bandwidth))]
    )


def _bases(figures: Sequence[Figure | None]) -> Iterator[str]:
    """What the bases of the figures shown mean."""
    seen = {figure.basis for figure in figures if figure}
    yield from _prose(
        f"Basis of figures: {'; '.join(f'{basis}: {words}' for basis, words in BASES.items() if basis in seen)}"
    )


def _cells(about: About) -> tuple[str, ...]:
    chip = about.soc
    return (
        chip.name,
        str(chip.cores),
        str(chip.mhz),
        f"{chip.fp16_tflops:.1f}",
        f"{chip.int8_tops:.1f}",
        _gigabytes(chip.memory.value) if chip.memory else "?",
        f"{chip.bandwidth.value:g} ({chip.bandwidth.basis})" if chip.bandwidth else "?",
    )


def _shared(group: Sequence[About]) -> list[tuple[str, str]]:
    """What chips of a generation have in common."""
    chip = group[0].soc
    return [
        ("bf16", "yes" if chip.bf16 else "no: ATC refuses precision modes that name it (E20101)"),
        ("AIPP", _aipp(chip) + _aipp_limits(chip)),
        ("shapes", "fixed, gears, -1 and ranges" if chip.dynamic_ranges else "fixed or gears; no -1, no ranges"),
        ("options", _options([about.soc for about in group])),
        ("operators", f"folder {chip.short_opp} of CANN"),
        ("OM", PROMISE),
        (
            "CANN",
            f"{chip.last_cann} is the last that compiles for it" if chip.last_cann else "no last version is known",
        ),
    ]


def _aipp(chip: Soc) -> str:
    if not chip.aipp_formats:
        return "none"
    more = [name for name in chip.aipp_formats if name not in AIPP_DOCUMENTED]
    documented = [name for name in AIPP_DOCUMENTED if name in chip.aipp_formats]
    return ", ".join(documented) + (f" (undocumented: {', '.join(more)})" if more else "")


def _aipp_limits(chip: Soc) -> str:
    if not chip.aipp_formats:
        return ""
    crop = "odd crops of YUV420SP too" if chip.aipp_odd_crop else "YUV420SP cropped at even positions only"
    width = f"; at most {chip.aipp_pad_width} pixels wide after padding" if chip.aipp_pad_width else ""
    return f"; {crop}{width}"


def _options(chips: Sequence[Soc]) -> str:
    chip, alike = chips[0], len({chip.virtual for chip in chips}) == 1
    cores = f"{', '.join(map(str, chip.virtual))} cores" if alike else "each chip has its own numbers of cores"
    options = [
        ("--virtual_type=1", any(chip.virtual for chip in chips), f" ({cores})"),
        ("--core_type=VectorCore", chip.vector_core, ""),
        ("--enable_single_stream", chip.single_stream, ""),
        ("--sparsity", chip.sparsity, ""),
        ("HiF8 modes", chip.hif8, ""),
    ]
    has = [f"{name}{more}" for name, there, more in options if there]
    lacks = [name for name, there, _ in options if not there]
    return f"{', '.join(has) or 'none'}; without effect or refused: {', '.join(lacks)}"


def _figure(figure: Figure, unit: str) -> str:
    return f"{figure.value:g} {unit} ({figure.basis}{f': {figure.note}' if figure.note else ''})"


def _own_memory(chip: Soc) -> str:
    if chip.memory is None:
        return "not in CANN's platform list; npu-smi info shows the board's"
    return f"{_gigabytes(chip.memory.value)} ({chip.memory.basis}); boards have more or less"


def _rows(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, words in rows:
        yield from wrap(
            f"{name:<10} {words}",
            WIDTH,
            initial_indent="  ",
            subsequent_indent=" " * 13,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _prose(words: str) -> list[str]:
    return wrap(words, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _columns(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()

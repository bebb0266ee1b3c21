"""What ATC would refuse of an AIPP configuration, gate by gate, and what it would accept though it is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascendc.cann.aipp import doubts, graph, kernel, table
from ascendc.cann.aipp.case import Case
from ascendc.cann.aipp.finding import Doubt, Refusal
from ascendc.cann.aipp.question import Question
from ascendc.cann.aipp.read import Config
from ascendc.cann.aipp.sizes import Size, source_bytes
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class Summary:
    """One ``aipp_op`` block, and what it makes of the model's input."""

    line: int
    """Where it begins."""
    input: str | None
    """Name of the model's input; null without a model."""
    source: tuple[int, ...]
    """Height and width of what a program hands over; empty where not known."""
    bytes: int | None
    """Of one picture, as a program hands it over; null where not known."""
    result: tuple[int, ...]
    """Height and width of what the network sees; empty where not known."""
    fields: dict[str, bool | int | float | str]
    """What the file sets, in Python's types; the last value of a field that is set several times."""


@dataclass(frozen=True)
class Report:
    """What ``ascendc aipp lint --json`` writes."""

    ok: bool
    """No errors."""
    ops: tuple[Summary, ...]
    errors: tuple[Refusal, ...]
    """What ATC refuses, gate by gate in its order."""
    lint: tuple[Doubt, ...]
    """What it accepts, though it is probably not what is meant."""


def lint(config: Config, question: Question | None = None) -> Report:
    """Judge a configuration.

    Raises:
        UsageError: ``--input_fp16_nodes`` without the model whose inputs it names (ASC2204).
    """
    asked = question or Question()
    if asked.fp16_inputs and asked.model is None:
        raise UsageError("ASC2204", "--input-fp16-nodes must come with --model, whose inputs it names")
    cases = [
        Case(
            index,
            block,
            asked.families,
            asked.soc.name if asked.soc else None,
            asked.network(block.op.related_input_rank),
        )
        for index, block in enumerate(config.blocks)
    ]
    found = _once([*config.refusals, *_of_file(config, cases, asked)])
    for case in cases:
        if case.block.readable:
            found += _once(_of_block(case, asked))
    errors = [finding for finding in found if isinstance(finding, Refusal)]
    errors.sort(key=lambda finding: ("parse", "graph", "kernel").index(finding.gate))
    lints = tuple(finding for finding in found if isinstance(finding, Doubt))
    return Report(not errors, tuple(map(_summary, cases)), tuple(errors), lints)


def _of_file(config: Config, cases: list[Case], asked: Question) -> Iterator[Refusal | Doubt]:
    """What concerns the file as a whole."""
    if asked.soc is not None and not asked.soc.static_aipp:
        message = f"{asked.soc.name} has no static AIPP in CANN 8.1"
        yield Refusal("E81012", "", "kernel", message, "normalise on the host: drop --insert_op_conf")
    if asked.dynamic_dims:
        message = "--dynamic_dims must not be given with --insert_op_conf"
        yield Refusal("E10001", "", "graph", message, "drop one of them; --dynamic_batch_size goes with AIPP")
    if not config.blocks and not config.refusals:
        yield Doubt("", "the file has no aipp_op block: nothing is inserted", "write aipp_op { … }")
    if len({case.op.aipp_mode for case in cases} & {"static", "dynamic"}) == 2:
        yield Doubt("", "documents want all blocks static or all dynamic", "use one aipp_mode in the file")
    yield from graph.of_inputs([case for case in cases if case.block.readable], asked.model, asked.fp16_inputs)


def _of_block(case: Case, asked: Question) -> Iterator[Refusal | Doubt]:
    yield from graph.of_block(case)
    unfit = list(graph.of_gears(case)) if asked.image_sizes else []
    yield from unfit
    if case.op.aipp_mode == "dynamic":
        yield from _room(case, asked)
    elif case.op.input_format and case.families:
        # A block that goes with no gear is not told to have the size of each.
        for network in (None,) if unfit else asked.gears(case.op.related_input_rank):
            yield from kernel.check(replace(case, network=network))
    yield from doubts.check(case)


def _room(case: Case, asked: Question) -> Iterator[Doubt]:
    """Whether the largest picture of a dynamic block has room: a program would find out."""
    network, most = case.network, case.op.max_src_image_size
    if network is None or network.height is None or network.width is None or not most:
        return
    batch = asked.most(case.op.related_input_rank)
    pixels = batch * network.height * network.width
    needs = {name: int(pixels * float(known.bytes_per_pixel or 0)) for name, known in _documented().items()}
    short = [f"{name} {size}" for name, size in needs.items() if size > most]
    if short:
        message = f"`max_src_image_size` {most} has no room for {batch} of {network.width}×{network.height} pixels: "
        message += f"{', '.join(short)} bytes"
        fix = f"write max_src_image_size: {max(needs.values())}, or what the largest source needs"
        yield case.doubt("max_src_image_size", message, fix)


def _documented() -> dict[str, table.PixelFormat]:
    return {name: known for name, known in table.formats().items() if known.documented}


def _summary(case: Case) -> Summary:
    op = case.op
    source, result = Size.source(op, case.network), Size.after(op, case.network)
    fields = {}
    for name in case.block.lines:
        value = getattr(op, name)
        value = value[-1] if isinstance(value, tuple) and value else value
        # JSON has no word for what is not finite
        fields[name] = str(value) if isinstance(value, float) and value - value != 0 else value
    return Summary(
        case.block.line,
        case.network.name if case.network else None,
        _known(source),
        source_bytes(op, source),
        _known(result),
        fields,
    )


def _known(size: Size) -> tuple[int, ...]:
    return () if size.height is None or size.width is None else (size.height, size.width)


def _once(findings: Iterable[Refusal | Doubt]) -> list[Refusal | Doubt]:
    """Without repetitions: gears say many things alike."""
    return list(dict.fromkeys(findings))

"""What ATC would refuse of an AIPP configuration, gate by gate, and what it would accept though it is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascendc.cann.aipp import doubts, graph, kernel, table
from ascendc.cann.aipp.case import Case, Network
from ascendc.cann.aipp.finding import Doubt, Refusal
from ascendc.cann.aipp.kernel import MOST_CHANNELS
from ascendc.cann.aipp.read import Config
from ascendc.cann.aipp.sizes import Size, source_bytes
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.outline import Outline, Port
    from ascendc.cann.soc import Soc


@dataclass(frozen=True)
class Question:
    """What a configuration is judged for; nothing is required."""

    soc: Soc | None = None
    """Without it, what every SoC with static AIPP refuses is an error, and what some refuse is a doubt."""
    model: Outline | None = None
    """The ONNX model, whose inputs the blocks are put before."""
    size: tuple[int, int] | None = None
    """Height and width of the image input, where the model does not say."""
    batch: int | None = None
    """The largest batch, for ``max_src_image_size``; None: the model's, or 1."""
    image_sizes: tuple[tuple[int, int], ...] = ()
    """Height and width of each gear of ``--dynamic_image_size``."""
    dynamic_dims: bool = False
    """Whether ``--dynamic_dims`` is given."""
    fp16_inputs: tuple[str, ...] = ()
    """Of ``--input_fp16_nodes``."""


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
    """What the file sets, in Python's types, defaults left out; the last value of a field that is set several times."""


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
    families = _families(asked.soc)
    cases = [
        Case(index, block, families, asked.soc.name if asked.soc else None, _network(block.op, asked))
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


def _families(soc: Soc | None) -> tuple[table.Family, ...]:
    if soc is None:
        return tuple(table.families().values())
    return (table.families()[soc.short],) if soc.static_aipp else ()


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
        for network in (None,) if unfit else _gears(case.network, asked.image_sizes):
            yield from kernel.check(replace(case, network=network))
    yield from doubts.check(case)


def _room(case: Case, asked: Question) -> Iterator[Doubt]:
    """Whether the largest picture of a dynamic block has room: a program would find out."""
    network, most = case.network, case.op.max_src_image_size
    if network is None or network.height is None or network.width is None or not most:
        return
    batch = asked.batch or _batch(asked.model, case.op.related_input_rank) or 1
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


def _gears(network: Network | None, sizes: tuple[tuple[int, int], ...]) -> tuple[Network | None, ...]:
    """The network at each size that it is compiled for."""
    if not sizes:
        return (network,)
    plain = network or Network(None, None, None, None, None)
    return tuple(replace(plain, height=height, width=width) for height, width in sizes)


def _network(op: AippOp, asked: Question) -> Network | None:
    """The input that a block is put before, as far as it is known."""
    port = _port(asked.model, op.related_input_rank)
    channels, height, width = _axes(port)
    if asked.size is not None:
        height, width = asked.size
    if port is None and asked.size is None:
        return None
    return Network(port.name if port else None, port.dtype if port else None, channels, height, width)


def _port(model: Outline | None, rank: int) -> Port | None:
    return model.inputs[rank] if model is not None and rank < len(model.inputs) else None


def _axes(port: Port | None) -> tuple[int | None, int | None, int | None]:
    """Channels, height and width: NCHW, unless AIPP would refuse that and not NHWC (``1×224×224×3``)."""
    if port is None or port.shape is None or len(port.shape) != 4:
        return None, None, None
    _, channels, height, width = (axis if isinstance(axis, int) and axis > 0 else None for axis in port.shape)
    if width in (1, 3, 4) and channels is not None and channels > MOST_CHANNELS["float16"]:
        return width, channels, height
    return channels, height, width


def _batch(model: Outline | None, rank: int) -> int | None:
    port = _port(model, rank)
    first = port.shape[0] if port is not None and port.shape else None
    return first if isinstance(first, int) and first > 0 else None


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

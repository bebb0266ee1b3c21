"""A block emulated on a picture: figures, a PNG, and what looks wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascendc.aipp_show import compared
from ascendc.aipp_show.handed import hand
from ascendc.aipp_show.wanted import preprocessing
from ascendc.cann.aipp import csc
from ascendc.cann.aipp.emulate import emulate, require
from ascendc.cann.aipp.lint import lint
from ascendc.cann.aipp.question import Question
from ascendc.cann.aipp.read import read_file
from ascendc.cann.soc import resolve
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from ascendc.aipp_show.compared import Difference
    from ascendc.cann.aipp.derive import Range, Source, Standard
    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.outline import Outline
    from ascendc.cann.soc import Soc

    Values = npt.NDArray[np.float64]

USUAL_SOC = "Ascend310P3"
"""Whose rounding is emulated where no SoC is named: that of 310, 610, 910 and 910B too."""


@dataclass(frozen=True)
class Channel:
    """One channel of what the network gets."""

    low: float
    high: float
    mean: float


@dataclass(frozen=True)
class Seen:
    """What the network gets of a picture."""

    index: int
    """Of the block: ``aipp_op[0]``."""
    soc: str
    """Whose rounding was emulated."""
    source: str
    """What was handed over, in words: layout, bytes, how the picture was scaled."""
    shape: tuple[int, ...]
    """Batch, channels, height, width."""
    channels: tuple[Channel, ...]
    difference: Difference | None
    """None without anything to compare with."""
    doubts: tuple[str, ...]
    """What `lint` doubts about the block, and what the emulation cannot know."""
    wrong: tuple[str, ...]
    """What looks wrong, each in a line."""
    picture: str
    """Path of the PNG: values taken back to pixels by the block's own figures."""


def show(
    config: Path,
    image: Path,
    output: Path,
    *,
    soc: Soc | None = None,
    model: Outline | None = None,
    size: tuple[int, int] | None = None,
    against: Path | None = None,
    source: Source | None = None,
    yuv: tuple[Standard, Range] | None = None,
    index: int = 0,
) -> Seen:
    """Emulate a block on a picture, and write what the network sees as a PNG.

    Args:
        config: the configuration.
        image: a picture that Pillow can read.
        output: the PNG.
        soc: whose rounding; None: `USUAL_SOC`.
        model: the ONNX model, whose input's size counts.
        size: height and width of the network's input, where no model says.
        against: a ``preprocess.json`` or a bundle: how the model wants its pictures.
        source: how the program's pixels lie; None: RGB, or nv12, whatever the swaps of the block expect.
        yuv: standard and range of the pictures' YUV; None: those of the block's matrix, else BT.601 full range.
        index: of the block.

    Raises:
        UsageError: a file cannot be read, ATC would refuse the configuration (ASC2209), the block cannot be emulated
            (ASC2205), or `output` is the picture or cannot be written (ASC2211).
    """
    if output.exists() and image.exists() and output.samefile(image):
        raise UsageError("ASC2211", f"`{output}` must not be written: it is the picture", hint="-o OUT.png")
    wanted = None if against is None else preprocessing(against)
    size = size or (None if wanted is None or model is not None else (wanted.height, wanted.width))
    chip = soc or resolve(USUAL_SOC).soc
    op, network, doubts = _block(config, Question(soc=soc, model=model, size=size), chip, index)
    source_size = op.src_image_size_h or network[0], op.src_image_size_w or network[1]
    handed = hand(op, image, source_size, wanted, source, yuv)

    def emulated(block: AippOp) -> Values:
        return emulate(block, handed.packed, chip, network).astype("float64")

    values = emulated(op)
    difference, wrong = None, compared.alone(op, values)
    if wanted is not None:
        difference, differs = compared.compare(op, handed.colours, wanted, emulated)
        wrong += differs
    _write(op, values, output)
    return Seen(
        index,
        chip.name,
        handed.said,
        values.shape,
        tuple(_channel(values[:, channel]) for channel in range(values.shape[1])),
        difference,
        doubts,
        (*_swapped(op, source), *wrong),
        str(output),
    )


def _block(config: Path, question: Question, chip: Soc, index: int) -> tuple[AippOp, tuple[int, int], tuple[str, ...]]:
    """The block, height and width of the network's input, and what is doubtful."""
    read = read_file(config)
    report = lint(read, question)
    if report.errors:
        first = report.errors[0]
        where = f"{first.field}: " if first.field else ""
        size = "" if question.size is None else " --size {}x{}".format(*question.size)
        raise UsageError(
            "ASC2209", f"ATC would refuse `{config}`: {where}{first.message}", hint=f"ascendc aipp lint {config}{size}"
        )
    if index >= len(read.ops):
        count = f"{len(read.ops)} block{'' if len(read.ops) == 1 else 's'}"
        raise UsageError("ASC2209", f"`{config}` has {count}; there is no aipp_op[{index}]")
    op = read.ops[index]
    require(op, chip)
    after = report.ops[index].result
    if not after:
        raise UsageError(
            "ASC2209", f"aipp_op[{index}] does not say its sizes; --size or --model must say the network's"
        )
    doubts = [doubt.message for doubt in report.lint if doubt.field.startswith(f"aipp_op[{index}].")]
    if csc.from_yuv(op) and op.crop and (op.load_start_pos_w % 2 or op.load_start_pos_h % 2):
        doubts.append("cut at an odd place: how a chip pairs chroma there is not known, the emulation may be wrong")
    return op, (after[0], after[1]), tuple(doubts)


def _swapped(op: AippOp, source: Source | None) -> tuple[str, ...]:
    """A swap for which no source was named that needs it."""
    if (
        not op.rbuv_swap_switch
        or source is not None
        or op.input_format not in ("RGB888_U8", "XRGB8888_U8", "YUV420SP_U8")
    ):
        return ()
    if op.input_format == "YUV420SP_U8":
        return ("rbuv_swap_switch exchanges U and V of the NV12 handed over; right for NV21 (--source nv21)",)
    other = "bgr" if op.input_format == "RGB888_U8" else "bgrx or xbgr"
    return (f"rbuv_swap_switch exchanges red and blue of the RGB handed over; right for BGR (--source {other})",)


def _channel(values: Any) -> Channel:
    return Channel(float(values.min()), float(values.max()), float(values.mean()))


def _write(op: AippOp, values: Values, output: Path) -> None:
    """The values as pixels again, by the block's own figures: white and black are where they were."""
    import numpy as np
    from PIL import Image

    channels = range(values.shape[1])
    less = np.array([op.mean[channel] + op.minimum[channel] for channel in channels])
    factors = np.array([op.reciprocal[channel] or 1.0 for channel in channels])
    pixels = np.nan_to_num(values[0].transpose(1, 2, 0) / factors + less)
    data = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    picture = Image.fromarray(data[..., 0] if data.shape[-1] == 1 else data)
    try:
        picture.save(output, format="PNG")
    except OSError as error:
        raise UsageError("ASC2211", f"`{output}` cannot be written: {error.strerror or error}") from error

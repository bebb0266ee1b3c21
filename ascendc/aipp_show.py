"""What a model will see through an AIPP configuration: emulated, as a picture and as figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.cann.aipp import csc
from ascendc.cann.aipp.derive import MOST_SOURCE, SOURCES, Preprocessor
from ascendc.cann.aipp.lint import Question, lint
from ascendc.cann.aipp.read import read_file
from ascendc.cann.soc import resolve
from ascendc.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ascendc.cann.aipp.derive import Range, Source, Standard
    from ascendc.cann.aipp.op import AippOp
    from ascendc.cann.outline import Outline
    from ascendc.cann.soc import Soc
    from ascendc.runtime import Preprocessing

    Pixels = npt.NDArray[np.uint8]

USUAL_SOC = "Ascend310P3"
"""Whose rounding is emulated where no SoC is named: that of 310, 610, 910 and 910B too."""

TOLERANCE = 0.05
"""Error of a normalised value above which something else than rounding is at work; of YUV, the mean error."""


@dataclass(frozen=True)
class Channel:
    """One channel of what the network gets."""

    low: float
    high: float
    mean: float


@dataclass(frozen=True)
class Difference:
    """From the model's own preprocessing, in float32, of the same scaled picture."""

    max: float
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
    wrong: tuple[str, ...]
    """What looks wrong, each in a line."""
    picture: str
    """Path of the PNG: values taken back to pixels by the block's own figures."""


def preprocessing(path: Path) -> Preprocessing:
    """The model's own preprocessing: of a ``preprocess.json``, or of the bundle in a folder.

    Raises:
        UsageError: there is none (ASC2207), or it is none that can be read (ASC2208).
    """
    from ascendc.runtime import Preprocessing

    file = path / "assets" / "preprocess.json" if path.is_dir() else path
    if not file.is_file():
        raise UsageError("ASC2207", f"`{file}` does not exist; allowed: a preprocess.json, or a bundle that has one")
    try:
        found = Preprocessing.read(file)
        _check(found)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise UsageError("ASC2208", f"`{file}` is no preprocess.json of ascendc: {error}") from error
    return found


def preprocessor(path: Path) -> Preprocessor:
    """The same, as `ascendc.cann.aipp.derive` takes it.

    Raises:
        UsageError: as `preprocessing`.
    """
    found = preprocessing(path)
    return Preprocessor(found.height, found.width, *_triples(found))


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
        UsageError: a file cannot be read, or ATC would refuse the configuration (ASC2209).
    """
    wanted = None if against is None else preprocessing(against)
    size = size or (None if wanted is None or model is not None else (wanted.height, wanted.width))
    op, network = _block(config, Question(soc=soc, model=model, size=size), index)
    from ascendc.cann.aipp.emulate import emulate

    chip = soc or resolve(USUAL_SOC).soc
    host = _host(wanted, op.src_image_size_h or network[0], op.src_image_size_w or network[1])
    pixels = _pixels(host, image)
    packed, said = _packed(op, pixels, source, yuv)
    tensor = emulate(op, packed, chip, network)
    difference, wrong = _judged(op, tensor, pixels, wanted)
    _write(op, tensor, output)
    cut = "both sides" if host.resize == "squash" else f"the shorter side to {host.resize_to}, the centre cut out"
    scaled = f"{image} scaled ({host.interpolation}, {cut})"
    return Seen(
        index,
        chip.name,
        f"{op.input_format} {host.height}×{host.width}, {packed.size} bytes, {said}; {scaled}",
        tensor.shape,
        tuple(_channel(tensor[:, channel]) for channel in range(tensor.shape[1])),
        difference,
        (*_swapped(op, source), *wrong),
        str(output),
    )


def _check(found: Preprocessing) -> None:
    """Raise ValueError or TypeError for what no model's preprocessing can be."""
    _triples(found)
    sides = (found.height, found.width, *(() if found.resize_to is None else (found.resize_to,)))
    if not all(isinstance(side, int) and 0 < side <= MOST_SOURCE for side in sides):
        raise ValueError(f"sides must be 1 to {MOST_SOURCE}")
    if found.resize not in ("shortest-edge", "squash") or found.interpolation not in ("bicubic", "bilinear"):
        raise ValueError("resize must be shortest-edge or squash, interpolation bicubic or bilinear")


def _triples(found: Preprocessing) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (red, green, blue), (r, g, b) = map(float, found.mean), map(float, found.std)
    if not all(deviation > 0 for deviation in (r, g, b)):
        raise ValueError("standard deviations must be above 0")
    return (red, green, blue), (r, g, b)


def _block(config: Path, question: Question, index: int) -> tuple[AippOp, tuple[int, int]]:
    """The block, and height and width of the network's input."""
    read = read_file(config)
    report = lint(read, question)
    if report.errors:
        first = report.errors[0]
        raise UsageError(
            "ASC2209", f"ATC refuses `{config}`: {first.field}: {first.message}", hint=f"ascendc aipp lint {config}"
        )
    if index >= len(read.ops):
        raise UsageError("ASC2209", f"`{config}` has {len(read.ops)} blocks; there is no aipp_op[{index}]")
    after = report.ops[index].result
    if not after:
        raise UsageError(
            "ASC2209", f"aipp_op[{index}] does not say its sizes; --size or --model must say the network's"
        )
    return read.ops[index], (after[0], after[1])


def _host(wanted: Preprocessing | None, height: int, width: int) -> Preprocessing:
    """How the host scales a picture to the source size: as the model wants it, with a larger centre where AIPP cuts."""
    from ascendc.runtime import Preprocessing

    if wanted is None:
        return Preprocessing(height, width, "shortest-edge", max(height, width), "bicubic", (0.0,) * 3, (1.0,) * 3)
    short = max(wanted.resize_to or max(wanted.height, wanted.width), height, width)
    return replace(wanted, height=height, width=width, resize_to=short)


def _pixels(host: Preprocessing, image: Path) -> Pixels:
    from ascendc.runtime import InputError

    try:
        return host.pixels(str(image))
    except InputError as error:
        raise UsageError("ASC2210", str(error)) from error


def _packed(
    op: AippOp, pixels: Pixels, source: Source | None, yuv: tuple[Standard, Range] | None
) -> tuple[Pixels, str]:
    """What a program would hand over, and how it lies in memory, in words."""
    from ascendc.cann.aipp.pack import grey, pack

    if op.input_format == "YUV400_U8":
        return grey(pixels), "grey as BT.601 full range"
    usual: dict[str, Source] = {
        "RGB888_U8": "rgb",
        "XRGB8888_U8": "xrgb" if op.ax_swap_switch else "rgbx",
        "YUV420SP_U8": "nv12",
    }
    chosen = source or usual.get(op.input_format, "rgb")
    if SOURCES[chosen][0] != op.input_format:
        allowed = ", ".join(name for name, (known, _, _) in SOURCES.items() if known == op.input_format)
        raise UsageError("ASC2209", f"--source must not be {chosen}: the block wants {op.input_format} ({allowed})")
    found = csc.recognise(op) if op.csc_switch else None
    of_matrix = (found.standard, found.range) if found is not None else (None, None)
    standard, range = yuv or (of_matrix[0] or "bt601", of_matrix[1] or "full")
    said = f"{chosen} of BT.{standard[2:]} {range} range" if chosen in ("nv12", "nv21") else f"bytes {chosen.upper()}"
    return pack(pixels, chosen, standard, range), said


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


def _judged(
    op: AippOp,
    tensor: npt.NDArray[np.float16],
    pixels: Pixels,
    wanted: Preprocessing | None,
) -> tuple[Difference | None, list[str]]:
    """How far this is from what the model wants, and what cheap tests find wrong."""
    import numpy as np

    values = tensor.astype(np.float64)
    wrong = []
    if not np.isfinite(values).all():
        wrong.append("values are not finite: the figures of the block are beyond fp16")
    elif np.abs(values).max() > 20:
        wrong.append(f"values go up to {np.abs(values).max():.4g}: pixels are not divided (var_reci_chn)")
    if op.input_format == "YUV420SP_U8" and not op.csc_switch:
        wrong.append("channels are Y, U and V: colours are not converted (csc_switch)")
    if wanted is None:
        return None, wrong
    if values.shape[1:] != (3, wanted.height, wanted.width):
        wanted_shape = f"3×{wanted.height}×{wanted.width}"
        return None, [*wrong, f"the model wants {wanted_shape}, not {'×'.join(map(str, values.shape[1:]))}"]
    reference = _reference(op, pixels, wanted)
    if reference.shape != values.shape:
        return None, wrong
    error = np.abs(values - reference)
    # One U and V serve four pixels, so that edges differ however right the block is.
    if (error.mean() if op.input_format == "YUV420SP_U8" else error.max()) > TOLERANCE:
        wrong.append(f"this is not what the model is used to: {_guess(values, reference, wanted)}")
    return Difference(float(error.max()), float(error.mean())), wrong


def _reference(op: AippOp, pixels: Pixels, wanted: Preprocessing) -> npt.NDArray[np.float64]:
    """The model's own preprocessing of what the block leaves of the picture; a border counts as is."""
    import numpy as np

    if op.crop:
        top, left = op.load_start_pos_h, op.load_start_pos_w
        tall = op.crop_size_h or wanted.height
        pixels = pixels[top : top + tall, left : left + (op.crop_size_w or wanted.width)]
    normalised = (pixels / 255 - np.array(wanted.mean)) / np.array(wanted.std)
    planes: npt.NDArray[np.float64] = normalised.transpose(2, 0, 1)[None]
    return planes


def _guess(values: Any, reference: Any, wanted: Preprocessing) -> str:
    """What is wrong, by what would make it right."""
    import numpy as np

    def off(candidate: Any) -> float:
        return float(np.abs(candidate - reference).mean())

    mean, std = (np.array(figures)[None, :, None, None] for figures in (wanted.mean, wanted.std))
    candidates = {
        "red and blue are exchanged (rbuv_swap_switch)": values[:, ::-1] if values.shape[1] == 3 else values,
        "pixels are neither divided nor centred": (values / 255 - mean) / std,
        "means are not subtracted": values - mean / std,
        "pixels are divided by 255, but not by the standard deviation, nor centred": (values - mean) / std,
        "pixels are not divided by the standard deviation": values / std,
    }
    best = min(candidates, key=lambda name: off(candidates[name]))
    if off(candidates[best]) < off(values) / 5:
        return best
    return (
        "means, factors, colour conversion or the order of channels differ (ascendc aipp derive writes the right block)"
    )


def _channel(values: Any) -> Channel:
    wide = values.astype("float64")
    return Channel(float(wide.min()), float(wide.max()), float(wide.mean()))


def _write(op: AippOp, tensor: npt.NDArray[np.float16], output: Path) -> None:
    """The values as pixels again, by the block's own figures: white and black are where they were."""
    import numpy as np
    from PIL import Image

    channels = range(tensor.shape[1])
    less = np.array([op.mean[channel] + op.minimum[channel] for channel in channels])
    factors = np.array([op.reciprocal[channel] or 1.0 for channel in channels])
    pixels = np.nan_to_num(tensor[0].astype(np.float64).transpose(1, 2, 0) / factors + less)
    data = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    picture = Image.fromarray(data[..., 0] if data.shape[-1] == 1 else data)
    try:
        picture.save(output, format="PNG")
    except OSError as error:
        raise UsageError("ASC2211", f"`{output}` cannot be written: {error.strerror or error}") from error

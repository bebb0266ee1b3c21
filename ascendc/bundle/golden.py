"""Golden inputs and outputs as a bundle holds them, and the ais_bench run that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.bundle.layout import file_names
from ascendc.runtime.manifest import Golden, GoldenTensor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from ascendc.bundle.collect import Collector
    from ascendc.model import Image, Part
    from ascendc.runtime.manifest import Artefact

    Array = npt.NDArray[Any]

PIXEL = 1e-2
"""How far from a whole number a pixel may be (in units of 0..255) and still be the pixel it came from."""


def write(
    part: Part,
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    *,
    limit: float,
    pixels: bool,
    files: Collector,
) -> Golden:
    """Add a part's golden arrays to the bundle: ``.npy`` over all samples, and a folder of one raw ``.bin`` each.

    Args:
        part: the part.
        inputs: ``.npy`` files by input name, samples first.
        outputs: the same, by output name.
        limit: what the ONNX may differ.
        pixels: whether the inputs are needed as an OM with AIPP takes them, too.
        files: where to add them.
    """
    given = {tensor.name: np.load(inputs[tensor.name], allow_pickle=False) for tensor in part.inputs}
    wanted = {tensor.name: np.load(outputs[tensor.name], allow_pickle=False) for tensor in part.outputs}
    raw = raw_inputs(part, given) if pixels else {}
    written = _write(f"golden/{part.name}", {**given, **wanted}, files)
    return Golden(
        part.name,
        len(next(iter(wanted.values()))),
        limit,
        written[: len(given)],
        written[len(given) :],
        _write(f"golden/{part.name}-pixels", raw, files),
    )


def raw_inputs(part: Part, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The inputs with pictures as the pixels they were made of: uint8, NHWC. Empty if they were made of none."""
    raw = {}
    for tensor in part.inputs:
        array = arrays[tensor.name]
        made = _pixels(tensor.image, array) if tensor.image else array
        if made is None:
            return {}
        raw[tensor.name] = made
    return raw


def ais_bench(artefact: Artefact, golden: Golden | None) -> tuple[str, ...]:
    """The arguments after ``python3 -m ais_bench`` that run the OM on the golden inputs; empty if they do not fit.

    ais_bench packs a folder's files, sorted, into batches, fills up the last one and splits the outputs again into
    one file per sample, ``<stem of the first input's file>_<output>.npy`` (msit 8.1).
    """
    tensors = (golden.pixels if artefact.aipp != "none" else golden.inputs) if golden else ()
    if not tensors:
        return ()
    gears = ("--dymBatch", str(artefact.batch[-1])) if len(artefact.batch) > 1 else ()
    return (
        "--model",
        artefact.om,
        "--input",
        ",".join(tensor.samples for tensor in tensors),
        "--output",
        "/tmp",  # noqa: S108 - where the reader of the README finds it; the bundle itself may be read-only
        "--output_dirname",
        f"golden-{artefact.part}-{artefact.target}",
        "--outfmt",
        "NPY",
        *gears,
    )


def _pixels(image: Image, array: Array) -> Array | None:
    """Undo the normalisation: exact where the array came from 8-bit pixels, None where it did not."""
    mean, std = (np.array(values, np.float64).reshape(1, 3, 1, 1) for values in (image.mean, image.std))
    scaled = (array * std + mean) * 255
    pixels = np.rint(scaled)
    if np.abs(scaled - pixels).max() > PIXEL or pixels.min() < 0 or pixels.max() > 255:
        return None
    return np.ascontiguousarray(pixels.astype(np.uint8).transpose(0, 2, 3, 1))


def _write(folder: str, arrays: Mapping[str, Array], files: Collector) -> tuple[GoldenTensor, ...]:
    written = []
    for name, stem in zip(arrays, file_names(tuple(arrays)), strict=True):
        array = np.ascontiguousarray(arrays[name])
        for i, sample in enumerate(array):
            files.content(f"{folder}/{stem}/{i:03d}.bin", sample.tobytes())
        written.append(GoldenTensor(name, files.content(f"{folder}/{stem}.npy", _npy(array)), f"{folder}/{stem}"))
    return tuple(written)


def _npy(array: Array) -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()

"""The AIPP configuration of a part on a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.aipp.derive import LEAST_WIDTH, MOST_SOURCE, Preprocessor, derive
from ascendc.cann.aipp.write import pairs
from ascendc.errors import UsageError
from ascendc.template import render

if TYPE_CHECKING:
    from ascendc.cann.aipp.op import AippOp
    from ascendc.model import Image, Part, Tensor
    from ascendc.target import PartTarget, Target

MOST_FACTOR = 65504
"""The largest ``var_reci_chn_*`` (CANN 8.1): the largest number of fp16."""


def configs_for(part: Part, part_target: PartTarget, target: Target) -> tuple[AippOp, ...]:
    """The AIPP blocks of a part: one for each image input, none if its target wants no AIPP.

    Raises:
        UsageError: the part has no image input (ASC1730), the SoC has no static AIPP (ASC1731), or an image
            cannot be normalised by AIPP (ASC1732 to ASC1734).
    """
    if part_target.aipp == "none":
        return ()
    if not target.soc.static_aipp:
        raise UsageError("ASC1731", f"aipp must be none: {target.soc.name} has no static AIPP")
    found = [(rank, tensor) for rank, tensor in enumerate(part.inputs) if tensor.image is not None]
    if not found:
        raise UsageError("ASC1730", f"aipp must be none: part `{part.name}` has no image input")
    return tuple(_config(rank, tensor, tensor.image) for rank, tensor in found if tensor.image is not None)


def text(configs: tuple[AippOp, ...]) -> str | None:
    """The file for ``--insert_op_conf``; None without blocks."""
    return render("aipp.cfg.j2", configs=[pairs(config) for config in configs]) if configs else None


def _config(rank: int, tensor: Tensor, image: Image) -> AippOp:
    _check_shape(tensor, image)
    if not all(0 <= mean <= 1 for mean in image.mean):
        raise UsageError(
            "ASC1733", f"the means of image input `{tensor.name}` must be 0 to 1 for AIPP, not {image.mean}"
        )
    if not all(deviation > 0 and 0 < 1 / (deviation * 255) <= MOST_FACTOR for deviation in image.std):
        raise UsageError(
            "ASC1734",
            f"the standard deviations of image input `{tensor.name}` must be {1 / (255 * MOST_FACTOR):.0g} or more, "
            f"and finite, for AIPP, not {image.std}",
        )
    return derive(Preprocessor(image.height, image.width, image.mean, image.std), rank=rank)


def _check_shape(tensor: Tensor, image: Image) -> None:
    wanted = (3, image.height, image.width)
    fits = LEAST_WIDTH <= image.width <= MOST_SOURCE and 1 <= image.height <= MOST_SOURCE
    if len(tensor.shape) != 4 or tensor.shape[1:] != wanted or not fits:
        shape = "×".join(map(str, tensor.shape))
        raise UsageError(
            "ASC1732",
            f"image input `{tensor.name}` must be batch×3×{image.height}×{image.width} for AIPP, "
            f"neither side above {MOST_SOURCE}, not {shape}",
        )

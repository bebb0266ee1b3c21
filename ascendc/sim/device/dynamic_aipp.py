"""Dynamic AIPP: what a program sets before it runs, and what AscendCL checks of it.

Source: the graph engine's ``acl_aipp`` and ``aipp_param_check`` (August 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ascendc.cann.aipp.op import AippOp
from ascendc.sim.device.codes import INVALID_PARAM, AclError

if TYPE_CHECKING:
    from ascendc.sim.device.shapes import Shape

CONFIG_INPUT = "ascend_dynamic_aipp_data"
"""The first input that ATC adds for it; further ones have more behind this."""

FORMATS = {1: "YUV420SP_U8", 2: "XRGB8888_U8", 3: "RGB888_U8", 4: "YUV400_U8"}
"""By AscendCL's numbers: those that Ascend's chips take."""

_HALVES = {"YUV420SP_U8": 3, "XRGB8888_U8": 8, "RGB888_U8": 6, "YUV400_U8": 2}
"""Bytes of two pixels."""

_WIDEST = 1080
"""Columns that a padded picture may have, but on 310B."""


def config_size(batch: int) -> int:
    """Bytes of the input that ATC adds: what is common, what is of each picture, and one picture more."""
    return 64 + 96 * (batch + 1)


@dataclass
class Setting:
    """``aclmdlAIPP``: a block for each picture of a batch."""

    pictures: list[AippOp]

    @classmethod
    def of(cls, batch: int) -> Setting:
        """As it is when it is made.

        Raises:
            AclError: there are no pictures.
        """
        if batch <= 0:
            raise AclError(INVALID_PARAM, "AIPP for a batch of 0 pictures must not be made")
        return cls([AippOp(aipp_mode="static")] * batch)

    def all(self, **fields: Any) -> None:
        """Set fields of every picture."""
        self.pictures = [replace(op, **fields) for op in self.pictures]

    def one(self, index: int, **fields: Any) -> None:
        """Set fields of one picture.

        Raises:
            AclError: there is none of this index.
        """
        if not 0 <= index < len(self.pictures):
            raise AclError(INVALID_PARAM, f"picture {index} is not below {len(self.pictures)}")
        self.pictures[index] = replace(self.pictures[index], **fields)

    def check(self, block: AippOp, network: Shape | None, short: str) -> None:
        """See that the pictures go through the network.

        Args:
            block: what the model was compiled with.
            network: batch, channels, height and width of the largest gear; None where shapes are open.
            short: the chip's generation.

        Raises:
            AclError: they do not.
        """
        first = self.pictures[0]
        if first.input_format not in _HALVES:
            raise AclError(INVALID_PARAM, "set_aipp_input_format was not called")
        if not first.src_image_size_w or not first.src_image_size_h:
            raise AclError(INVALID_PARAM, "set_aipp_src_image_size was not called")
        size = picture_size(first) * len(self.pictures)
        if size > block.max_src_image_size:
            most = block.max_src_image_size
            raise AclError(INVALID_PARAM, f"the pictures have {size} bytes, and max_src_image_size is {most}")
        for op in self.pictures:
            _check_picture(op, short)
        sizes = {output_size(op) for op in self.pictures}
        if len(sizes) > 1:
            raise AclError(INVALID_PARAM, f"every picture must come out in one size, not in {sorted(sizes)}")
        if network is not None and (len(self.pictures), *sizes.pop()) != (network[0], network[2], network[3]):
            found = f"{len(self.pictures)} of {'×'.join(map(str, output_size(first)))}"
            wants = f"{network[0]} of {network[2]}×{network[3]}"
            raise AclError(INVALID_PARAM, f"AIPP makes {found} (height×width), and the model wants {wants}")


def picture_size(op: AippOp) -> int:
    """Bytes of one picture."""
    return op.src_image_size_w * op.src_image_size_h * _HALVES[op.input_format] // 2


def output_size(op: AippOp) -> tuple[int, int]:
    """Height and width of what comes out."""
    cut = (op.crop_size_h, op.crop_size_w) if op.crop else (op.src_image_size_h, op.src_image_size_w)
    return cut[0] + op.border[0], cut[1] + op.border[1]


def _check_picture(op: AippOp, short: str) -> None:
    yuv = op.input_format == "YUV420SP_U8"
    if op.csc_switch and op.input_format == "YUV400_U8":
        raise AclError(INVALID_PARAM, "YUV400_U8 must not be converted")
    if yuv and (op.src_image_size_w % 2 or op.src_image_size_h % 2):
        raise AclError(INVALID_PARAM, "the source's size must be even for YUV420SP_U8")
    if op.resize:
        raise AclError(INVALID_PARAM, "resizing must be off")
    if op.crop:
        right, bottom = op.load_start_pos_w + op.crop_size_w, op.load_start_pos_h + op.crop_size_h
        if right > op.src_image_size_w or bottom > op.src_image_size_h:
            raise AclError(INVALID_PARAM, "what is cut out must lie within the source")
        if yuv and (op.load_start_pos_w % 2 or op.load_start_pos_h % 2):
            raise AclError(INVALID_PARAM, "the start of what is cut out must be even for YUV420SP_U8")
    if op.padding and short != "Ascend310B" and output_size(op)[1] > _WIDEST:
        raise AclError(INVALID_PARAM, f"a padded picture must not be wider than {_WIDEST}")

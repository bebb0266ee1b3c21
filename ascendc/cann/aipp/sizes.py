"""How large a picture is on its way through a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.cann.aipp import table

if TYPE_CHECKING:
    from ascendc.cann.aipp.case import Network
    from ascendc.cann.aipp.op import AippOp


@dataclass(frozen=True)
class Size:
    """Rows and columns; None: not known."""

    height: int | None
    width: int | None

    @classmethod
    def source(cls, op: AippOp, network: Network | None) -> Size:
        """What a program hands over: the network's size where the block does not say."""
        return cls(op.src_image_size_h or line(network, "h"), op.src_image_size_w or line(network, "w"))

    @classmethod
    def after(cls, op: AippOp, network: Network | None) -> Size:
        """What comes out: cut, scaled, with its border."""
        rows, columns = op.border
        network = None if op.padding else network  # before a border nothing stands in for a size that is not set
        found = cls.source(op, network)
        if op.crop:
            found = cls(op.crop_size_h or line(network, "h"), op.crop_size_w or line(network, "w"))
        if op.resize:
            found = cls(op.resize_output_h or line(network, "h"), op.resize_output_w or line(network, "w"))
        return cls(_plus(found.height, rows), _plus(found.width, columns))


def line(network: Network | None, axis: str) -> int | None:
    """Width (``w``) or height (``h``) of the network's input."""
    if network is None:
        return None
    return network.width if axis == "w" else network.height


def source_bytes(op: AippOp, size: Size) -> int | None:
    """Bytes of one picture as a program hands it over; None where format or size are not known."""
    known = table.formats().get(op.input_format)
    if known is None or known.bytes_per_pixel is None or size.height is None or size.width is None:
        return None
    return int(size.height * size.width * known.bytes_per_pixel)


def _plus(size: int | None, border: int) -> int | None:
    return None if size is None else size + border

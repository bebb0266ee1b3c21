"""What a configuration is judged for: a chip, a model, and options of ATC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascendc.cann.aipp import table
from ascendc.cann.aipp.case import Network
from ascendc.cann.aipp.kernel import MOST_CHANNELS

if TYPE_CHECKING:
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

    @property
    def families(self) -> tuple[table.Family, ...]:
        """The generations that are asked about: without a SoC, all that have static AIPP."""
        if self.soc is None:
            return tuple(table.families().values())
        return (table.families()[self.soc.short],) if self.soc.static_aipp else ()

    def network(self, rank: int) -> Network | None:
        """The model's input of that rank, as far as it is known."""
        port = self._port(rank)
        channels, height, width = _axes(port)
        if self.size is not None:
            height, width = self.size
        if port is None and self.size is None:
            return None
        return Network(port.name if port else None, port.dtype if port else None, channels, height, width)

    def gears(self, rank: int) -> tuple[Network | None, ...]:
        """The same at each size that it is compiled for."""
        network = self.network(rank)
        if not self.image_sizes:
            return (network,)
        plain = network or Network(None, None, None, None, None)
        return tuple(replace(plain, height=height, width=width) for height, width in self.image_sizes)

    def most(self, rank: int) -> int:
        """The largest batch of that input; 1 where nothing says."""
        port = self._port(rank)
        first = port.shape[0] if port is not None and port.shape else None
        return self.batch or (first if isinstance(first, int) and first > 0 else 1)

    def _port(self, rank: int) -> Port | None:
        return self.model.inputs[rank] if self.model is not None and rank < len(self.model.inputs) else None


def _axes(port: Port | None) -> tuple[int | None, int | None, int | None]:
    """Channels, height and width: NCHW, unless AIPP would refuse that and not NHWC (``1×224×224×3``)."""
    if port is None or port.shape is None or len(port.shape) != 4:
        return None, None, None
    _, channels, height, width = (axis if isinstance(axis, int) and axis > 0 else None for axis in port.shape)
    if width in (1, 3, 4) and channels is not None and channels > MOST_CHANNELS["float16"]:
        return width, channels, height
    return channels, height, width

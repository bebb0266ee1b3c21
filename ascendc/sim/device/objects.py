"""What programs make to talk about models: descriptions and datasets."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from ascendc.cann.aipp.op import AippOp
from ascendc.cann.om.interface import Port
from ascendc.cann.om.types import ACL_DTYPES, BITS
from ascendc.sim.device.codes import INVALID_PARAM, AclError
from ascendc.sim.device.model import Model
from ascendc.sim.numbers import DTYPES, LAYOUTS


@dataclass
class TensorDesc:
    """``aclTensorDesc``."""

    dtype: int
    shape: tuple[int, ...]
    format: int

    @classmethod
    def of(cls, port: Port, shape: tuple[int, ...]) -> TensorDesc:
        """Of an output that has a shape now."""
        return cls(DTYPES.get(port.dtype or "", -1), shape, LAYOUTS.get(port.format or "", 2))

    @property
    def elements(self) -> int:
        """How many; 0 where an axis is open."""
        return max(prod(self.shape), 0) if min(self.shape, default=0) >= 0 else 0

    @property
    def size(self) -> int:
        """Bytes."""
        return (self.elements * BITS.get(ACL_DTYPES.get(self.dtype, ""), 0) + 7) // 8


@dataclass
class Dataset:
    """``aclmdlDataset``: buffers in order, and what was said about them."""

    buffers: list[int] = field(default_factory=list)
    descs: dict[int, int] = field(default_factory=dict)
    """By index of the buffer, handles of tensor descriptions that belong to the dataset."""
    gear: tuple[int, ...] | None = None
    aipp: dict[int, tuple[AippOp, ...]] = field(default_factory=dict)
    """By index of the input with dynamic AIPP, the block of each picture."""


@dataclass
class Desc:
    """``aclmdlDesc``; empty until it is asked for a model."""

    model: Model | None = None
    number: int = 0

    @property
    def known(self) -> Model:
        """The model it describes.

        Raises:
            AclError: none yet.
        """
        if self.model is None:
            raise AclError(INVALID_PARAM, "the model description is empty: call get_desc first")
        return self.model

    def port(self, index: int, *, output: bool = False) -> Port:
        """An input or output.

        Raises:
            AclError: there is none of this index.
        """
        ports = self.known.layout.outputs if output else self.known.layout.inputs
        if not 0 <= index < len(ports):
            raise AclError(INVALID_PARAM, f"index {index} is not below {len(ports)}")
        return ports[index]

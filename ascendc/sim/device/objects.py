"""What programs make to talk about models: descriptions and datasets."""

from __future__ import annotations

from dataclasses import dataclass, field

from ascendc.cann.om.interface import Port
from ascendc.sim.device.codes import INVALID_PARAM, AclError
from ascendc.sim.device.model import Model


@dataclass
class TensorDesc:
    """``aclTensorDesc``."""

    dtype: int
    shape: tuple[int, ...]
    format: int


@dataclass
class Dataset:
    """``aclmdlDataset``: buffers in order, and what was said about them."""

    buffers: list[int] = field(default_factory=list)
    descs: dict[int, TensorDesc] = field(default_factory=dict)
    gear: tuple[int, ...] | None = None


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
        ports = self.known.outputs if output else self.known.inputs
        if not 0 <= index < len(ports):
            raise AclError(INVALID_PARAM, f"index {index} is not below {len(ports)}")
        return ports[index]

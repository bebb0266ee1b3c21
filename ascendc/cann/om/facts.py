"""What is known of an OM file: one record, whatever generation the file is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ascendc.cann.om.interface import Gears, Port

SIMULATED = "ascendc_simulated"
"""The attribute by which the simulated ATC marks what it writes."""


@dataclass(frozen=True)
class PartitionSize:
    """A piece of the file."""

    type: str
    """``WEIGHTS_DATA``…"""
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Aipp:
    """What the chip does to the pixels of an input."""

    input: str
    mode: str
    """``static_aipp``, ``dynamic_aipp``."""
    settings: dict[str, str]
    """The fields of the AIPP configuration, as text."""


@dataclass(frozen=True)
class Om:
    """An OM; null is what the file does not say."""

    kind: Literal["om", "om2"]
    simulated: bool
    """Whether it was made by the simulated ATC: no device can run it."""
    soc_version: str | None
    """Files from before CANN 5.0.4 do not say it."""
    atc_version: str | None
    atc_cmdline: str | None
    """ATC's arguments, with the paths on the machine that compiled it."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    gears: Gears | None
    partitions: tuple[PartitionSize, ...]
    """Of all models in the file, in order."""
    arch_type: str | None = None
    opp_version: str | None = None
    """Of the operator package; an OM with open shapes loads beside this one only."""
    framework: str | None = None
    """What it was converted from: ``onnx``…"""
    host: str | None = None
    """``linux_aarch64`` where the OM holds code for the host, and so runs there only."""
    name: str | None = None
    models: int = 1
    """Models in the file."""
    encrypted: bool = False
    dynamic: bool = False
    """Whether shapes are open, without gears."""
    memory_size: int | None = None
    """Bytes that a run works in, by the model definition."""
    weight_size: int | None = None
    """Bytes of weights, by the model definition."""
    aipp: tuple[Aipp, ...] = ()
    notes: tuple[str, ...] = ()
    """What to mind before it is loaded."""

"""What is known of a model's file: one record, whatever kind and generation the file is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ascendc.cann.om.interface import AnyPort, Gears, Port

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


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is in one file; null is what it does not say."""

    kind: Literal["om", "om2", "onnx", "bundle"]
    simulated: bool
    """Whether the simulated ATC made it: no device can run it."""
    soc_version: str | None
    """Files from before CANN 5.0.4 do not say it."""
    atc_version: str | None
    """Of the compiler's component: ``7.6.0.1.220`` in CANN 8.0."""
    atc_cmdline: str | None
    """ATC's arguments, with the paths on the machine that compiled it."""
    inputs: tuple[AnyPort, ...]
    outputs: tuple[AnyPort, ...]
    gears: Gears | None
    partitions: tuple[PartitionSize, ...]
    """Of all models in an OM, in order; of an OM2 and a bundle the files."""
    cann_version: str | None = None
    """By the folder of ATC in its command line."""
    opp_version: str | None = None
    """Of the operator package; an OM with open shapes loads beside this one only."""
    arch_type: str | None = None
    """The number of the chip's architecture."""
    framework: str | None = None
    """What it was converted from: ``onnx``…"""
    opset: int | None = None
    """Of an ONNX file."""
    host: str | None = None
    """``linux_aarch64`` where the OM holds code for the host, and so runs there only."""
    name: str | None = None
    """Of the model."""
    model_type: str | None = None
    """Of an OM: ``plain``, ``flow``, ``bundle`` of models, ``phone``…"""
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


@dataclass(frozen=True, kw_only=True)
class Om(Facts):
    """What is in an OM."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

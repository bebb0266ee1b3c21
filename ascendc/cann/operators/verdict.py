"""What the judge is asked and what it answers: plain values, without ONNX's classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from ascendc.cann.opset import Opsets
from ascendc.cann.outline import Port

Status = Literal["aicore", "aicpu", "cast", "static", "name", "opset", "unmapped", "unknown"]
"""aicore: on the AI Core, or without a kernel at all (Reshape); aicpu: on the AI CPU, slower; cast: no engine takes
its element type, a Cast is needed; static: no kernel for a shape that is not known at compile time; name: another node
has its name; opset: ATC's parser knows the operator, not at this opset; unmapped: the parser does not know it;
unknown: the tables cannot tell."""

STATUSES: tuple[Status, ...] = get_args(Status)

ERRORS: tuple[Status, ...] = ("unmapped", "opset", "name")
"""With these ATC stops. With any other it may still do something about a node: its fusion passes and the Casts that it
inserts cannot be foreseen."""

WORST_FIRST: tuple[Status, ...] = ("unmapped", "opset", "name", "cast", "static", "aicpu", "unknown", "aicore")

PrecisionMode = Literal[
    "force_fp16",
    "force_fp32",
    "cube_fp16in_fp32out",
    "allow_fp32_to_fp16",
    "allow_mix_precision",
    "allow_mix_precision_fp16",
    "allow_mix_precision_bf16",
    "must_keep_origin_dtype",
]
"""Values of ATC's ``--precision_mode``."""

Number = int | float


@dataclass(frozen=True)
class Call:
    """One node of a graph."""

    name: str
    op: str
    domain: str
    """Empty: ONNX's own."""
    inputs: tuple[Port | None, ...]
    """None: an input that is left out."""
    outputs: tuple[Port, ...]
    attributes: Mapping[str, tuple[Number | str, ...]]
    """Plain ones; a single value is a tuple of one."""
    twin: bool = False
    """Whether another node of its graph, or an input, has its name."""
    module: str | None = None
    """The PyTorch module that it comes from, where the exporter says so: ``text.encoder.layers.0.self_attn``."""


@dataclass(frozen=True)
class Setting:
    """What holds for every node of a graph."""

    soc: str
    """For people."""
    opsets: Mapping[str, int]
    """By domain; empty: ONNX's own."""
    precision: PrecisionMode = "force_fp16"
    dynamic: bool = False
    """Whether an input's shape is open: then shapes that cannot be inferred count as open too."""
    cann: str = ""
    """The version of CANN that is asked about, if it is known."""
    documented: Opsets | None = None
    """The opsets that its documents name, where they are fewer than the table's."""
    functions: frozenset[tuple[str, str]] = frozenset()
    """Domain and name of the functions that the model defines."""


@dataclass(frozen=True)
class Remedy:
    """What helps, as a code; who offers passes or exports knows them by it."""

    code: str
    argument: str = ""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a node."""

    status: Status
    reason: str = ""
    """In words that equal nodes share; with aicore: what may still stand against it."""
    tensor: Port | None = None
    """The one that it fails for."""
    remedy: Remedy | None = None

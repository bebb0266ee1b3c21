"""What `lint` has to say of a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gate = Literal["parse", "graph", "kernel"]
"""Where ATC stops. `parse`: while it reads the file; `graph`: while it prepares the graph; `kernel`: while it compiles
the AIPP operator, minutes later."""


@dataclass(frozen=True)
class Refusal:
    """ATC refuses this."""

    code: str
    """What ATC says: E13018, E10052, E81012…; PARAM_INVALID: it ends with that status, and only its log says why."""
    field: str
    """``aipp_op[0].crop_size_w``; empty: the file as a whole."""
    gate: Gate
    message: str
    """With the line where there is one."""
    fix: str


@dataclass(frozen=True)
class Doubt:
    """ATC accepts this, and it is probably not what is meant."""

    field: str
    """``aipp_op[0].csc_switch``."""
    message: str
    """With the line where there is one."""
    fix: str

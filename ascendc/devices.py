"""Which device runs torch here: NPU before CUDA before CPU, and why not the ones passed over.

The one place that knows how torch and torch_npu are loaded. A process that may import torch or transformers calls
`settle_npu` first; one that only may import torch by accident calls `forbid_autoload`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from ascendc.errors import EnvironmentLacksError, UsageError

Device = Literal["npu", "cuda", "cpu"]

ORDER: tuple[Device, ...] = ("npu", "cuda", "cpu")
"""What ``auto`` tries, best first."""

UNSERVED = ("Ascend310", "Ascend310B")
"""Generations of chips that torch_npu is not made for; pyACL runs OMs on them.

Sources: torch_npu's own table of chips (csrc/core/npu/NpuVariables.cpp) has no Ascend310 and raises "Unsupported soc
version"; the products of its installation guide (2.7.1-26.0.0) leave out the Atlas 200I and 500 A2, which are
Ascend310B, and wheels have refused that too (reported to Ascend/pytorch), though newer tables have its name.
"""

_LOAD_FAILURES = (ImportError, OSError, RuntimeError, SystemExit)
"""What `import torch_npu` raises where CANN is missing or does not fit; the 2.1 generation exits."""


@dataclass(frozen=True)
class Choice:
    """The device that is used."""

    device: Device
    reasons: tuple[str, ...]
    """Why each better one was passed over, in order: ``npu: torch_npu is not installed``."""


def forbid_autoload() -> None:
    """Keep torch from loading accelerator backends by itself.

    From torch 2.5, ``import torch`` also imports torch_npu where that is installed, and raises RuntimeError if CANN
    is missing. `settle_npu` imports it instead, so nothing is lost. A value the user has set is left alone. Child
    processes inherit it.
    """
    os.environ.setdefault("TORCH_DEVICE_BACKEND_AUTOLOAD", "0")


@cache
def settle_npu() -> str | None:
    """Load torch_npu if it is installed; if it cannot be loaded, hide it from this process.

    Hidden, because transformers imports torch_npu wherever it is installed, and fails with it. Imports torch only
    where torch_npu is installed.

    Returns:
        Why torch_npu is not there, in words; None: it is loaded.
    """
    forbid_autoload()
    if find_spec("torch_npu") is None:
        return "torch_npu is not installed (pip install 'ascendc[npu]')"
    import_module("torch")
    try:
        import_module("torch_npu")  # registers the device with torch
    except _LOAD_FAILURES as error:
        sys.modules["torch_npu"] = None  # type: ignore[assignment]  # Python's own way to say: not to be found
        return _explain(error)
    return None


def choose(wanted: str = "auto") -> Choice:
    """Choose a device for torch.

    Args:
        wanted: ``auto``, or one of `ORDER`: that or an error.

    Raises:
        UsageError: there is no such device (ASC2001).
        EnvironmentLacksError: it cannot be used here (ASC2002).
    """
    if wanted == "auto":
        reasons: list[str] = []
        for device in ORDER:
            reason = why_not(device)
            if reason is None:
                return Choice(device, tuple(reasons))
            reasons.append(f"{device}: {reason}")
    if wanted not in ORDER:
        raise UsageError("ASC2001", f"`--device` must be one of auto, {', '.join(ORDER)}, not `{wanted}`")
    reason = why_not(wanted)
    if reason is not None:
        raise EnvironmentLacksError(
            "ASC2002", f"device `{wanted}` cannot be used: {reason}", hint="ascendc doctor, or --device auto"
        )
    return Choice(wanted, ())


def why_not(device: Device) -> str | None:
    """Why torch cannot use `device` here, in words; None: it can. A step that helps stands in brackets at the end."""
    trouble = settle_npu()
    checks: dict[Device, Callable[[], str | None]] = {
        "npu": lambda: unserved() or trouble or _why_no_npu_device(),
        "cuda": _why_no_cuda,
        "cpu": lambda: None,
    }
    return checks[device]()


def unserved() -> str | None:
    """Why torch_npu is of no use for the chips that npu-smi lists, in words.

    None: it is made for one of them, or npu-smi is not there, or does not answer.
    """
    from ascendc.cann import npu_smi
    from ascendc.probe import probe_board

    try:
        chips = npu_smi.chips(probe_board.npu_smi())
    except probe_board.MissingError:
        return None
    reasons = [_unserved(chip.name) for chip in chips]
    return reasons[0] if reasons and all(reasons) else None


def _unserved(name: str) -> str | None:
    """Why torch_npu is of no use for the chip that npu-smi or torch_npu names so."""
    from ascendc.cann import npu_smi, soc

    exact = npu_smi.exact(name)
    if exact is None or soc.table()[exact].short not in UNSERVED:
        return None
    return (
        f"torch_npu is not made for {exact}, which runs OMs instead "
        f"(ascendc convert ... --soc-version {exact}, then ascendc run BUNDLE --device npu)"
    )


def _explain(error: BaseException) -> str:
    """Why torch_npu did not load, from what it raised."""
    first = _first_line(error)
    if ".so" in first and "cannot open shared object" in first:
        library = first.split(":")[0].split()[-1]
        return (
            f"torch_npu is installed, but CANN is missing or its set_env.sh was not sourced: {library} cannot be found "
            "(source /usr/local/Ascend/ascend-toolkit/set_env.sh)"
        )
    return f"torch_npu is installed but cannot be loaded: {first}"


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or "it gave no reason"


def _why_no_npu_device() -> str | None:
    import torch

    npu: Any = torch.npu  # type: ignore[attr-defined]  # torch_npu adds it
    if not npu.is_available():
        return "torch_npu works but finds no device (see npu-smi info, and whether this user may open /dev/davinci*)"
    try:
        return _unserved(npu.get_device_name())  # starts the device, which is where an unknown chip is refused
    except RuntimeError as error:
        return f"torch_npu finds a device but cannot start it: {_first_line(error)}"


def _why_no_cuda() -> str | None:
    import torch

    if torch.cuda.is_available():
        return None
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    return f"torch {torch.__version__} finds no CUDA device (see nvidia-smi)"

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
from typing import Literal

from ascendc.errors import EnvironmentLacksError, UsageError

Device = Literal["npu", "cuda", "cpu"]

ORDER: tuple[Device, ...] = ("npu", "cuda", "cpu")
"""What ``auto`` tries, best first."""

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
        return _explain(str(error))
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
    """Why torch cannot use `device` here, in words; None: it can."""
    trouble = settle_npu()
    checks: dict[Device, Callable[[], str | None]] = {
        "npu": lambda: trouble or _why_no_npu_device(),
        "cuda": _why_no_cuda,
        "cpu": lambda: None,
    }
    return checks[device]()


def _explain(message: str) -> str:
    """Why torch_npu did not load, from what it raised."""
    first = message.strip().splitlines()[0] if message.strip() else "it gave no reason"
    if ".so" in first and "cannot open shared object" in first:
        library = first.split(":")[0].split()[-1]
        return (
            f"torch_npu is installed, but CANN is missing or its set_env.sh was not sourced: {library} cannot be found "
            "(source /usr/local/Ascend/ascend-toolkit/set_env.sh)"
        )
    return f"torch_npu is installed but cannot be loaded: {first}"


def _why_no_npu_device() -> str | None:
    import torch

    if torch.npu.is_available():  # type: ignore[attr-defined]  # torch_npu adds it
        return None
    return "torch_npu works but finds no device (see npu-smi info, and whether this user may open /dev/davinci*)"


def _why_no_cuda() -> str | None:
    import torch

    if torch.cuda.is_available():
        return None
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    return f"torch {torch.__version__} finds no CUDA device (see nvidia-smi)"

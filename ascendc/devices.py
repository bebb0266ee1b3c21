"""Which device runs torch here: NPU before CUDA before CPU, and why not the ones passed over."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
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
    """Keep torch from loading accelerator backends by itself; call it before anything may import torch.

    From torch 2.5, ``import torch`` also imports torch_npu where that is installed, and raises RuntimeError if CANN
    is missing. `choose` imports torch_npu itself, so nothing is lost. A value the user has set is left alone. Child
    processes inherit it.
    """
    os.environ.setdefault("TORCH_DEVICE_BACKEND_AUTOLOAD", "0")


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
    forbid_autoload()
    checks: dict[Device, Callable[[], str | None]] = {"npu": _why_no_npu, "cuda": _why_no_cuda, "cpu": lambda: None}
    return checks[device]()


def _why_no_npu() -> str | None:
    if find_spec("torch_npu") is None:
        return "torch_npu is not installed (pip install 'ascendc[npu]')"
    import torch

    try:
        import_module("torch_npu")  # registers the device with torch
    except _LOAD_FAILURES as error:
        return _explain(str(error))
    if not torch.npu.is_available():  # type: ignore[attr-defined]  # torch_npu adds it
        return "torch_npu works but finds no device (see npu-smi info, and whether this user may open /dev/davinci*)"
    return None


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


def _why_no_cuda() -> str | None:
    import torch

    if torch.cuda.is_available():
        return None
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    return f"torch {torch.__version__} finds no CUDA device (see nvidia-smi)"

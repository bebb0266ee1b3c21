"""A device as torch sees it: its name, the precisions it has, its memory, and when it has finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ascendc.runtime import SessionError

if TYPE_CHECKING:
    import torch

    from ascendc.devices import Device

Precision = Literal["fp32", "fp16", "bf16"]
"""What a module computes in. fp16 and bf16: what torch deems safe in it, the rest in float32 (autocast)."""


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes that torch's allocator holds on a device for this process, whatever sessions there are."""

    allocated: int
    """In tensors."""
    reserved: int
    """Taken from the device: tensors, and what is kept for those to come."""
    peak: int
    """The most that was in tensors since the process began, or since `TorchDevice.reset_peak`."""


class TorchDevice:
    """The CPU, or the current device of ``torch.npu`` or ``torch.cuda``.

    Those two offer the same functions, and what is called here is what they document (torch 2.13, torch_npu 2.14). On
    either device it has not been run yet: the tests hold it against stand-ins.
    """

    def __init__(self, kind: Device) -> None:
        """Take a device.

        Args:
            kind: as `ascendc.devices.choose` gives it: that call also loads torch_npu.

        Raises:
            SessionError: the device cannot be started.
        """
        import torch

        self.kind = kind
        self._module: Any = None if kind == "cpu" else getattr(torch, kind)
        self._index, self.name = 0, "cpu"
        if self._module is None:
            return
        try:
            self._index = self._module.current_device()  # of this thread: others may have another
            self.name = f"{kind} {self._module.get_device_name(self._index)}"
            if kind == "npu":
                _settle(self._module)
        except (RuntimeError, AssertionError) as error:  # AssertionError: torch is built without CUDA
            raise SessionError(f"{kind} cannot be started: {error}") from error

    @property
    def place(self) -> str:
        """What torch takes as ``device=``: ``cpu``, ``npu:0``."""
        return "cpu" if self._module is None else f"{self.kind}:{self._index}"

    def autocast(self, precision: Precision) -> torch.autocast:
        """A context in which a module computes in `precision`, whatever the caller has set.

        Raises:
            SessionError: the device has no such precision. (torch would warn, and go on in float32.)
        """
        import torch

        if precision == "bf16" and not self._has_bf16():
            raise SessionError(f"{self.name} has no bfloat16; allowed: fp32, fp16")
        dtype = torch.bfloat16 if precision == "bf16" else torch.float16
        return torch.autocast(torch.device(self.place).type, dtype, enabled=precision != "fp32")

    def autocasts(self) -> bool:
        """Whether the caller may have set that this thread computes in another precision than its tensors have."""
        import torch

        known = hasattr(torch, "get_autocast_dtype")  # before torch 2.4 a device could not be asked about
        return not known or torch.is_autocast_enabled(torch.device(self.place).type)

    def _has_bf16(self) -> bool:
        if self.kind == "npu":
            return bool(self._module.is_bf16_supported())
        # torch.cuda.is_bf16_supported counts emulation in; Ampere was the first to have it. A CPU may emulate it.
        return self.kind == "cpu" or self._module.get_device_capability(self._index) >= (8, 0)

    def synchronize(self) -> None:
        """Wait until everything that was started has finished; a CPU is never behind."""
        if self._module is not None:
            self._module.synchronize(self._index)

    def memory(self) -> DeviceMemory | None:
        """What is held now; None on a CPU, for which torch keeps no account."""
        if self._module is None:
            return None
        return DeviceMemory(
            self._module.memory_allocated(self._index),
            self._module.memory_reserved(self._index),
            self._module.max_memory_allocated(self._index),
        )

    def reset_peak(self) -> None:
        """Let the peak begin at what is held now; nothing to do on a CPU."""
        if self._module is not None:
            self._module.reset_peak_memory_stats(self._index)

    def empty_cache(self) -> None:
        """Give the device back what is reserved and in no tensor; nothing to do on a CPU."""
        if self._module is not None:
            self._module.empty_cache()


def _settle(npu: Any) -> None:
    """Set what torch_npu is best run with, as far as this version has it. It holds for the whole process.

    Prebuilt kernels instead of compiling each at its first shape, which takes minutes; and no private formats, so
    that results are those of the layout that was asked for.
    """
    if hasattr(npu, "set_compile_mode"):
        npu.set_compile_mode(jit_compile=False)
    if hasattr(npu, "config"):
        npu.config.allow_internal_format = False

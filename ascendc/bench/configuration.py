"""What a part is run by: runtime, device, precision; and which of them a benchmark tries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ascendc.devices import Device
    from ascendc.torch_device import Precision

Runtime = Literal["torch", "onnx", "om"]

RUNTIMES: tuple[Runtime, ...] = ("torch", "onnx", "om")
"""PyTorch by `TorchSession`, the bundle's ONNX by onnxruntime, its OM by pyACL."""

FIXED = "fixed"
"""The precision of a configuration whose file says it; each part's own takes its place."""


@dataclass(frozen=True)
class Configuration:
    """One way to run the parts."""

    runtime: Runtime
    device: Device
    precision: str
    """``fp32``, ``fp16`` or ``bf16`` of PyTorch, else `FIXED`."""
    target: str = ""
    """Which of a bundle's targets an OM or ONNX is taken from; empty for PyTorch."""


def configurations(
    runtimes: Sequence[Runtime],
    devices: Sequence[Device],
    precisions: Sequence[Precision],
    targets: Sequence[str],
) -> Iterator[Configuration]:
    """Every combination that there can be, in the order in which they were asked for.

    Args:
        runtimes: which.
        devices: which; an OM is tried on an NPU only.
        precisions: of PyTorch; none: fp32 and fp16, and on a CPU, which emulates fp16, fp32 alone. An ONNX and an OM
            have their own.
        targets: of the bundle: each has OMs, the first's ONNX is taken.
    """
    for runtime in dict.fromkeys(runtimes):
        for device in dict.fromkeys(devices):
            if runtime == "torch":
                usual: Sequence[Precision] = ("fp32",) if device == "cpu" else ("fp32", "fp16")
                for precision in dict.fromkeys(precisions or usual):
                    yield Configuration(runtime, device, precision)
            elif runtime == "onnx":
                yield Configuration(runtime, device, FIXED, targets[0] if targets else "")
            elif device == "npu":
                for target in targets or ("",):
                    yield Configuration(runtime, device, FIXED, target)

"""A torch module behind the contract of runtime sessions, on NPU, CUDA or CPU."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ascendc.runtime import Session, SessionError, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import torch

    from ascendc.devices import Device
    from ascendc.model import Part, Tensor

    Array = npt.NDArray[Any]


class TorchSession(Session):
    """A module of the plugin, run as it is: the reference that exported graphs are held against."""

    def __init__(
        self,
        module: torch.nn.Module,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        device: Device = "cpu",
        *,
        fp16: bool = False,
    ) -> None:
        """Take a module to a device.

        Args:
            module: in eval mode; it stays where it is and as it is, another device gets a copy.
            inputs: in the order of the module's arguments.
            outputs: in the order of what it returns. Results are brought to their dtypes.
            device: as `ascendc.devices.choose` gives it: that call also loads torch_npu.
            fp16: run under autocast: what torch deems safe in float16, the rest in float32. On a CPU this is slower
                than float32, and `engine` says so.

        Raises:
            SessionError: the module is in training mode, or does not fit the device.
        """
        import torch

        if module.training:
            raise SessionError(f"{type(module).__name__} must be in eval mode")
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.device, self._fp16 = device, fp16
        self.engine = f"torch {torch.__version__} {_device_name(device)} {_precision(device, fp16)}"
        try:
            self._module: torch.nn.Module | None = module if device == "cpu" else copy.deepcopy(module).to(device)
        except RuntimeError as error:
            raise SessionError(f"{type(module).__name__} cannot be taken to {device}: {error}") from error

    def _run(self, feeds: dict[str, Array]) -> list[Array]:
        import torch

        assert self._module is not None  # `run` has checked that the session is open
        try:
            with torch.inference_mode(), torch.autocast(self.device, torch.float16, enabled=self._fp16):
                # copied: a module may change or return what it was given
                arguments = [torch.tensor(feeds[spec.name], device=self.device) for spec in self.inputs]
                found = self._module(*arguments)
            if self.device != "cpu":
                getattr(torch, self.device).synchronize()
        except (RuntimeError, IndexError) as error:  # IndexError: an id outside an embedding
            raise SessionError(f"{self.engine} failed: {error}") from error
        results = found if isinstance(found, tuple | list) else (found,)
        if len(results) != len(self.outputs):
            names = [spec.name for spec in self.outputs]
            raise SessionError(f"the module must return {len(names)} tensors ({', '.join(names)}), not {len(results)}")
        return [  # copies: a module may return a buffer of its own
            result.to("cpu", getattr(torch, spec.dtype), copy=True).numpy()
            for result, spec in zip(results, self.outputs, strict=True)
        ]

    def close(self) -> None:
        """Let go of the module, and of its copy on the device."""
        self._module = None
        super().close()


def session_for(module: torch.nn.Module, part: Part, device: Device = "cpu", *, fp16: bool = False) -> TorchSession:
    """A session over the module of a plugin's part; symbolic axes take any size."""
    return TorchSession(module, _specs(part.inputs), _specs(part.outputs), device, fp16=fp16)


def _specs(tensors: Sequence[Tensor]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(t.name, t.dtype, tuple(size if isinstance(size, int) else None for size in t.shape)) for t in tensors
    )


def _precision(device: Device, fp16: bool) -> str:
    if not fp16:
        return "fp32"
    return "fp16 (autocast, emulated: slower than fp32)" if device == "cpu" else "fp16 (autocast)"


def _device_name(device: Device) -> str:
    """The device as reports name it: ``cpu``, ``cuda NVIDIA H100 80GB HBM3``, ``npu Ascend910B4``."""
    import torch

    if device == "cpu":
        return "cpu"
    return f"{device} {getattr(torch, device).get_device_name()}"

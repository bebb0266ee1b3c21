"""A torch module behind the contract of runtime sessions, on NPU, CUDA or CPU."""

from __future__ import annotations

import copy
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from ascendc.runtime import Session, SessionError, TensorSpec
from ascendc.torch_device import TorchDevice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy.typing as npt
    import torch

    from ascendc.devices import Device
    from ascendc.model import Part, Tensor
    from ascendc.torch_device import DeviceMemory, Precision

    Array = npt.NDArray[Any]


_PLAIN = nullcontext()

_FAILURES = (RuntimeError, IndexError, ValueError)
"""What torch raises; IndexError: an id outside an embedding; ValueError: transformers, of a size that it refuses."""


class TorchSession(Session):
    """A module of the plugin, run as it is: the reference that exported graphs are held against."""

    def __init__(
        self,
        module: torch.nn.Module,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        device: Device = "cpu",
        precision: Precision = "fp32",
    ) -> None:
        """Take a module to a device.

        Args:
            module: in eval mode; it stays where it is and as it is, another device gets a copy.
            inputs: in the order of the module's arguments.
            outputs: in the order of what it returns. Results are brought to their dtypes.
            device: as `ascendc.devices.choose` gives it: that call also loads torch_npu.
            precision: what it computes in. fp16 on a CPU is slower than fp32, and `engine` says so.

        Raises:
            SessionError: the module is in training mode, or does not fit the device; the device cannot be started,
                or lacks the precision.
        """
        import torch

        if module.training:
            raise SessionError(f"{type(module).__name__} must be in eval mode")
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.device, self.precision = device, precision
        self._on = TorchDevice(device)
        self._contexts = threading.local()
        self._on.autocast(precision)  # what `run` would refuse is refused here
        self.engine = f"torch {torch.__version__} {self._on.name} {_said(precision, device)}"
        try:
            self._module: torch.nn.Module | None = (
                module if device == "cpu" else copy.deepcopy(module).to(self._on.place)
            )
        except RuntimeError as error:
            raise SessionError(f"{type(module).__name__} cannot be taken to {device}: {error}") from error

    def warm_up(self, feeds: Mapping[str, Array], runs: int = 10) -> None:
        """Run `runs` times and drop the answers: first runs allocate, choose kernels, and on an NPU compile.

        Args:
            feeds: as `run` takes them; shapes that come later may need a warm-up of their own.
            runs: how often.

        Raises:
            SessionError: as `run`.
        """
        checked = self.checked(feeds)
        for _ in range(runs):
            self._run(checked)

    def synchronize(self) -> None:
        """Wait for the device. `run` does so itself, before it returns."""
        self._on.synchronize()

    def memory(self) -> DeviceMemory | None:
        """What this process holds on the device; None on a CPU, for which torch keeps no account."""
        return self._on.memory()

    def reset_peak(self) -> None:
        """Let the peak of `memory` begin at what is held now."""
        self._on.reset_peak()

    def empty_cache(self) -> None:
        """Give the device back what this process reserved and does not use; after `close`, the module's too."""
        self._on.empty_cache()

    def resident(self, feeds: Mapping[str, Array]) -> Callable[[], None] | None:
        """A call that computes on tensors which are on the device, as `Session.resident` says.

        The module gets the same tensors each time: one that changes its arguments computes on what it left.
        """
        arguments = self._copied(self.checked(feeds))

        def compute() -> None:
            self._forward(arguments)

        return compute

    def _copied(self, feeds: Mapping[str, Array]) -> list[torch.Tensor]:
        """Tensors on the device; copies, since a module may change or return what it was given."""
        import torch

        try:
            # Three times as fast as torch.tensor, on a CPU.
            return [torch.from_numpy(feeds[spec.name].copy()).to(self._on.place) for spec in self.inputs]
        except _FAILURES as error:
            raise SessionError(f"{self.engine} failed: {error}") from error

    def _forward(self, arguments: list[torch.Tensor]) -> Any:
        """What the module returns, after the device has finished."""
        import torch

        module = self._module
        if module is None:  # closed by another thread, after `run` had checked
            raise SessionError("the session is closed")
        try:
            with torch.inference_mode(), self._context():
                found = module(*arguments)
            self._on.synchronize()
        except _FAILURES as error:
            raise SessionError(f"{self.engine} failed: {error}") from error
        return found

    def _context(self) -> AbstractContextManager[object]:
        """In which the module computes in the session's precision, whatever the caller has set."""
        if self.precision == "fp32" and not self._on.autocasts():
            return _PLAIN
        context: torch.autocast | None = getattr(self._contexts, "autocast", None)
        if context is None:  # it costs more to make than to enter; it keeps a state, so each thread has its own
            context = self._contexts.autocast = self._on.autocast(self.precision)
        return context

    def _run(self, feeds: dict[str, Array]) -> list[Array]:
        import torch

        found = self._forward(self._copied(feeds))
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


def session_for(
    module: torch.nn.Module, part: Part, device: Device = "cpu", precision: Precision = "fp32"
) -> TorchSession:
    """A session over the module of a plugin's part; symbolic axes take any size."""
    return TorchSession(module, _specs(part.inputs), _specs(part.outputs), device, precision)


def _specs(tensors: Sequence[Tensor]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(t.name, t.dtype, tuple(size if isinstance(size, int) else None for size in t.shape)) for t in tensors
    )


def _said(precision: Precision, device: Device) -> str:
    """The precision as reports name it."""
    if precision == "fp32":
        return precision
    emulated = ", emulated: slower than fp32" if device == "cpu" and precision == "fp16" else ""
    return f"{precision} (autocast{emulated})"

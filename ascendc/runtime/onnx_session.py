"""ONNX files by onnxruntime: the same bundle runs where there is no OM.

Python 3.7, numpy and onnxruntime (1.14 and newer).
"""

import platform
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type

import numpy as np

from .session import Session, SessionError, TensorSpec

PROVIDERS = {
    "npu": "CANNExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Device → onnxruntime's engine for it; in the order in which ``auto`` takes what is there."""

_PLACES = {"npu": "cann", "cuda": "cuda", "cpu": "cpu"}
"""Device → what onnxruntime calls its memory."""

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(bool)": "bool",
    "tensor(uint8)": "uint8",
    "tensor(uint16)": "uint16",
    "tensor(uint32)": "uint32",
    "tensor(uint64)": "uint64",
    "tensor(int8)": "int8",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}


class OnnxSession(Session):
    """An ONNX file, open in onnxruntime on one device."""

    def __init__(self, path: str, device: str = "auto", *, lean: bool = False) -> None:
        """Load `path`.

        Args:
            path: an ``.onnx`` file; external data is read from beside it.
            device: ``auto``, ``npu``, ``cuda`` or ``cpu``. `auto` takes the first of the three whose provider this
                onnxruntime has and can start; `engine` says which.
            lean: as `open_session` has it.

        Raises:
            SessionError: onnxruntime is missing, lacks the device, or cannot load the file.
        """
        runtime = _onnxruntime()
        self._failures = failures()
        self._path = path
        self._session = self._open(runtime, _providers(runtime, device), lean)
        provider = self._session.get_providers()[0]
        if device not in ("auto", _device(provider)):
            # onnxruntime only logs when a provider cannot start, and goes on with the CPU
            raise SessionError(
                "{} could not start for `{}`; allowed: the devices that work here, e.g. cpu".format(
                    PROVIDERS[device], path
                )
            )
        self.engine = "onnxruntime {} {}".format(runtime.__version__, provider)
        self.device = _device(provider) or provider
        self.passed_over = _passed_over(runtime, self.device) if device == "auto" else ()
        self.inputs = tuple(self._spec(value) for value in self._session.get_inputs())
        self.outputs = tuple(self._spec(value) for value in self._session.get_outputs())

    def _open(self, runtime: Any, providers: List[str], lean: bool) -> Any:
        try:
            self._path.encode("utf-8")
        except UnicodeEncodeError as error:
            raise SessionError(
                "onnxruntime opens no file whose name is not UTF-8; rename {!a}".format(self._path)
            ) from error
        options = runtime.SessionOptions()
        options.log_severity_level = 3  # errors: warnings about graph clean-up mean nothing to the reader
        # Threads that wait must not spin: others prepare the next inputs, or build the next part, on the same cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.disable_prepacking", str(int(lean)))
        try:
            return runtime.InferenceSession(self._path, options, providers=providers)
        except self._failures as error:
            raise SessionError("`{}` cannot be loaded by onnxruntime: {}".format(self._path, error)) from error

    def _spec(self, value: Any) -> TensorSpec:
        if value.type not in _DTYPES:
            raise SessionError(
                "`{}` of `{}` is a {}; allowed: {}".format(value.name, self._path, value.type, ", ".join(_DTYPES))
            )
        shape: Tuple[Optional[int], ...] = tuple(size if isinstance(size, int) else None for size in value.shape)
        return TensorSpec(value.name, _DTYPES[value.type], shape)

    def _run(self, feeds: Dict[str, np.ndarray]) -> List[np.ndarray]:
        try:
            results = self._session.run([spec.name for spec in self.outputs], feeds)
        except self._failures as error:
            raise SessionError("`{}` failed in {}: {}".format(self._path, self.engine, error)) from error
        return list(results)  # the arrays are fresh: onnxruntime copies what it hands out

    def resident(self, feeds: Mapping[str, np.ndarray]) -> Optional[Callable[[], None]]:
        """A call that computes on inputs which are bound to the device, as `Session.resident` says."""
        checked, place = self.checked(feeds), _PLACES.get(self.device)
        if place is None:
            return None
        make = _onnxruntime().OrtValue.ortvalue_from_numpy
        try:
            values = {name: make(array, place, 0) for name, array in checked.items()}
            binding = self._session.io_binding()
            for name, value in values.items():
                binding.bind_ortvalue_input(name, value)
            for spec in self.outputs:
                binding.bind_output(spec.name, place)
        except self._failures as error:
            raise SessionError("`{}` cannot be bound in {}: {}".format(self._path, self.engine, error)) from error

        def compute() -> None:
            try:
                self._session.run_with_iobinding(binding)
                binding.synchronize_outputs()
            except self._failures as error:
                raise SessionError("`{}` failed in {}: {}".format(self._path, self.engine, error)) from error

        return compute

    def close(self) -> None:
        """Release the model."""
        self._session = None
        super().close()


def _onnxruntime() -> Any:
    try:
        import onnxruntime  # type: ignore[import-untyped]  # it ships no types
    except ImportError as error:
        raise SessionError(
            "onnxruntime must be installed for this Python {} ({}): python3 -m pip install onnxruntime".format(
                platform.python_version(), error
            )
        ) from error
    return onnxruntime


def _providers(runtime: Any, device: str) -> List[str]:
    """What to ask onnxruntime for, best first."""
    there = runtime.get_available_providers()
    if device == "auto":
        return [provider for provider in PROVIDERS.values() if provider in there]
    if PROVIDERS[device] not in there:
        raise SessionError(
            "device `{}` needs {}, which onnxruntime {} here lacks; allowed: auto, {}".format(
                device,
                PROVIDERS[device],
                runtime.__version__,
                ", ".join(name for name, provider in PROVIDERS.items() if provider in there),
            )
        )
    return [PROVIDERS[device]]


def _passed_over(runtime: Any, device: str) -> Tuple[str, ...]:
    """Why not the devices that `auto` would rather take."""
    there, reasons = runtime.get_available_providers(), []
    for better, provider in PROVIDERS.items():
        if better == device:
            break
        why = "cannot start" if provider in there else "is not in onnxruntime {}".format(runtime.__version__)
        reasons.append("{}: {} {}".format(better, provider, why))
    return tuple(reasons)


def _device(provider: str) -> Optional[str]:
    return {value: key for key, value in PROVIDERS.items()}.get(provider)


def failures() -> Tuple[Type[Exception], ...]:
    """What onnxruntime raises: classes of its own right under Exception, and Python's own for wrong arguments."""
    from onnxruntime.capi import onnxruntime_pybind11_state  # type: ignore[import-untyped]  # as above

    own = [c for c in vars(onnxruntime_pybind11_state).values() if isinstance(c, type) and issubclass(c, Exception)]
    return (*own, RuntimeError, ValueError)

"""What runs on the board, and on any host that has numpy. Python 3.7, standard library and numpy.

In a bundle this package stands alone as ``ascendc_runtime``, beside the plugin's device half; on the host that
name leads here. It imports nothing of the host side.
"""

import os
from pathlib import Path
from typing import Union

from .ahead import ahead
from .folder import pictures_in
from .image import ImageLike, Preprocessing, name_of
from .metrics import MetricsError, max_abs_error, min_cosine, relative_error
from .npz import read_arrays, write_npz
from .service import Answer, InputError, PictureError
from .session import Session, SessionError, TensorSpec, shape_text

__all__ = [
    "Answer",
    "ImageLike",
    "InputError",
    "MetricsError",
    "PictureError",
    "Preprocessing",
    "Session",
    "SessionError",
    "TensorSpec",
    "ahead",
    "max_abs_error",
    "min_cosine",
    "name_of",
    "open_session",
    "pictures_in",
    "read_arrays",
    "relative_error",
    "shape_text",
    "write_npz",
]

DEVICES = ("auto", "npu", "cuda", "cpu")


def open_session(
    path: "Union[str, os.PathLike[str]]", device: str = "auto", *, lean: bool = False, allow_simulated: bool = False
) -> Session:
    """Open a compiled or exported model.

    Args:
        path: ``.onnx``, which onnxruntime runs, or ``.om``, which CANN's pyACL runs.
        device: ``auto``, ``npu``, ``cuda`` or ``cpu``; the session's `engine` says what really runs.
        lean: for a few runs only: weights stay in their file instead of being copied into a layout that runs faster.
        allow_simulated: whether an OM that the simulated ATC made may be offered to a real device.

    Raises:
        SessionError: the file is missing or of another kind, the device is unknown or not to be had, the engine
            is not installed or refuses the file.
    """
    name = os.fspath(path)
    if device not in DEVICES:
        raise SessionError("device must be one of {}, not `{}`".format(", ".join(DEVICES), device))
    if not Path(name).is_file():
        raise SessionError("model `{}` does not exist".format(name))
    if name.endswith(".onnx"):
        from .onnx_session import OnnxSession

        return OnnxSession(name, device, lean=lean)
    if name.endswith(".om"):
        if device not in ("auto", "npu"):
            raise SessionError("`{}` runs on an NPU; allowed: auto, npu, not {}".format(name, device))
        from .om import OmSession

        return OmSession(name, allow_simulated=allow_simulated)
    raise SessionError("model `{}` must end in .onnx or .om".format(name))

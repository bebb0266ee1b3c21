"""Any ONNX model on the board: pictures or named arrays in, outputs out.

Travels in every bundle. Python 3.7; numpy, Pillow (only for pictures), and the runtime beside it.
"""

from ascendc_runtime import Answer, InputError

from .arrays import prepare
from .service import Service, open_service

__all__ = ["Answer", "InputError", "Service", "open_service", "prepare"]

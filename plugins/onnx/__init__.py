"""Any ONNX file: no torch, no Python of the model's own, only what the recipe says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc import hookimpl

if TYPE_CHECKING:
    from ascendc import Model


@hookimpl
def ascendc_register_models() -> list[type[Model]]:
    """The one model of this plugin."""
    from .model import Onnx

    return [Onnx]

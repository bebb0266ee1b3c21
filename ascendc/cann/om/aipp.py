"""What an OM says of AIPP: settings under the names of an AIPP configuration, as text.

Numbers that stand for modes and pixel formats are spelled out (``insert_op.proto`` of the graph engine, August 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ascendc.cann.aipp import table
from ascendc.cann.om.attributes import Attributes
from ascendc.cann.om.facts import Aipp

if TYPE_CHECKING:
    from ascendc.cann.om.definition import Op

_CONFIGURATION = "dynamic_aipp_conf"
"""The mode of the input through which dynamic AIPP is set: no pixels."""

_MODES = {str(number): name for name, number in table.MODES.items()}


def of_ops(ops: Iterable[Op]) -> tuple[Aipp, ...]:
    """AIPP of the inputs of a model definition."""
    found = []
    for op in ops:
        mode, settings = op.attributes.text("_data_related_aipp_mode"), op.attributes.values.get("aipp")
        if mode is not None and mode != _CONFIGURATION:
            found.append(Aipp(op.name, mode, spelled(settings.values if isinstance(settings, Attributes) else {})))
    return tuple(found)


def spelled(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings as an AIPP configuration would write them."""
    return {name: _text(name, value) for name, value in settings.items()}


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.9g}"  # as many digits as a float of 32 bits can hold
    if isinstance(value, tuple | list):
        return ",".join(_text(name, one) for one in value)
    text = str(value)
    if name == "aipp_mode":
        return _MODES.get(text, text)
    if name == "input_format":
        return next((known.name for known in table.formats().values() if str(known.number) == text), text)
    return text

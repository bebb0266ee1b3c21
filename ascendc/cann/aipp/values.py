"""A scalar of the text becomes a value of its field's type, as protobuf's C++ parser would take it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ascendc.cann.aipp import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ascendc.cann.aipp.table import Field
    from ascendc.cann.aipp.text import Scalar

_LIMITS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}
_BOOLS = {"true": True, "True": True, "t": True, "false": False, "False": False, "f": False}
_SWAPPED = "with rbuv_swap_switch: true"
_MEANT = {
    "BGR888_U8": f"RGB888_U8 {_SWAPPED}",
    "YVU420SP_U8": f"YUV420SP_U8 {_SWAPPED}",
    "NV12": "YUV420SP_U8",
    "NV21": f"YUV420SP_U8 {_SWAPPED}",
    "GRAY": "YUV400_U8",
    "GRAY_U8": "YUV400_U8",
    "RGBA8888_U8": "XRGB8888_U8",
    "BGRA8888_U8": f"XRGB8888_U8 {_SWAPPED}",
}
"""Pixel formats that people write and AIPP does not have, and how to say them."""


class UnfitError(Exception):
    """A value that ATC's parser refuses.

    Args:
        message: the field, what is wrong, what is allowed.
        fix: what to write.
    """

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def value(scalar: Scalar, field: Field) -> bool | int | float | str:
    """The value of `field`; empty for the name of an enumeration's zero.

    Raises:
        UnfitError: it has none of the field's type.
    """
    if field.kind in ("int32", "uint32"):
        return _whole(scalar, field)
    if field.kind == "float":
        return _number(scalar, field)
    if field.kind == "bool":
        return _boolean(scalar, field)
    if field.kind == "mode":
        return named(scalar, field.name, table.MODES, "undefined")
    if field.kind == "format":
        numbers = {"UNDEFINED": 0, **{name: known.number for name, known in table.formats().items()}}
        return named(scalar, field.name, numbers, "UNDEFINED")
    if scalar.kind != "string":
        raise UnfitError(f"`{field.name}` must be a text in quotes, not {_shown(scalar)}", "put it in quotes")
    return scalar.text


def named(scalar: Scalar, name: str, numbers: dict[str, int], zero: str = "") -> str:
    """The name of an enumeration's value, empty for `zero`; a number that has no name stays one: proto3 takes it.

    Raises:
        UnfitError: it is none of `numbers`.
    """
    low, high = _LIMITS["int32"]
    if scalar.kind == "integer" and low <= (number := _integer(scalar.text)) <= high:
        found = next((known for known, of in numbers.items() if of == number), str(number))
        return "" if found == zero else found
    if scalar.kind == "word" and scalar.text in numbers:
        return "" if scalar.text == zero else scalar.text
    meant = _MEANT.get(scalar.text.upper()) if name == "input_format" else None
    allowed = [known for known in numbers if known != zero]
    if name == "input_format":
        allowed = [known for known, about in table.formats().items() if about.documented]
    guess = f" (did you mean {meant}?)" if meant else did_you_mean(scalar.text, numbers)
    raise UnfitError(
        f"`{name}` must not be {_shown(scalar)}{guess}; allowed: {', '.join(allowed)}",
        f"write {name}: {meant or allowed[0]}",
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (did you mean `crop`?)``, or nothing."""
    near = difflib.get_close_matches(name[:60], list(known), 1, 0.6)
    return f" (did you mean `{near[0]}`?)" if near else ""


def _whole(scalar: Scalar, field: Field) -> int:
    low, high = _LIMITS[field.kind]
    if scalar.kind == "integer":
        number = _integer(scalar.text)
        if low <= number <= high and not (field.kind == "uint32" and scalar.text[0] == "-"):
            return number
        raise UnfitError(
            f"`{field.name}` must not be {scalar.text[:40]}; allowed: {low} to {high}", f"write {low} to {high}"
        )
    fix = "write a whole number"
    if field.name.startswith("mean_chn_") and scalar.kind == "float":
        minimum = field.name.replace("mean", "min")
        fix = f"write {minimum}: {scalar.text} instead: it is subtracted too, and may have a fraction"
    raise UnfitError(f"`{field.name}` must be a whole number, not {_shown(scalar)}", fix)


def _number(scalar: Scalar, field: Field) -> float:
    word = scalar.text.lower().removeprefix("-")
    if scalar.kind == "float" or (scalar.kind == "integer" and (word == "0" or word[0] != "0")):
        return float(scalar.text.rstrip("fF"))
    if scalar.kind == "word" and word in ("inf", "infinity", "nan"):
        return float(scalar.text)
    what = "a decimal number" if scalar.kind == "integer" else "a number"
    raise UnfitError(f"`{field.name}` must be {what}, not {_shown(scalar)}", f"write {what}")


def _boolean(scalar: Scalar, field: Field) -> bool:
    if scalar.kind == "word" and scalar.text in _BOOLS:
        return _BOOLS[scalar.text]
    if scalar.kind == "integer" and scalar.text[0] != "-" and (number := _integer(scalar.text)) in (0, 1):
        return bool(number)
    guess = scalar.text.lower() if scalar.text.lower() in ("true", "false") else "true or false"
    raise UnfitError(
        f"`{field.name}` must not be {_shown(scalar)}; allowed: true, false, True, False, t, f, 0, 1",
        f"write {guess}",
    )


def _integer(text: str) -> int:
    """A decimal, octal or hexadecimal number; one of absurd length is out of any range."""
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text)
    if len(digits) > 30:
        return sign * 2**100
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    return sign * int(digits, base)


def _shown(scalar: Scalar) -> str:
    return f'`"{scalar.text[:40]}"`' if scalar.kind == "string" else f"`{scalar.text[:40]}`"

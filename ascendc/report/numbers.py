"""Numbers as they stand in a report; the unit stands beside them."""

from __future__ import annotations

UNKNOWN = "–"

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ms(value: float) -> str:
    """Milliseconds, in three digits or so."""
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def rate(value: float) -> str:
    """Items a second."""
    return f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def seconds(value: float) -> str:
    """``8.9 s``, ``0.014 s``, ``12 min 5 s``."""
    if value >= 60:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes} min {rest} s"
    return f"{value:.1f} s" if value >= 1 else f"{value:.2f} s"


def size(value: float) -> str:
    """Bytes, in decimal units as the command line prints them."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            return f"{value / scale:.1f} {unit}"
    return f"{value:.0f} B"


def small(value: float | None) -> str:
    """An error: two digits, ``6.2×10⁻⁷``; a dash where there is no number."""
    if value is None:
        return UNKNOWN
    return f"{value:.2g}" if 1e-3 <= abs(value) < 1e3 or value == 0 else scientific(value, 2)


def large(value: float) -> str:
    """A magnitude: four digits."""
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e4 or value == 0 else scientific(value, 4)


def scientific(value: float, digits: int) -> str:
    """``6.2×10⁻⁷``: unlike ``6.2e-07`` it does not break at its minus."""
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa}×{power(int(exponent))}"


def power(exponent: int) -> str:
    """``10⁻⁷``."""
    return "10" + str(exponent).translate(_RAISED)

"""Which ONNX opsets a CANN version takes."""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, int]


@dataclass(frozen=True)
class Opsets:
    """The opsets of a range of CANN versions."""

    lowest: int
    highest: int
    source: str
    """Who says so."""

    def __contains__(self, opset: int) -> bool:
        """Whether `opset` is taken."""
        return self.lowest <= opset <= self.highest

    def __str__(self) -> str:
        """``9 to 13``."""
        return f"{self.lowest} to {self.highest}"


# From the newest. CANN 8 and later say "per operator" in their documents; 11 to 18 is what ATC's current
# documents name, and the operator check tells the rest.
_TABLE: tuple[tuple[Version, Opsets], ...] = (
    ((8, 0), Opsets(11, 18, "ATC documents of CANN 8")),
    ((7, 0), Opsets(9, 18, "ATC documents of CANN 7.0, onnx 1.12")),
    ((0, 0), Opsets(9, 13, "ATC documents of CANN 5.0.4 to 6.0.1, onnx 1.8")),
)
_UNKNOWN = Opsets(11, 13, "which every CANN from 5.0.4 on takes")


def taken(version: Version | None) -> Opsets:
    """The opsets that CANN `version` takes; for None (unknown), those that every version takes."""
    if version is None:
        return _UNKNOWN
    return next(opsets for since, opsets in _TABLE if version >= since)


def default(version: Version | None) -> int:
    """The opset to export when nobody asks for one: 13, or 11 up to CANN 5.

    Later opsets are opt-in: LayerNormalization (17) has its own mapping, and no log of a real ATC has shown
    how each CANN treats it.
    """
    return 11 if version is not None and version[0] <= 5 else 13

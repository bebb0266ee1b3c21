"""Which words of a log are options of ATC, and which are operators of ONNX."""

from __future__ import annotations

from ascendc.cann.explain.table import without_parser


def is_option(name: str) -> bool:
    """Whether ATC has an option of this name, without dashes."""
    from ascendc.cann.atc.table import table

    return name in table()


def is_custom(domain: str, op: str) -> bool:
    """Whether an operator is neither of ONNX nor known to ATC's own parsers.

    Args:
        domain: as ATC writes it: ONNX's own is ``ai.onnx``.
        op: its type.
    """
    from ascendc.cann.operators.table import onnx

    if domain == "ai.onnx":
        return ("", op) not in onnx() and op not in without_parser()
    return (domain, op) not in onnx() and not domain.startswith("ai.onnx.")

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ascendc.contract import schema_of


@dataclass(frozen=True)
class Inner:
    """Inside."""

    word: Literal["a", "b"]


@dataclass(frozen=True)
class Outer:
    """What is written.

    At length.
    """

    size: int | None
    """In bytes,
    or not."""
    share: float
    parts: tuple[Inner, ...] = ()
    tools: dict[str, str] = None


def test_types_and_docstrings_become_a_schema():
    assert schema_of(Outer, schema="it/1") == {
        "type": "object",
        "description": "What is written.\n\nAt length.",
        "properties": {
            "schema": {"const": "it/1"},
            "size": {"description": "In bytes,\nor not.", "anyOf": [{"type": "integer"}, {"type": "null"}]},
            "share": {"type": "number"},
            "parts": {
                "type": "array",
                "items": {
                    "type": "object",
                    "description": "Inside.",
                    "properties": {"word": {"enum": ["a", "b"]}},
                    "required": ["word"],
                },
            },
            "tools": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["schema", "size", "share", "parts", "tools"],
    }

"""The kinds of fields that a recipe has beyond text and numbers: how each is checked and what it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from ascendc.cann import soc
from ascendc.cann.version import Cann
from ascendc.document.check import describe
from ascendc.errors import UsageError
from ascendc.target import MOST_GEARS, Batch

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


def refuse(text: str) -> PydanticCustomError:
    """The error of a validator; `check` adds what is allowed unless `text` says it."""
    return PydanticCustomError("refused", "{text}", {"text": text})


def _text(value: str) -> str:
    if not value.strip():
        raise refuse("must not be an empty text; allowed: text")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise refuse("must not hold line breaks or control characters; allowed: text of one line")
    return value


def _matching(pattern: str, words: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise refuse(f"must not be {describe(value)}; allowed: {words}")
        return value

    return check


def _batch(value: Any) -> Batch:
    sizes = value if isinstance(value, list) else [value]
    for size in sizes:
        if type(size) is not int or size < 1:
            raise refuse(f"must not {'hold' if isinstance(value, list) else 'be'} {describe(size)}")
    if not isinstance(value, list):
        return Batch((value,))
    if len(sizes) < 2:
        static = f"; allowed: {sizes[0]} for a static batch, or a list of at least 2 gears" if sizes else ""
        raise refuse(f"must not be a list of {len(sizes)}{static}")
    if twice := next((size for size in sizes if sizes.count(size) > 1), None):
        raise refuse(f"must not hold {twice} twice; allowed: a list of 2 to {MOST_GEARS} different gears")
    if len(sizes) > MOST_GEARS:
        raise refuse(
            f"must not hold {len(sizes)} gears; allowed: 2 to {MOST_GEARS} (ATC's documents, --dynamic_batch_size)"
        )
    return Batch(tuple(sorted(sizes)))


def _version(value: Any) -> Any:
    if isinstance(value, bool | float):  # to Python, both equal 1
        raise refuse(f"must not be {describe(value)}")
    return value


def _opset(value: Any) -> int | None:
    if value == "auto":
        return None
    if type(value) is not int or value < 1:
        raise refuse(f"must not be {describe(value)}")
    return value


def _soc(value: Any) -> soc.Resolved:
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    try:
        return soc.resolve(value)
    except UsageError as error:
        raise refuse(error.message) from error


def _cann(value: Any) -> Cann | None:
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    try:
        return None if value == "unknown" else Cann.parse(value)
    except UsageError as error:
        raise refuse(error.message) from error


Version = Annotated[Literal[1], BeforeValidator(_version)]

Text = Annotated[str, AfterValidator(_text)]
"""One line, not empty."""

Name = Annotated[
    str,
    AfterValidator(_matching(_NAME, "letters, digits, `.`, `_` and `-`, a letter or digit first, at most 64")),
    Field(json_schema_extra={"pattern": f"^{_NAME}$"}),
]
"""A name that becomes part of file names and command lines."""

BatchField = Annotated[
    Batch,
    BeforeValidator(_batch),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1},
                    "minItems": 2,
                    "maxItems": MOST_GEARS,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]

OpsetField = Annotated[
    int | None,
    BeforeValidator(_opset),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "auto"}]}),
]

SocField = Annotated[
    soc.Resolved, BeforeValidator(_soc), WithJsonSchema({"type": "string", "examples": list(soc.names())})
]
"""The examples are what editors offer."""

CannField = Annotated[Cann | None, BeforeValidator(_cann), WithJsonSchema({"type": "string"})]
"""None: unknown."""


def _option(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise refuse(f"must not be {describe(value)}")
    return _text(value)


OptionValue = Annotated[str, BeforeValidator(_option), WithJsonSchema({"type": ["string", "integer", "boolean"]})]

"""Checks a part of a document against a pydantic model and says what is wrong without pydantic's words."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar

from ascendc.document.allowed import allowed, child, places, plain
from ascendc.document.values import Document, Loc, Problem, format_path

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound="BaseModel")


def check(model: type[M], document: Document, loc: Loc = ()) -> tuple[M | None, list[Problem]]:
    """The value at `loc` as a `model`, or None and what is wrong with it.

    Text that is missing its quotes is taken by its letters where it came from the command line: there, nobody
    can be asked to quote twice.
    """
    from pydantic import ValidationError

    value = document.value(loc)
    if value is None and loc:
        value = {}  # a section that is not written
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    unquoted = [(*loc, *d["loc"]) for d in details if d["type"] == "string_type"]
    unquoted = [place for place in unquoted if place in document.overrides and place in document.letters]
    if unquoted:
        for place in unquoted:
            document = document.replaced(place, document.letters[place])
        return check(model, document, loc)
    schema = model.model_json_schema()
    return None, [_problem(detail, schema, document, loc) for detail in details]


def _problem(detail: ErrorDetails, schema: dict[str, Any], document: Document, base: Loc) -> Problem:
    """One error of pydantic as a problem: its place in the document, and words made from value and schema."""
    node = schema
    inside: Loc = ()
    for step in detail["loc"]:
        # The rest of pydantic's place is not the document's: the branch of a union, `[key]`.
        following = child(node, step, schema)
        if following is None:
            break
        node, inside = following, (*inside, step)
    loc = (*base, *inside)
    kind, value = detail["type"], detail["input"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):  # of a model, of a dataclass
        return _unknown(detail["loc"], node, schema, base)
    choices = allowed(node, schema)
    if kind == "missing":
        return Problem("ASC1106", loc, f"must be given; allowed: {choices}")
    if kind == "string_type" and isinstance(value, bool | int | float):
        letters = document.letters.get(loc, str(value))
        return Problem("ASC1118", loc, f'must be text, not {describe(value)}; allowed: "{letters}" in quotes')
    if kind in ("refused", "value_error"):
        text = str(detail["msg"]).removeprefix("Value error, ")
        return Problem("ASC1108", loc, text if "; allowed: " in text else f"{text}; allowed: {choices}")
    return Problem("ASC1107", loc, f"must not be {describe(value)}; allowed: {choices}")


def _unknown(loc: Loc, node: dict[str, Any], schema: dict[str, Any], base: Loc) -> Problem:
    """An unknown key, and what was meant: a field of that name elsewhere, or one beside it with a name like it."""
    key, keys = str(loc[-1]), list(plain(node, schema).get("properties", ()))
    meant = [(*base, *place) for place in dict.fromkeys(places(key, schema, schema, loc))]
    names = [format_path(place) for place in meant]
    if not meant and (near := difflib.get_close_matches(key, keys, 1)):
        meant, names = [(*base, *loc[:-1], near[0])], near
    guess = f" (did you mean {' or '.join(f'`{name}`' for name in names)}?)" if names else ""
    text = f"unknown key{guess}; allowed: {', '.join(keys) or 'none'}"
    return Problem("ASC1105", (*base, *loc), text, meant=meant[0] if len(meant) == 1 else None)


def describe(value: Any) -> str:
    """A value of a document in a few words: ``the number 8.1``, ``a list``."""
    match value:
        case None:
            return "empty"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text `{value if len(value) <= 60 else value[:60] + '…'}`" if value else "an empty text"
        case list():
            return "a list"
        case _:
            return "a mapping"

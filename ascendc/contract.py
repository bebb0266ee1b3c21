"""The JSON Schema of what programs read from us, made of the dataclasses that are written.

Fields may be added to those. A bundle's manifest has a schema of its own (`ascendc.bundle.manifest`), stricter: it is
read back from hands that nobody vouches for, every text in it has a kind, and no field may be added.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
}


def schema_of(cls: type, **constants: str) -> dict[str, Any]:
    """The schema of a dataclass written by `dataclasses.asdict`; docstrings are its descriptions.

    Args:
        cls: the dataclass.
        constants: what is written before its fields, always the same.
    """
    hints, said = get_type_hints(cls), _docstrings(cls)
    fields: dict[str, Any] = {name: {"const": text} for name, text in constants.items()}
    for field in dataclasses.fields(cls):
        about = {"description": said[field.name]} if field.name in said else {}
        fields[field.name] = {**about, **_schema(hints[field.name])}
    about_all = inspect.cleandoc(cls.__doc__ or "")
    return {"type": "object", "description": about_all, "properties": fields, "required": list(fields)}


def _schema(hint: Any) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(arg) for arg in args]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple:
        return {"type": "array", "items": _schema(args[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(args[1])}
    return schema_of(hint) if dataclasses.is_dataclass(hint) else _PLAIN[hint]  # type: ignore[arg-type]  # a class


def _docstrings(cls: type) -> dict[str, str]:
    """What is said under each field, inherited ones too: Python forgets it, the source does not."""
    said = {}
    for base in filter(dataclasses.is_dataclass, reversed(cls.__mro__)):
        [found] = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(found, ast.ClassDef)
        for field, below in zip(found.body, found.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
                said[field.target.id] = inspect.cleandoc(str(ast.literal_eval(below.value)))
    return said

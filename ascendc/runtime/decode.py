"""JSON that nobody vouches for, into frozen dataclasses: types, kinds of text and bounds are checked.

A field's type says what its value must be; ``metadata={"kind": …}`` says which texts or numbers are allowed.
Python 3.7, standard library.
"""

import dataclasses
import json
import re
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type, TypeVar, Union, get_type_hints

T = TypeVar("T")

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"


class Kind(NamedTuple):
    """A kind of text."""

    pattern: str
    """A regular expression for the whole text, in the syntax that Python and JSON Schema share."""
    words: str
    """What the text must be, for people."""
    longest: int = 200


KINDS = {
    "name": Kind(_NAME, "a name of letters, digits and `._+-`, beginning with a letter, digit or `_`"),
    "path": Kind(_NAME + "(/" + _NAME + ")*", "a relative path inside the bundle, of letters, digits and `._+-/`", 500),
    "sha256": Kind("[0-9a-f]{64}", "64 hexadecimal digits", 64),
    "text": Kind(r"[^\u0000-\u001f\u007f]*", "a text of one line, without control characters", 4000),
}
"""By the name that a field's metadata gives. Names and paths are inert in shells, READMEs and archives."""


class DecodeError(Exception):
    """The document is not what it must be; the message names the field by its path."""


def parse(text: str) -> Any:
    """JSON without its traps: no duplicate keys, no NaN, no bottomless nesting.

    Raises:
        DecodeError: it is not such JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DecodeError("is not JSON: {}".format(error)) from error


def decode(cls: Type[T], value: Any, where: str = "") -> T:
    """`value` as an instance of the dataclass `cls`.

    Raises:
        DecodeError: a field is missing, unknown, or not what its type and kind say.
    """
    _expect(isinstance(value, dict), where, "an object", value)
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]  # any dataclass; 3.7 has no protocol
    for key in value:
        if key not in fields:
            raise DecodeError("{}: unknown field; allowed: {}".format(_at(where, _show(key)), ", ".join(fields)))
    hints = get_type_hints(cls)
    made = {}
    for name, field in fields.items():
        if name not in value:
            raise DecodeError("{}: is missing".format(_at(where, name)))
        made[name] = _value(hints[name], value[name], _at(where, name), field.metadata.get("kind"))
    return cls(**made)


def _value(hint: Any, value: Any, where: str, kind: Optional[str]) -> Any:
    origin: Any = getattr(hint, "__origin__", None)
    args: Tuple[Any, ...] = getattr(hint, "__args__", ())
    if origin is Union:
        return _union(args, value, where, kind)
    if origin is tuple:  # always Tuple[X, ...]
        _expect(isinstance(value, list), where, "a list", value)
        return tuple(_value(args[0], item, "{}[{}]".format(where, i), kind) for i, item in enumerate(value))
    if origin is dict:
        _expect(isinstance(value, dict), where, "an object", value)
        for key in value:
            _text(key, where, kind)
        return {key: _value(args[1], item, _at(where, key), None) for key, item in value.items()}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return decode(hint, value, where)
    return _scalar(hint, value, where, kind)


def _union(args: Tuple[Any, ...], value: Any, where: str, kind: Optional[str]) -> Any:
    """Optional[X], or int | str."""
    if type(None) in args:
        return None if value is None else _value(args[0], value, where, kind)
    for arg in args:
        if type(value) is arg:
            return _value(arg, value, where, kind)
    return _expect(False, where, "an integer or a text", value)


def _scalar(hint: Any, value: Any, where: str, kind: Optional[str]) -> Any:
    if hint is str:
        _expect(isinstance(value, str), where, "a text", value)
        return _text(value, where, kind or "text")
    if hint is bool:
        _expect(isinstance(value, bool), where, "true or false", value)
        return value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        _expect(number and isinstance(value, int) and 0 <= value < 2**53, where, "an integer of 0 or more", value)
        return value
    # Integers beyond any float are refused here: float() would raise OverflowError.
    _expect(number and 0 <= value <= sys.float_info.max, where, "a number of 0 or more", value)
    return float(value)


def _text(value: str, where: str, kind: Optional[str]) -> str:
    wanted = KINDS[kind or "text"]
    fits = len(value) <= wanted.longest and re.fullmatch(wanted.pattern, value) is not None
    _expect(fits, where, wanted.words, value)
    return value


def _expect(condition: bool, where: str, wanted: str, value: Any) -> Any:
    if not condition:
        raise DecodeError("{}: must be {}, not {}".format(where or "the document", wanted, _show(value)))


def _show(value: Any) -> str:
    """JSON, pure ASCII, short: safe on any terminal."""
    try:
        shown = json.dumps(value)
    except RecursionError:  # writing goes a little deeper than reading did
        return "what is nested too deeply to be shown"
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _at(where: str, name: str) -> str:
    return "{}.{}".format(where, name) if where else name


def _distinct(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    made: Dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError("the key {} is there twice".format(json.dumps(key)))
        made[key] = value
    return made


def _refuse(constant: str) -> Any:
    raise ValueError("{} is no number".format(constant))

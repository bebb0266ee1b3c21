"""The host's side of a manifest: writing it, reading one from a folder, and its JSON Schema.

The values themselves are `ascendc.runtime.manifest`'s, so that host and board cannot disagree about them.
"""

from __future__ import annotations

import dataclasses
import json
import types
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from ascendc.errors import GateError, UsageError
from ascendc.runtime import manifest as values
from ascendc.runtime.decode import KINDS, DecodeError

if TYPE_CHECKING:
    from pathlib import Path


def to_json(manifest: values.Manifest) -> str:
    """The text of ``manifest.json``: the same manifest always gives the same bytes."""
    document = dataclasses.asdict(manifest)
    document["files"] = dict(sorted(document["files"].items()))
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, source: str = values.FILE) -> values.Manifest:
    """The manifest in `text`.

    Args:
        text: from a file that nobody vouches for.
        source: the file, for messages.

    Raises:
        GateError: it is not a manifest of this version, or it contradicts itself (ASC1802).
    """
    try:
        return values.loads(text)
    except DecodeError as error:
        raise GateError("ASC1802", f"{source}: {error}", hint="build the bundle again, or copy it again") from error


def read(folder: Path) -> values.Manifest:
    """The manifest of the bundle in `folder`.

    Raises:
        UsageError: there is no bundle (ASC1801).
        GateError: its manifest is none (ASC1802).
    """
    path = folder / values.FILE
    if not path.is_file():
        below = folder / "bundle"  # where `ascendc convert` puts it
        meant = f"did you mean {below}?" if (below / values.FILE).is_file() else "ascendc build RECIPE"
        raise UsageError("ASC1801", f"`{folder}` is not a bundle: it holds no {values.FILE}", hint=meant)
    if path.stat().st_size > values.LARGEST:
        raise GateError("ASC1802", f"{path}: is larger than {values.LARGEST >> 20} MiB; no manifest is")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GateError("ASC1802", f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from error
    return from_json(text, str(path))


def schema() -> dict[str, Any]:
    """The JSON Schema of ``manifest.json``, made from the same classes that read it."""
    document = _object(values.Manifest)
    document["properties"]["schema"] = {"const": values.SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"ascendc deployment bundle ({values.SCHEMA})",
        **document,
    }


def _object(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    fields = {f.name: _schema(hints[f.name], f.metadata.get("kind", "text")) for f in dataclasses.fields(cls)}
    if cls is values.Artefact:
        fields["state"] = {"enum": list(values.STATES)}
    if cls is values.TensorInfo:
        fields["dtype"] = {"enum": list(values.DTYPES)}
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _schema(hint: Any, kind: str) -> dict[str, Any]:
    text = {"type": "string", "pattern": f"^{KINDS[kind].pattern}$", "maxLength": KINDS[kind].longest}
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(arg, kind) for arg in args]}
    if origin is tuple:
        return {"type": "array", "items": _schema(args[0], kind)}
    if origin is dict:
        return {"type": "object", "propertyNames": text, "additionalProperties": _schema(args[1], kind)}
    if dataclasses.is_dataclass(hint):
        return _object(hint)  # type: ignore[arg-type]  # a class, as every hint of ours is
    plain: dict[Any, dict[str, Any]] = {
        str: text,
        bool: {"type": "boolean"},
        int: {"type": "integer", "minimum": 0},
        float: {"type": "number", "minimum": 0},
        type(None): {"type": "null"},
    }
    return plain[hint]

"""Says in words what a JSON schema allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ascendc.document.values import Loc

Schema = dict[str, Any]

_DEEPEST = 8
"""Steps that are followed into a schema, which may hold itself."""


def plain(node: Schema, root: Schema) -> Schema:
    """`node` with its reference followed."""
    if "allOf" in node and len(node["allOf"]) == 1:
        node = node["allOf"][0]
    if "$ref" in node:
        return dict(root["$defs"][node["$ref"].rpartition("/")[2]])
    return node


def child(node: Schema, step: str | int, root: Schema) -> Schema | None:
    """The schema of a key or item inside `node`, or None."""
    node = plain(node, root)
    for option in node.get("anyOf", ()):
        found = child(option, step, root)
        if found is not None:
            return found
    if isinstance(step, int):
        found = next(iter(node.get("prefixItems", ())[step : step + 1]), node.get("items"))
    else:
        # Constrained keys become patterns; a key that breaks its pattern is an error of its own.
        others = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
        found = node.get("properties", {}).get(step, next((other for other in others if other), None))
    return found if isinstance(found, dict) else None


def places(name: str, node: Schema, root: Schema, near: Loc = (), here: Loc = ()) -> Iterator[Loc]:
    """Where in a document of this schema a field called `name` may be; of lists, the item that `near` lies in."""
    if len(here) > _DEEPEST:
        return
    node = plain(node, root)
    for option in node.get("anyOf", ()):
        yield from places(name, option, root, near, here)
    if isinstance(node.get("items"), dict):
        index = near[len(here)] if len(near) > len(here) and near[: len(here)] == here else 0
        yield from places(name, node["items"], root, near, (*here, index))
    for key, value in node.get("properties", {}).items():
        if key == name:
            yield (*here, key)
        yield from places(name, value, root, near, (*here, key))


def allowed(node: Schema, root: Schema) -> str:
    """What may be written: ``a whole number from 1``, ``eager, sdpa``."""
    node = plain(node, root)
    if "anyOf" in node:
        # Nothing is what everybody may write by not writing the key.
        options = [option for option in node["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(allowed(option, root) for option in options))
    if isinstance(node.get("type"), list):
        return " or ".join(allowed({**node, "type": kind}, root) for kind in node["type"])
    if "enum" in node or "const" in node:
        return ", ".join(str(value) for value in node.get("enum", [node.get("const")]))
    match node.get("type"):
        case "integer":
            return f"a whole number{_range(node)}"
        case "number":
            return f"a number{_range(node)}"
        case "boolean":
            return "true, false"
        case "array":
            kinds = [node["items"]] if node.get("items") else node.get("prefixItems", [])
            each = " or ".join(dict.fromkeys(allowed(kind, root) for kind in kinds))
            return f"a list{_size(node)}" + (f", each {each}" if each else "")
        case "object":
            return f"a mapping with {', '.join(node['properties'])}" if node.get("properties") else "a mapping"
        case "string":
            return "text"
    return "anything"


def _range(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above = node.get("exclusiveMinimum")
    words = f" from {low}" if low is not None else f" above {above}" if above is not None else ""
    return words + (f"{' up' if above is not None else ''} to {high}" if high is not None else "")


def _size(node: Schema) -> str:
    low, high = node.get("minItems"), node.get("maxItems")
    if low and low == high:
        return f" of {low}"
    if low and high:
        return f" of {low} to {high}"
    return f" of at least {low}" if low else ""

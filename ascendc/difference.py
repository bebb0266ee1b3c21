"""What the ingredients of two keys differ in, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_OURS = {"code of ascendc", "code of ascendc_runtime", "code of ascendc_templates"}
_SHORT = 60
_ABSENT = object()


def differences(
    recorded: Mapping[str, Any], wanted: Mapping[str, Any], inputs: Sequence[str | None]
) -> tuple[str, ...]:
    """Each ingredient that differs, as a few words; empty if the keys are the same.

    Args:
        recorded: the ingredients of an entry.
        wanted: those of a step.
        inputs: the names of the step's inputs; None where its result is not known and says nothing.
    """
    said: dict[str, None] = {}
    for section in sorted(recorded.keys() | wanted.keys()):
        old, new = recorded.get(section), wanted.get(section)
        if old == new:
            continue
        speak = _SECTIONS.get(section)
        if section == "inputs":
            said |= dict.fromkeys(_inputs(old, new, inputs))
        else:
            said |= dict.fromkeys(speak(old, new) if speak else _leaves(section, old, new))
    return tuple(said)


def _inputs(old: Any, new: Any, names: Sequence[str | None]) -> Iterator[str]:
    """Inputs are known by the content of their results."""
    recorded = [*(old or ()), *[None] * len(names)]
    for name, was, is_ in zip(names, recorded, new, strict=False):
        if name is not None and was != is_:
            yield f"{name} gave another result"


def _tools(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, "absent"), new.get(name, "absent")
        if was != now:
            yield f"{name} {was} -> {now}"


def _code(_old: object, _new: object) -> Iterator[str]:
    yield "ascendc's own code changed"


def _reads(old: Iterable[tuple[str, str]], new: Iterable[tuple[str, str]]) -> Iterator[str]:
    was, now = _by_name(old), _by_name(new)
    for name in {**now, **was}:
        before, after = was.get(name), now.get(name)
        if before == after:
            continue
        if name in _OURS:
            yield from _code(before, after)
        elif name == "options":
            yield from _options(before, after)
        elif before is None or after is None:
            yield f"{name}: {'is new' if before is None else 'is no longer read'}"
        elif name == "plugin":
            yield f"plugin: changed from {before[0]} to {after[0]}"
        else:
            yield f"{name}: {'content ' if name.startswith('file ') else ''}changed"


def _options(before: list[str] | None, after: list[str] | None) -> Iterator[str]:
    was, now = (json.loads(texts[0]) if texts else {} for texts in (before, after))
    for name in sorted(was.keys() | now.keys()):
        yield from _leaves(f"option {name}:", was.get(name, _ABSENT), now.get(name, _ABSENT))


def _by_name(reads: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Two files may have one name."""
    table: dict[str, list[str]] = {}
    for name, value in reads or ():
        table.setdefault(name, []).append(value)
    return table


def _leaves(path: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _leaves(f"{path}.{name}", old.get(name, _ABSENT), new.get(name, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            pair = (side[index] if index < len(side) else _ABSENT for side in (old, new))
            yield from _leaves(f"{path}[{index}]", *pair)
    elif old is _ABSENT or new is _ABSENT:
        yield f"{path} {'is new' if old is _ABSENT else 'is gone'}"
    else:
        was, now = (json.dumps(value, ensure_ascii=False) for value in (old, new))
        yield f"{path} changed" + (f" from {was} to {now}" if max(len(was), len(now)) <= _SHORT else "")


_SECTIONS: dict[str, Callable[[Any, Any], Iterator[str]]] = {"tools": _tools, "code": _code, "reads": _reads}
"""How each kind of ingredient is spoken of; all others by the path of what differs."""

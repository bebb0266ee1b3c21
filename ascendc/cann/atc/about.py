"""What is known of ATC's options, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ascendc.cann.atc.extra import OWNED
from ascendc.cann.atc.grammar import spelled
from ascendc.cann.atc.outputs import OUTPUT_TYPES
from ascendc.cann.atc.table import ADVICE, GROUPS, Option, near, table
from ascendc.errors import UsageError

_WIDTH = 110
_KINDS = {"int": "a number", "bool": "true, false", "file": "a path", "text": "text", "flag": "true, false, or nothing"}
_TEXTS = {"output_type": ", ".join(OUTPUT_TYPES), "soc_version": "the exact name of a chip: `ascendc soc` lists them"}


def listing() -> str:
    """All options by group, each with its sentence."""
    width = max(map(len, table())) + 2
    lines: list[str] = []
    for group, title in GROUPS.items():
        lines += ["", f"{title}:"] if lines else [f"{title}:"]
        members = [option for option in table().values() if option.group == group]
        lines += [_folded(f"  --{option.name:<{width}}", _sentence(option)) for option in members]
    return "\n".join(lines)


def option(said: str) -> str:
    """Everything about one option.

    Args:
        said: its name, with or without dashes.

    Raises:
        UsageError: ATC has no such option (ASC2105).
    """
    name = spelled(said if said.startswith("-") else f"--{said}").removeprefix("--").partition("=")[0]
    found = table().get(name)
    if found is None:
        guess = near(name)
        meant = f" (did you mean `{guess}`?)" if guess else ""
        raise UsageError(
            "ASC2105", f"`{said}` is not an option of ATC{meant}", hint=f"ascendc atc docs {guess or ''}".strip()
        )
    return "\n".join((f"--{name}", *(_folded(f"  {title + ':':<15}", text) for title, text in _facts(found))))


def _facts(option: Option) -> Iterator[tuple[str, str]]:
    yield "meaning", option.meaning
    if option.use:
        yield "with CLIP", option.use
    yield "values", ", ".join(option.allowed) or _TEXTS.get(option.name) or _KINDS.get(option.kind, "text")
    if option.older:
        yield "older values", f"{', '.join(option.older)}; newer ATC refuses them"
    if option.default:
        yield "default", option.default
    if option.soc:
        yield "chips", option.soc
    if option.conflicts:
        yield "excludes", ", ".join(f"--{name}{_code(code)}" for name, code in option.conflicts.items())
    if option.requires:
        yield "needs", ", ".join(f"--{name}{_code(code)}" for name, code in option.requires.items())
    if option.modes:
        yield "modes", f"read in mode {' and '.join(map(str, option.modes))} only"
    if not option.onnx:
        yield "ONNX", "does nothing for an ONNX model"
    if option.errors:
        telling = next((code for code in option.errors if code != "E10001"), option.errors[0])
        yield "errors", f"{', '.join(option.errors)}  (ascendc explain {telling})"
    if option.since:
        yield "since", f"ATC's source of {option.since}; CANN 8.1 may not know it"
    if option.status != "current":
        yield "status", f"{option.status}{f'; {option.instead} took its place' if option.instead else ''}"
    yield "in a recipe", _in_recipe(option)


def _in_recipe(option: Option) -> str:
    if option.name in OWNED:
        return f"ascendc sets it from {OWNED[option.name]}"
    if option.refused:
        return f"not to be given: {option.refused}"
    if option.kind == "file":
        return "not to be given: it names a file, which would not travel along"
    return f"targets[…].atc: {{{option.name}: …}}"


def _code(code: str) -> str:
    return f" ({code})" if code.startswith("E") else " (no effect without)" if code == ADVICE else ""


def _sentence(option: Option) -> str:
    mark = "" if option.status == "current" else f" ({option.status})"
    return f"{option.meaning}{mark}"


def _folded(before: str, text: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=before, subsequent_indent=" " * len(before), break_on_hyphens=False
    )

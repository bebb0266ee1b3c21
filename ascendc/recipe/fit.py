"""Fits a recipe to its model and to what is registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ascendc.document import Document, Loc, Problem
from ascendc.errors import UsageError
from ascendc.model import Part
from ascendc.recipe.values import Recipe
from ascendc.target import PartTarget, Target

if TYPE_CHECKING:
    from ascendc.registry import Registry


def check_names(document: Document, registry: Registry) -> list[Problem]:
    """What is wrong with the plugins, passes and toolchains that a recipe names: they must be registered (ASC1301)."""
    passes, targets = document.value(("passes",)) or {}, document.value(("targets",)) or ()
    named: list[tuple[Callable[[str], object], Loc, str]] = [
        *((registry.pass_, ("passes", "add", i), name) for i, name in enumerate(passes.get("add", ()))),
        *((registry.pass_, ("passes", "drop", i), name) for i, name in enumerate(passes.get("drop", ()))),
        *((registry.pass_, ("passes", "options", name), name) for name in passes.get("options", ())),
    ]
    for loc in (("model", "plugin"), *(("targets", i, "toolchain") for i in range(len(targets)))):
        name = document.text(loc)
        if name is not None and (loc[0] == "model" or name != "auto"):
            named.append((registry.model if loc[0] == "model" else registry.toolchain, loc, name))
    problems = []
    for select, loc, name in named:
        try:
            select(name)
        except UsageError as error:
            problems.append(Problem(error.id, loc, error.message, error.hint))
    return problems


def check_parts(document: Document, known: Sequence[Part]) -> list[Problem]:
    """What is wrong with the parts that a recipe names.

    One is not the model's (ASC1307) or not built (ASC1131), or AIPP is asked of one without an image input (ASC1132).
    """
    names = [part.name for part in known]
    wanted = document.value(("model", "parts")) or ()
    problems = [
        Problem("ASC1307", ("model", "parts", i), f"unknown part `{name}`; allowed: {', '.join(names)}")
        for i, name in enumerate(wanted)
        if name not in names
    ]
    parts = known if problems else built(known, wanted)
    for i, target in enumerate(document.value(("targets",)) or ()):
        for name, section in (target.get("parts") or {}).items():
            problems += _check_part(("targets", i, "parts", name), section.get("aipp", "none"), parts)
    return problems


def built(known: Sequence[Part], wanted: Sequence[str]) -> tuple[Part, ...]:
    """Those of a model's parts that a recipe wants: all, if it names none."""
    return tuple(part for part in known if part.name in wanted or not wanted)


def fit(recipe: Recipe, parts: Sequence[Part]) -> tuple[Target, ...]:
    """The recipe's targets with every one of `parts`, and nothing else, spelled out.

    An AIPP that a target asks of all its parts holds for those that have an image input.
    """
    return tuple(replace(target, parts=tuple((p.name, _fit(target, p)) for p in parts)) for target in recipe.targets)


def _check_part(loc: Loc, aipp: str, parts: Sequence[Part]) -> list[Problem]:
    part = next((part for part in parts if part.name == loc[-1]), None)
    if part is None:
        text = f"there is no such part in this build; allowed: {', '.join(part.name for part in parts)}"
        return [Problem("ASC1131", loc, text)]
    if aipp == "none" or _has_pictures(part):
        return []
    text = f"must not be {aipp}: part `{part.name}` has no image input; allowed: none"
    return [Problem("ASC1132", (*loc, "aipp"), text)]


def _fit(target: Target, part: Part) -> PartTarget:
    wanted = target.part(part.name)
    return wanted if _has_pictures(part) else replace(wanted, aipp="none")


def _has_pictures(part: Part) -> bool:
    return any(tensor.image is not None for tensor in part.inputs)

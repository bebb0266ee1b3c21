"""Fits a recipe to its model and to what is registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ascendc.document import Loc, Problem
from ascendc.model import Part
from ascendc.recipe.values import Recipe
from ascendc.target import PartTarget, Target

if TYPE_CHECKING:
    from ascendc.registry import Registry


def fit(recipe: Recipe, parts: Sequence[Part]) -> tuple[Target, ...]:
    """The recipe's targets with every one of `parts`, and nothing else, spelled out.

    An AIPP that a target asks of all its parts holds for those that have an image input.

    Raises:
        UsageError: a target names a part that is not built (ASC1131), or asks for AIPP on a part without an
            image input (ASC1132).
    """
    problems: list[Problem] = []
    targets = tuple(
        _fit(recipe, target, ("targets", index), parts, problems) for index, target in enumerate(recipe.targets)
    )
    if problems:
        raise recipe.document.error(problems)
    return targets


def check_passes(recipe: Recipe, registry: Registry) -> None:
    """Let every pass that the recipe names be one.

    Raises:
        UsageError: one is not registered (ASC1301).
    """
    named = [
        *((f"passes.add[{index}]", name) for index, name in enumerate(recipe.passes.add)),
        *((f"passes.drop[{index}]", name) for index, name in enumerate(recipe.passes.drop)),
        *((f"passes.options.{name}", name) for name, _ in recipe.passes.options),
    ]
    for field, name in named:
        with recipe.at(field):
            registry.pass_(name)


def _fit(recipe: Recipe, target: Target, loc: Loc, parts: Sequence[Part], problems: list[Problem]) -> Target:
    names = [part.name for part in parts]
    for name, _ in target.parts:
        if name not in names:
            text = f"there is no such part in this build; allowed: {', '.join(names)}"
            problems.append(Problem("ASC1131", (*loc, "parts", name), text))
    fitted = tuple((part.name, _fit_part(recipe, target, (*loc, "parts", part.name), part, problems)) for part in parts)
    return replace(target, parts=fitted)


def _fit_part(recipe: Recipe, target: Target, loc: Loc, part: Part, problems: list[Problem]) -> PartTarget:
    wanted = target.part(part.name)
    if wanted.aipp == "none" or any(tensor.image for tensor in part.inputs):
        return wanted
    if recipe.document.value((*loc, "aipp")) is not None:
        text = f"must not be {wanted.aipp}: part `{part.name}` has no image input; allowed: none"
        problems.append(Problem("ASC1132", (*loc, "aipp"), text))
    return replace(wanted, aipp="none")

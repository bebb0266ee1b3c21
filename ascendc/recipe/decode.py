"""Loads a recipe file: YAML, overrides, checks, values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ascendc.document import Document, Problem, check, override, read
from ascendc.errors import UsageError
from ascendc.model import Json, Source, Weights
from ascendc.recipe import targets
from ascendc.recipe.draft import Draft
from ascendc.recipe.paths import absolute, exists, recipes_near
from ascendc.recipe.schema import PassesFields, RecipeFields, TargetFields
from ascendc.recipe.values import (
    BenchmarkSection,
    BundleSection,
    CheckSection,
    ExportSection,
    ForecastSection,
    ModelSection,
    PassesSection,
    Recipe,
    VerifySection,
)


def load(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a file, with ``path=value`` overrides laid over it, checked without its plugin.

    Raises:
        UsageError: something is wrong with it (ASC11xx); the message has a line for each thing that is:
            ``recipe.yaml:12: targets[0].soc: what is wrong; allowed: …``.
    """
    return decode(draft(path, overrides))


def draft(path: Path, overrides: Sequence[str] = ()) -> Draft:
    """What a file says, and what is wrong with it as far as that is known without its plugin.

    Raises:
        UsageError: it cannot be read as YAML, or a setting leads nowhere.
    """
    whole = override(_read(path), overrides)
    fields, problems = check(RecipeFields, whole)
    problems += whole.problems
    document = whole.without(problem.loc for problem in problems)
    folder = path.parent
    decoded = targets.decode(_targets(fields, document, problems), document, folder)
    problems += decoded.problems
    source = _source(document, folder, problems)
    samples = _samples(document, folder, problems)
    return Draft(path, document, fields, problems, tuple(decoded.targets.values()), decoded.notes, source, samples)


def decode(draft: Draft) -> Recipe:
    """What a draft without problems says.

    Raises:
        UsageError: it has some.
    """
    fields = draft.fields
    if fields is None or draft.source is None or draft.problems:
        raise draft.error()
    model, verify = fields.model, fields.verify
    return Recipe(
        path=draft.path,
        model=ModelSection(
            plugin=model.plugin,
            source=draft.source,
            weights=Weights(model.weights, model.seed, model.allow_pickle),
            parts=tuple(model.parts),
            options=model.options,
        ),
        export=ExportSection(fields.export.exporter, fields.export.opset, fields.export.attention),
        targets=draft.targets,
        passes=_passes(fields.passes),
        verify=VerifySection(verify.samples, verify.seed, draft.samples, verify.threshold),
        check=CheckSection(fields.check.findings),
        forecast=ForecastSection(fields.forecast.damage),
        bundle=BundleSection(fields.bundle.name or _file_name(draft.path)),
        benchmark=BenchmarkSection(fields.benchmark.warmup, fields.benchmark.runs, fields.benchmark.after_build),
        notes=draft.notes,
        document=draft.document,
    )


def _read(path: Path) -> Document:
    try:
        return read(path)
    except UsageError as error:
        if path.is_file():
            raise
        raise UsageError(error.id, error.message, hint=recipes_near(path)) from error


def _targets(fields: RecipeFields | None, document: Document, problems: list[Problem]) -> dict[int, TargetFields]:
    """The targets that the schema does not refuse, by index."""
    if fields is not None:
        return dict(enumerate(fields.targets))
    refused = {problem.loc[:2] for problem in problems}
    count = len(document.value(("targets",)) or ())
    read = {i: check(TargetFields, document, ("targets", i))[0] for i in range(count) if ("targets", i) not in refused}
    return {i: target for i, target in read.items() if target is not None}


def _source(document: Document, folder: Path, problems: list[Problem]) -> Source | None:
    """A file or folder by its absolute path; anything else is left for the plugin to know."""
    said, revision = document.text(("model", "source")), document.text(("model", "revision"))
    if said is None:
        return None
    path = absolute(said, folder)
    if exists(path):
        return Source(str(path), revision)
    if said.startswith((".", "/", "~")) or said.count("/") > 1 or path.suffix == ".onnx":
        text = "there is no such file or folder; allowed: a path relative to the recipe, a hub id, a name"
        problems.append(Problem("ASC1111", ("model", "source"), f"`{said}`: {text}"))
        return None
    return Source(said, revision)


def _samples(document: Document, folder: Path, problems: list[Problem]) -> Path | None:
    said = document.text(("verify", "folder"))
    if said is None:
        return None
    path = absolute(said, folder)
    if not path.is_dir():
        text = f"`{said}`: there is no such folder; allowed: a folder, relative to the recipe"
        problems.append(Problem("ASC1112", ("verify", "folder"), text))
    return path


def _passes(passes: PassesFields) -> PassesSection:
    options = {
        name: tuple((key, _hashable(value)) for key, value in given.items()) for name, given in passes.options.items()
    }
    return PassesSection(tuple(passes.add), tuple(passes.drop), tuple(options.items()))


def _hashable(value: Any) -> Json:
    """Lists as tuples, so that the specs that hold them can be compared and hashed."""
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


def _file_name(path: Path) -> str:
    """The recipe's file name, with what a bundle's name cannot hold replaced."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:64] or "bundle"

"""Loads a recipe file: YAML, overrides, checks, values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ascendc.document import Problem, check, override, read
from ascendc.model import Json, Source, Weights
from ascendc.recipe import targets
from ascendc.recipe.schema import ModelFields, PassesFields, RecipeFields, VerifyFields
from ascendc.recipe.values import (
    BenchmarkSection,
    BundleSection,
    ExportSection,
    ModelSection,
    PassesSection,
    Recipe,
    VerifySection,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")


def load(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a file, with ``path=value`` overrides laid over it.

    Raises:
        UsageError: something is wrong with it (ASC11xx); the message has a line for each thing that is:
            ``recipe.yaml:12: targets[0].soc: what is wrong; allowed: …``.
    """
    document = override(read(path), overrides)
    fields, problems = check(RecipeFields, document)
    problems += document.problems
    if fields is None or problems:
        raise document.error(problems)
    folder = path.parent
    decoded = targets.decode(fields, document, folder)
    problems += decoded.problems
    source = _source(fields.model, folder, problems)
    samples = _samples(fields.verify, folder, problems)
    if problems:
        raise document.error(problems)
    model = fields.model
    return Recipe(
        path=path,
        model=ModelSection(
            plugin=model.plugin,
            source=source,
            weights=Weights(model.weights, model.seed, model.allow_pickle),
            parts=tuple(model.parts),
            options=model.options,
        ),
        export=ExportSection(fields.export.exporter, fields.export.opset, fields.export.attention),
        targets=decoded.targets,
        passes=_passes(fields.passes),
        verify=VerifySection(fields.verify.samples, fields.verify.seed, samples, fields.verify.threshold),
        bundle=BundleSection(fields.bundle.name or _file_name(path)),
        benchmark=BenchmarkSection(fields.benchmark.warmup, fields.benchmark.runs),
        notes=decoded.notes,
        document=document,
    )


def plugin_options(recipe: Recipe, options: type[M]) -> M:
    """``model.options`` as the plugin's own `options`; errors name file, line and field as all others do.

    Options that are `Path` become absolute: in a recipe, paths are relative to its folder.

    Raises:
        UsageError: they are not what the plugin takes (ASC11xx).
    """
    value, problems = check(options, recipe.document, ("model", "options"))
    if value is None:
        raise recipe.document.error(problems)
    paths = {name: path for name in options.model_fields if isinstance(path := getattr(value, name), Path)}
    return value.model_copy(update={name: _absolute(path, recipe.path.parent) for name, path in paths.items()})


def _absolute(path: str | Path, folder: Path) -> Path:
    return (folder / Path(path).expanduser()).absolute()


def _source(model: ModelFields, folder: Path, problems: list[Problem]) -> Source:
    """A file or folder by its absolute path; anything else is left for the plugin to know."""
    path = _absolute(model.source, folder)
    if path.exists():
        return Source(str(path), model.revision)
    if model.source.startswith((".", "/", "~")) or model.source.count("/") > 1 or path.suffix == ".onnx":
        text = "there is no such file or folder; allowed: a path relative to the recipe, a hub id, a name"
        problems.append(Problem("ASC1111", ("model", "source"), f"`{model.source}`: {text}"))
    return Source(model.source, model.revision)


def _samples(verify: VerifyFields, folder: Path, problems: list[Problem]) -> Path | None:
    if verify.folder is None:
        return None
    path = _absolute(verify.folder, folder)
    if not path.is_dir():
        text = f"`{verify.folder}`: there is no such folder; allowed: a folder, relative to the recipe"
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

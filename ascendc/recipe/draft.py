"""A recipe while it is checked: what is right of it is checked further, so that all mistakes are told at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ascendc.document import Document, Problem, check
from ascendc.errors import AscendcError, UsageError
from ascendc.model import Source
from ascendc.recipe.paths import absolute, exists, path_options
from ascendc.recipe.schema import RecipeFields
from ascendc.target import Target

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")


@dataclass
class Draft:
    """A recipe that is being checked."""

    path: Path
    document: Document
    """Without the values that the schema refuses."""
    fields: RecipeFields | None
    """None: the schema refuses something."""
    problems: list[Problem]
    """What is wrong, so far."""
    targets: tuple[Target, ...]
    notes: tuple[str, ...]
    source: Source | None
    """None: it is not written, or wrong."""
    samples: Path | None

    def error(self) -> UsageError:
        """All problems as one error."""
        return self.document.error(self.problems)

    def wrong(self, *loc: str) -> bool:
        """Whether something is wrong in the section at `loc`."""
        return any(problem.loc[: len(loc)] == loc for problem in self.problems)

    @contextmanager
    def at(self, *loc: str) -> Iterator[None]:
        """Let an error from inside the block name its field, and come with all other problems."""
        try:
            yield
        except UsageError as error:
            self.problems.append(Problem(error.id, loc, error.message, error.hint))
            raise self.error() from error
        except AscendcError as error:
            if self.problems:  # those first: they may be why
                raise self.error() from error
            raise


def plugin_options(draft: Draft, options: type[M]) -> M | None:
    """``model.options`` as the plugin's own `options`; None, and problems, if they are not what it takes.

    Options that are `Path` become absolute: in a recipe, paths are relative to its folder. They must exist.
    """
    place, folder = ("model", "options"), draft.path.parent
    value, problems = check(options, draft.document, place)
    for name in path_options(options):
        said = draft.document.text((*place, name))
        if said is not None and not exists(path := absolute(said, folder)):
            text = f"`{path}` does not exist; allowed: a file or folder, relative to the recipe"
            problems.append(Problem("ASC1119", (*place, name), text))
    draft.problems += problems
    if value is None or problems:
        return None
    paths = {name: path for name in options.model_fields if isinstance(path := getattr(value, name), Path)}
    return value.model_copy(update={name: absolute(path, folder) for name, path in paths.items()})

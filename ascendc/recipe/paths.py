"""Paths that a recipe names."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel

_FEW = 4
"""Recipes that a hint names."""


def absolute(path: str | Path, folder: Path) -> Path:
    """A path that a recipe in `folder` names, from the root."""
    return tidy(named(path, folder).absolute())


def named(path: str | Path, folder: Path) -> Path:
    """A path that a recipe in `folder` names; a ``~somebody`` that nobody is stays as it is."""
    return tidy(folder / os.path.expanduser(path))  # noqa: PTH111 - Path's raises where there is no such home


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; a name too long for one is none."""
    return os.path.exists(path)  # noqa: PTH110 - Path's raises for such names before Python 3.12


def tidy(path: Path) -> Path:
    """`path` without ``x/..``, where that is the same place: `x` may be a link."""
    short = Path(os.path.normpath(path))
    return short if os.path.realpath(short) == os.path.realpath(path) else path


def path_options(options: type[BaseModel]) -> tuple[str, ...]:
    """Those of a plugin's options that are paths, by their annotations."""
    return tuple(name for name, field in options.model_fields.items() if _holds_path(field.annotation))


def recipes_near(path: Path) -> str | None:
    """A hint for somebody who named no recipe: one with a name like it, or those in the folder or beside the file."""
    folder = path if path.is_dir() else path.parent
    found = sorted({*folder.glob("*.yaml"), *(folder / "recipes").glob("*.yaml")})
    stems = [file.stem for file in found]
    likely = [found[stems.index(stem)] for stem in difflib.get_close_matches(path.stem, stems)]
    names = [f"`{tidy(file)}`" for file in likely or found]
    more = f" … ({len(names)} in all)" if len(names) > _FEW else ""
    return f"did you mean {', '.join(names[:_FEW])}{more}?" if names else None


def _holds_path(annotation: Any) -> bool:
    return annotation is Path or any(_holds_path(part) for part in get_args(annotation))

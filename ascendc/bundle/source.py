"""The files that a bundle copies from installed packages: what runs on the board, and the licences."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from ascendc.errors import StageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENGINES = {"acl", "onnxruntime"}
"""Modules of engines: the runtime looks for these itself."""

_LICENCES = ("LICENSE*", "LICENCE*", "NOTICE*", "COPYING*")


def python_files(package: str) -> tuple[tuple[str, Path], ...]:
    """Every Python file of a package, sorted, by its path inside it. The package itself is not imported.

    Raises:
        StageError: there is no such package (ASC1820).
    """
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise StageError(
            "ASC1820",
            f"`{package}` is not a package; a plugin's DEVICE must name the package that is copied to the board",
        )
    root = Path(next(iter(spec.submodule_search_locations)))
    return tuple((path.relative_to(root).as_posix(), path) for path in sorted(root.rglob("*.py")))


def third_party(paths: Iterable[Path]) -> tuple[str, ...]:
    """The modules that Python files import beside the standard library, the engines and a bundle's own."""
    found: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.partition(".")[0])
    return tuple(sorted(found - sys.stdlib_module_names - ENGINES - {"ascendc_runtime", "ascendc_device"}))


def licences(distribution_name: str) -> tuple[tuple[str, Path], ...]:
    """Licence files of an installed distribution, by name; none if it has none.

    Where the distribution is a source tree they are read from its root: the installed copy is as old as the install.
    """
    try:
        found = distribution(distribution_name)
    except PackageNotFoundError:
        return ()
    root = _source_tree(found)
    if root is not None:
        paths = {path.name: path for pattern in _LICENCES for path in root.glob(pattern) if path.is_file()}
    else:
        paths = dict(_recorded(found))
    return tuple(sorted(paths.items()))


def _source_tree(found: Distribution) -> Path | None:
    """The root of an editable install, or of a checkout that Python runs in."""
    url = json.loads(found.read_text("direct_url.json") or "{}")
    if url.get("dir_info", {}).get("editable"):
        return Path(unquote(urlparse(url["url"]).path))
    root = Path(str(found.locate_file("")))
    return root if (root / "pyproject.toml").is_file() else None


def _recorded(found: Distribution) -> Iterator[tuple[str, Path]]:
    """Licence files of a wheel: in its ``.dist-info``, newer ones in a folder ``licenses`` of it."""
    for file in found.files or []:
        info, *rest = file.parts
        if info.endswith(".dist-info") and any(file.match(pattern) for pattern in _LICENCES):
            name = "/".join(rest[1:] if rest[0] == "licenses" else rest)
            yield name, Path(str(file.locate()))

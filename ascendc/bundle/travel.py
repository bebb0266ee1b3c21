"""Whether a device half can travel: what the board's Python would refuse, and what it would not find there."""

from __future__ import annotations

import ast
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ascendc.bundle.source import python_files
from ascendc.errors import StageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.device import DeviceHalf

BOARD = (3, 7)
"""The oldest Python that a bundle promises to run on."""

_CARRY = "let assets() write what it needs, and read that from the assets folder"

_NEWER = {
    "NamedExpr": "an assignment expression needs Python 3.8",
    "Match": "`match` needs Python 3.10",
    "TryStar": "`except*` needs Python 3.11",
}
"""Nodes by what is said of them."""


def check(half: DeviceHalf, distribution_name: str) -> None:
    """Refuse what would fail on the board only.

    Args:
        half: the device half; it is a package that can be imported here.
        distribution_name: the plugin's, whose other packages stay at home.

    Raises:
        StageError: a file is newer than the board's Python (ASC1823), or imports what stays on the host (ASC1824).
    """
    own = {half.package.partition(".")[0], *_top_levels(distribution_name)} - {"ascendc_runtime"}
    for name, path in python_files(half.package):
        tree = _parse(half, path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom) and (complaint := _import(node, name, half, own)):
                raise StageError(
                    "ASC1824",
                    f"{half.title}: {path}:{node.lineno}: `{ast.unparse(node)}` {complaint[0]}",
                    hint=complaint[1],
                )


def _parse(half: DeviceHalf, path: Path) -> ast.Module:
    source = path.read_bytes()
    try:
        tree = ast.parse(source)
        for line, what in sorted(_too_new(tree)):
            raise _newer(half, path, line, what)
        ast.parse(source, feature_version=BOARD)  # knows more, but counts lines and words differently in each Python
    except SyntaxError as error:
        raise _newer(half, path, error.lineno or 1, error.msg) from error
    return tree


def _newer(half: DeviceHalf, path: Path, line: int, what: str) -> StageError:
    return StageError(
        "ASC1823",
        f"{half.title}: {path}:{line}: {what}; what travels to the board must be Python {BOARD[0]}.{BOARD[1]}",
    )


def _too_new(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines that `BOARD` cannot parse or evaluate, and why."""
    heads = (ast.unparse(node) for node in tree.body if isinstance(node, ast.ImportFrom))
    evaluated = not any(head.startswith("from __future__ ") and "annotations" in head for head in heads)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.stmt) and type(node).__name__ in _NEWER:
            yield node.lineno, _NEWER[type(node).__name__]
        if isinstance(node, ast.arguments) and node.posonlyargs:
            yield node.posonlyargs[0].lineno, "a positional-only parameter needs Python 3.8"
        if evaluated and (newer := _newer_type(node)):
            yield newer


def _newer_type(node: ast.AST) -> tuple[int, str] | None:
    """The line of an annotation that would be evaluated, and fail."""
    for field in ("annotation", "returns"):
        root = getattr(node, field, None)
        for inner in ast.walk(root) if root is not None else ():
            if isinstance(inner, ast.Subscript) and getattr(inner.value, "id", "") in ("dict", "list", "set", "tuple"):
                return inner.lineno, f"`{ast.unparse(inner)}` needs Python 3.9, or `from __future__ import annotations`"
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.BitOr):
                return (
                    inner.lineno,
                    f"`{ast.unparse(inner)}` needs Python 3.10, or `from __future__ import annotations`",
                )
    return None


def _import(node: ast.Import | ast.ImportFrom, name: str, half: DeviceHalf, own: set[str]) -> tuple[str, str] | None:
    """What is wrong with an import, and what to write instead.

    Args:
        node: the import.
        name: of the file that holds it, inside the device half.
        half: the device half.
        own: top-level packages of the plugin.
    """
    depth = len(PurePosixPath(name).parts)
    if isinstance(node, ast.ImportFrom) and node.level > depth:
        return "leads out of the package, which travels alone", _CARRY
    for module in _absolute(node):
        if f"{module}.".startswith(f"{half.package}."):
            inside = module[len(half.package) + 1 :]
            return (
                "names the package as the host does; on the board it is `ascendc_device`",
                f"from {'.' * depth}{inside} import …",
            )
        if module.partition(".")[0] == "ascendc":
            return "is not on the board; `ascendc_runtime` is", "from ascendc_runtime import …"
        if module.partition(".")[0] in own:
            return "is not on the board: the plugin's host half stays on the host", _CARRY
    return None


def _absolute(node: ast.Import | ast.ImportFrom) -> tuple[str, ...]:
    if isinstance(node, ast.Import):
        return tuple(alias.name for alias in node.names)
    return (node.module,) if node.level == 0 and node.module else ()


def _top_levels(distribution_name: str) -> set[str]:
    """The top-level packages and modules of an installed distribution; none if it is not installed."""
    try:
        found = distribution(distribution_name)
    except PackageNotFoundError:
        return set()
    recorded = {Path(file.parts[0]).stem for file in found.files or () if file.suffix == ".py"}
    return recorded | set((found.read_text("top_level.txt") or "").split())

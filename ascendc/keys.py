"""Cache keys: a step is run again only if something it depends on differs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from inspect import getmodulename
from pathlib import Path
from typing import Any

TOOLS = (
    "numpy",
    "onnx",
    "onnx_ir",
    "onnxruntime",
    "onnxscript",
    "pillow",
    "safetensors",
    "tokenizers",
    "torch",
    "transformers",
)
"""Distributions whose version enters every key."""


def canonical(value: Any) -> Any:
    """`value` as plain JSON: dataclasses by their fields, tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: canonical(getattr(value, f.name)) for f in dataclasses.fields(value) if f.compare}
    if isinstance(value, tuple | list):
        return [canonical(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} cannot enter a cache key")


def digest(value: Any) -> str:
    """sha256 of the canonical JSON of `value`; dictionaries are taken as they are."""
    plain = value if isinstance(value, dict) else canonical(value)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@cache
def tools() -> tuple[tuple[str, str], ...]:
    """Python and the distributions of `TOOLS` with their versions; read from metadata, nothing is imported."""
    found = [("python", platform.python_version())]
    for name in TOOLS:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "absent"))
    return tuple(found)


@cache
def code(package: str) -> str:
    """One digest over every file of an installed top-level package, or of a single module.

    Coarse on purpose: a digest over one stage's own source would miss its helpers, its templates, its tables.
    """
    spec = find_spec(package)
    if spec is None:
        return "absent"
    roots = [Path(root) for root in spec.submodule_search_locations or ()]
    files = [(path, path.relative_to(root)) for root in roots for path in sorted(root.rglob("*")) if _counts(path)]
    if not roots and spec.origin:
        files = [(Path(spec.origin), Path(Path(spec.origin).name))]
    digest = hashlib.sha256()
    for path, name in files:
        content = path.read_bytes()
        digest.update(f"{name.as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def code_of(distribution: str, *modules: str) -> tuple[tuple[str, str], ...]:
    """Name and `code` of every top-level package of a distribution, and of those that `modules` live in.

    All of the distribution: a plugin's helpers may lie in any of its packages.
    """
    names = {*packages(distribution), *(module.partition(".")[0] for module in modules)}
    return tuple((name, code(name)) for name in sorted(names))


@cache
def packages(distribution: str) -> tuple[str, ...]:
    """The top-level packages and modules of an installed distribution, as far as its metadata tells.

    Installed from a wheel or by setuptools it names them all; another backend's editable install names folders on
    the path, and whatever can be imported from those is taken. Nothing is imported.
    """
    try:
        found = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return ()
    names = {*(found.read_text("top_level.txt") or "").split()}
    names |= {point.value.partition(":")[0].partition(".")[0] for point in found.entry_points}
    installed = found.read_text("RECORD") is not None  # an egg-info in a checkout lists the sources, tests and all
    for file in (found.files or ()) if installed else ():
        if file.suffix == ".pth":
            names |= {name for folder in _folders(Path(str(file.locate()))) for name in _importable(folder)}
        elif len(file.parts) > 1:
            names.add(file.parts[0])
        else:
            names.add(getmodulename(file.name) or "")
    return tuple(sorted(name for name in names if name.isidentifier() and not name.startswith("__")))


def _folders(pth: Path) -> list[Path]:
    """The folders that a ``.pth`` file adds to the path; its other lines are code."""
    lines = pth.read_text(encoding="utf-8").splitlines() if pth.is_file() else []
    return [folder for line in lines if line and (folder := Path(line)).is_dir()]


def _importable(folder: Path) -> list[str]:
    inside = list(folder.iterdir())
    return [getmodulename(p.name) or "" for p in inside] + [p.name for p in inside if (p / "__init__.py").is_file()]


def _counts(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts

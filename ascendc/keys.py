"""Cache keys: a step is run again only if something it depends on differs."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
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
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "absent"))
    return tuple(found)


@cache
def code(package: str) -> str:
    """One digest over every Python file and template of an installed top-level package.

    Coarse on purpose: a digest over one stage's own source would miss its helpers.
    """
    module = importlib.import_module(package)
    file = Path(module.__file__ or "")
    root = file.parent if file.name == "__init__.py" else None
    paths = sorted(p for p in root.rglob("*") if p.suffix in {".py", ".j2", ".json"}) if root else [file]
    digest = hashlib.sha256()
    for path in paths:
        name = str(path.relative_to(root)) if root else path.name
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()

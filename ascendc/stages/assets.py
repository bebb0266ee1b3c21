"""assets: the files that the device half needs beside the graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.model import Weights
from ascendc.store import Blob

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.model import Model
    from ascendc.store import Store, Workspace


@dataclass(frozen=True)
class AssetsSpec:
    """What assets depend on, beside the model's files."""

    weights: Weights


@dataclass(frozen=True)
class NamedFile:
    """A file by its name inside the assets folder."""

    name: str
    blob: Blob


@dataclass(frozen=True)
class Assets:
    """Every file of the assets folder."""

    files: tuple[NamedFile, ...]


def assets(spec: AssetsSpec, model: Model, workspace: Workspace) -> Assets:
    """Let the plugin write its assets and keep them."""
    folder = workspace.folder / "assets"
    folder.mkdir()
    model.assets(folder, spec.weights)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return Assets(tuple(NamedFile(name, workspace.put(folder / name)) for name in names))


def lay_out_assets(assets: Assets, store: Store, folder: Path) -> Path:
    """Link the files into `folder`, as the bundle will hold them."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in assets.files:
        store.link(file.blob, folder / file.name)
    return folder

"""The files of a bundle, and how they become a folder: all at once, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.runtime import manifest as values
from ascendc.store import Blob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.store import Store

LINKED_FROM = 1 << 20
"""Bytes from which a file is a hard link into the store. Smaller ones are copies: people edit those in place,
and an edit through a link would reach the store."""

COPIED = ".onnx.data"
"""End of the names of external data, which is copied whatever its size: onnx refuses files with several links."""


@dataclass(frozen=True)
class TreeFile:
    """A file of the bundle."""

    path: str
    """Relative, with ``/``."""
    blob: Blob
    executable: bool = False


@dataclass(frozen=True)
class Tree:
    """A bundle, before it is a folder."""

    files: tuple[TreeFile, ...]


@dataclass(frozen=True)
class Placed:
    """What `materialise` did."""

    changed: bool
    """False: the folder was already as it should be, and was not touched."""
    kept: Path | None = None
    """Where files went that no build had made (an OM that ``compile.sh`` wrote); None: there were none."""


def materialise(tree: Tree, store: Store, folder: Path) -> Placed:
    """Make `folder` hold exactly the bundle.

    The new folder is made complete beside the old one and takes its place by rename; whatever interrupts
    this, the old one is there afterwards. Files in a folder that need no change stay, whoever made them.

    Raises:
        UsageError: `folder` is a file (ASC1803), or holds something else than a bundle (ASC1804).
        EnvironmentLacksError: it cannot be written (ASC1805).
    """
    folder = Path(os.path.realpath(folder))  # a link to the folder stays a link
    refuse_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with store.lock(f"bundle-{_digest(folder)}"):
            return _materialise(tree, store, folder)
    except OSError as error:
        raise EnvironmentLacksError(
            "ASC1805",
            f"the bundle cannot be written at {folder}: {error.strerror or error}",
            hint="free some space or choose another place with -o",
        ) from error


def refuse_place(folder: Path) -> None:
    """See that `folder` may be written and replaced: asked before anything is built, and again when it is.

    Raises:
        UsageError: a file is there, or where a folder above it must be (ASC1803); or it holds something else than a
            bundle (ASC1804).
    """
    refuse_file(folder)
    if folder.exists() and any(folder.iterdir()) and not _is_bundle(folder):
        raise UsageError(
            "ASC1804",
            f"`{folder}` holds something else than a bundle (its {values.FILE} is missing or not ours); "
            "it is not replaced",
            hint="choose another place with -o, or empty the folder",
        )


def refuse_file(folder: Path) -> None:
    """See that no file is where `folder` is to be (ASC1803)."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    if not there.is_dir() and there.exists():
        raise UsageError("ASC1803", f"`{there}` is a file; a bundle is a folder", hint="choose another place with -o")


def walk(folder: Path) -> Iterator[str]:
    """Every file of a bundle's folder by its relative path; Python's caches are not part of it."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        here = Path(root).relative_to(folder)
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        yield from ((here / name).as_posix() for name in (*files, *links))


def _materialise(tree: Tree, store: Store, folder: Path) -> Placed:
    fresh, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    if old.exists() and not folder.exists():
        old.rename(folder)  # a build was killed between its two renames
    if old.exists():
        _keep_strangers(old, folder)  # … or before it had cleared up
        shutil.rmtree(old)
    if fresh.exists():
        shutil.rmtree(fresh)
    if folder.exists() and all(_is(file, store, folder / file.path) for file in tree.files):
        return Placed(changed=False)
    try:
        _write(tree, store, fresh)
        kept = _swap(fresh, folder, old)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)
    return Placed(True, kept)


def _write(tree: Tree, store: Store, folder: Path) -> None:
    for file in tree.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.blob.size >= LINKED_FROM and not file.executable and not file.path.endswith(COPIED):
            store.link(file.blob, target)
        else:
            shutil.copyfile(store.path(file.blob), target)
            target.chmod(0o755 if file.executable else 0o644)


def _swap(fresh: Path, folder: Path, old: Path) -> Path | None:
    if not folder.exists():
        fresh.rename(folder)
        return None
    folder.rename(old)
    try:
        fresh.rename(folder)
    except BaseException:  # an interrupt too: the old bundle must be there afterwards
        old.rename(folder)
        raise
    kept = _keep_strangers(old, folder)
    shutil.rmtree(old)
    return kept


def _keep_strangers(old: Path, folder: Path) -> Path | None:
    """Move what no build made out of the old bundle: an OM took somebody hours, and belongs to the old models."""
    try:
        known = set(json.loads((old / values.FILE).read_text())["files"]) | {values.FILE}
    except (OSError, ValueError, LookupError, TypeError):
        known = {values.FILE}
    strangers = [path for path in walk(old) if path not in known]
    if not strangers:
        return None
    kept = folder.with_name(f"{folder.name}.kept")
    for path in strangers:
        target = kept / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (old / path).replace(target)
    return kept


def _is(file: TreeFile, store: Store, path: Path) -> bool:
    """Whether `path` is already that file: hashed only if its size, mtime or inode is news to the store."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISREG(found.st_mode)
        and found.st_size == file.blob.size
        and bool(found.st_mode & stat.S_IXUSR) == file.executable
        and store.digest(path) == file.blob.digest
    )


def _is_bundle(folder: Path) -> bool:
    """Any version of ours: an older bundle may be replaced."""
    try:
        schema = json.loads((folder / values.FILE).read_text())["schema"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return isinstance(schema, str) and schema.startswith("ascendc/bundle/")


def _digest(folder: Path) -> str:
    import hashlib

    return hashlib.sha256(str(folder).encode()).hexdigest()

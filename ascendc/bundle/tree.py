"""The files of a bundle, and how they become a folder: all at once, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.bundle.swap import Swap
from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.runtime import manifest as values
from ascendc.store import Blob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.store import Store

LINKED_FROM = 1 << 20
"""Bytes from which a file is a hard link into the store. Smaller ones are copies: people edit those in place,
and an edit through a link would reach the store."""


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
    with writing(folder, store):
        return _materialise(tree, store, folder)


@contextmanager
def writing(folder: Path, store: Store) -> Iterator[None]:
    """Work on `folder` alone, among the builds of one store.

    Raises:
        EnvironmentLacksError: it cannot be written (ASC1805).
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with store.lock(f"bundle-{_digest(folder)}"):
            yield
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


def _materialise(tree: Tree, store: Store, folder: Path) -> Placed:
    swap = Swap(folder, _made)
    kept = swap.recover()
    if folder.exists() and all(_is(file, store, folder / file.path) for file in tree.files):
        return Placed(changed=False, kept=kept)
    try:
        _write(tree, store, swap.fresh)
        kept = swap.take() or kept
    finally:
        if swap.fresh.exists():
            shutil.rmtree(swap.fresh)
    return Placed(True, kept)


def _write(tree: Tree, store: Store, folder: Path) -> None:
    for file in tree.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.blob.size >= LINKED_FROM and not file.executable:
            store.link(file.blob, target)
        else:
            shutil.copyfile(store.path(file.blob), target)
            target.chmod(0o755 if file.executable else 0o644)
    if (manifest := folder / values.FILE).exists():  # a power cut must not leave a folder that looks like a stranger's
        with manifest.open("rb") as opened:
            os.fsync(opened.fileno())


def _made(folder: Path) -> frozenset[str]:
    """What a build had made of a bundle."""
    try:
        return frozenset((*json.loads((folder / values.FILE).read_text())["files"], values.FILE))
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset((values.FILE,))


def _is(file: TreeFile, store: Store, path: Path) -> bool:
    """Whether `path` is already that file: hashed only if the store does not know it by its stat."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISREG(found.st_mode)
        and found.st_size == file.blob.size
        and bool(found.st_mode & stat.S_IXUSR) == file.executable
        and store.is_copy(path, file.blob)
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

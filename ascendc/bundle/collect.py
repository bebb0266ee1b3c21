"""Gathering the files of a bundle, each path once and each path safe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ascendc.bundle.tree import Tree, TreeFile
from ascendc.errors import StageError
from ascendc.runtime.decode import KINDS
from ascendc.runtime.manifest import FileInfo

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.store import Blob, Workspace


class Collector:
    """The files so far. Adding one raises StageError if its path is unsafe (ASC1821) or taken (ASC1822)."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._files: dict[str, TreeFile] = {}

    def add(self, path: str, blob: Blob, *, executable: bool = False) -> str:
        """Add a file of the store; returns its path."""
        if not re.fullmatch(KINDS["path"].pattern, path):
            raise StageError("ASC1821", f"`{path}` cannot be in a bundle: a path must be {KINDS['path'].words}")
        if path in self._files:
            raise StageError("ASC1822", f"two files of the bundle want the path `{path}`")
        self._files[path] = TreeFile(path, blob, executable)
        return path

    def text(self, path: str, text: str, *, executable: bool = False) -> str:
        """Add a text."""
        return self.add(path, self._workspace.put_text(text), executable=executable)

    def content(self, path: str, content: bytes) -> str:
        """Add a small piece of content."""
        return self.add(path, self._workspace.store.put_bytes(content))

    def copy(self, path: str, source: Path) -> str:
        """Add a small file from elsewhere."""
        return self.content(path, source.read_bytes())

    def paths(self) -> dict[Blob, str]:
        """Where each file of the store is so far."""
        return {file.blob: path for path, file in self._files.items()}

    def infos(self) -> dict[str, FileInfo]:
        """What the manifest says of every file."""
        return {
            path: FileInfo(file.blob.digest, file.blob.size, file.executable)
            for path, file in sorted(self._files.items())
        }

    def tree(self) -> Tree:
        """The bundle."""
        return Tree(tuple(file for _, file in sorted(self._files.items())))

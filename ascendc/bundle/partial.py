"""What a build leaves that stops before packaging: graphs, and OMs if it came to that, in a folder of their own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.bundle.swap import Swap
from ascendc.bundle.tree import refuse_file, writing
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ascendc.store import Store

MARK = "until.json"
"""Names the stage, and each file with its sha256: by this a folder is known to be ours."""


def refuse_partial_place(folder: Path) -> None:
    """See that `folder` may be replaced: asked before anything is built, and again when it is.

    Raises:
        UsageError: a file is there (ASC1803), or a folder of somebody else's (ASC1818).
    """
    refuse_file(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UsageError(
            "ASC1818",
            f"`{folder}` holds something else than the graphs of a build that stopped early; it is not replaced",
            hint="choose another place with -o",
        )


def place(made: Path, stage: str, folder: Path, store: Store) -> bool:
    """Let the files of `made` become `folder`, all at once; whether anything changed.

    Files there that no build had made are moved to ``<folder>.kept``.

    Raises:
        UsageError: as `refuse_partial_place`.
        EnvironmentLacksError: it cannot be written (ASC1805).
    """
    folder = Path(os.path.realpath(folder))
    refuse_partial_place(folder)
    mark = {"stage": stage, "files": {path.name: _sha256(path) for path in sorted(made.iterdir())}}
    with writing(folder, store):
        swap = Swap(folder, _made)
        swap.recover()
        if _is(folder, mark):
            return False
        swap.fresh.mkdir()
        for path in made.iterdir():
            shutil.move(path, swap.fresh / path.name)
        (swap.fresh / MARK).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")
        swap.take()
    return True


def _made(folder: Path) -> frozenset[str]:
    """What a build had made of such a folder."""
    try:
        return frozenset((*json.loads((folder / MARK).read_text(encoding="utf-8"))["files"], MARK))
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset((MARK,))


def _is(folder: Path, mark: Mapping[str, object]) -> bool:
    try:
        known = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    files: dict[str, str] = known.get("files", {}) if known == mark else {}
    return bool(files) and all(
        (folder / name).is_file() and _sha256(folder / name) == digest for name, digest in files.items()
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()

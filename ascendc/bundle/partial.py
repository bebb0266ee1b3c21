"""What a build leaves that stops before packaging: graphs, and OMs if it came to that, in a folder of their own."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

from ascendc.bundle.tree import refuse_file
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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


def place(made: Path, stage: str, folder: Path) -> bool:
    """Let the files of `made` become `folder`, all at once; whether anything changed.

    Raises:
        UsageError: as `refuse_partial_place`.
    """
    refuse_partial_place(folder)
    mark = {"stage": stage, "files": {path.name: _sha256(path) for path in sorted(made.iterdir())}}
    if _is(folder, mark):
        return False
    target = folder.absolute()
    fresh, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    for left in (fresh, old):
        if left.exists():
            shutil.rmtree(left)
    fresh.mkdir(parents=True)
    for path in made.iterdir():
        shutil.move(path, fresh / path.name)
    (fresh / MARK).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    if old.exists():
        shutil.rmtree(old)
    return True


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

"""Archives of bundles: byte-reproducible when packed, treated with suspicion when unpacked."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ascendc.bundle import manifest as manifests
from ascendc.bundle.tree import walk
from ascendc.errors import EnvironmentLacksError, GateError, UsageError
from ascendc.runtime.manifest import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.runtime.manifest import Manifest

LEVEL = 6
"""gzip's; fixed, because the bytes depend on it."""

MOST_FILES = 10_000
MOST_BYTES = 64 << 30
"""Bounds of what is unpacked."""


@dataclass(frozen=True)
class Packed:
    """An archive."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    files: int


def verify(folder: Path) -> Manifest:
    """Check every file of the bundle in `folder` against its manifest, by full hash.

    Raises:
        UsageError: there is no bundle (ASC1801).
        GateError: the manifest is none (ASC1802), a file is missing (ASC1806), is no plain file (ASC1807),
            differs (ASC1808), or is in no list (ASC1809).
    """
    manifest = manifests.read(folder)
    for path in _found(folder, manifest):
        info = manifest.files.get(path)
        if info is None:
            continue
        if (folder / path).stat().st_size != info.size or _sha256(folder / path) != info.sha256:
            raise GateError(
                "ASC1808",
                f"`{folder / path}` differs from what {FILE} says of it",
                hint="ascendc build RECIPE",
            )
    return manifest


def pack(folder: Path, output: Path) -> Packed:
    """Write the bundle in `folder` as a gzipped tar at `output`; equal bundles give equal bytes.

    OMs that ``compile.sh`` put in their places go in as they are.

    Raises:
        UsageError: `output` lies inside the bundle (ASC1810), or as `verify`.
        GateError: as `verify`.
        EnvironmentLacksError: `output` cannot be written (ASC1811).
    """
    if output.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            "ASC1810",
            f"the archive `{output}` must not lie inside the bundle",
            hint="ascendc bundle pack DIR -o FILE.tar.gz",
        )
    manifest = verify(folder)
    names = sorted(_found(folder, manifest))
    scratch = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as raw:
            _write(folder, manifest, names, raw)
        digest, size = _sha256(scratch), scratch.stat().st_size
        scratch.replace(output)
    except OSError as error:
        raise EnvironmentLacksError("ASC1811", f"`{output}` cannot be written: {error.strerror or error}") from error
    finally:
        scratch.unlink(missing_ok=True)
    return Packed(output, size, digest, len(names))


def unpack(archive: Path, parent: Path) -> Path:
    """Unpack a bundle into a new folder of `parent`, and check it.

    Returns:
        The bundle's folder: its manifest's name.

    Raises:
        UsageError: `archive` is no gzipped tar (ASC1812), or the folder is already there (ASC1813).
        GateError: the archive holds something else than the plain files of one folder (ASC1814), or as `verify`.
    """
    parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            tempfile.TemporaryDirectory(dir=parent, prefix=".unpack-") as scratch,
            tarfile.open(archive, "r:gz") as tar,
        ):
            top = _extract(tar, archive, Path(scratch))
            manifest = verify(top)
            target = parent / manifest.name
            if target.exists():
                raise UsageError("ASC1813", f"`{target}` is already there", hint="choose another place")
            top.rename(target)
            return target
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UsageError("ASC1812", f"`{archive}` cannot be read as a packed bundle: {error}") from error


def _found(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Every file that belongs to the bundle; anything else is refused."""
    listed = {*manifest.files, FILE}
    there = set(walk(folder))
    for path in sorted(listed - there):
        raise GateError("ASC1806", f"`{folder / path}` is missing; {FILE} lists it", hint="ascendc build RECIPE")
    for path in sorted(there):
        if not stat.S_ISREG((folder / path).lstat().st_mode):
            raise GateError("ASC1807", f"`{folder / path}` is a link or a device; a bundle holds plain files only")
        if path not in listed and path not in manifest.later:
            raise GateError(
                "ASC1809",
                f"`{folder / path}` is not part of the bundle; {FILE} does not list it",
                hint="move it elsewhere",
            )
        yield path


def _write(folder: Path, manifest: Manifest, names: list[str], raw: BinaryIO) -> None:
    """Sorted, no times, no owners, two modes, a fixed level, no file name in gzip's header."""
    with (
        gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in names:
            info = tarfile.TarInfo(f"{manifest.name}/{name}")
            listed = manifest.files.get(name)
            info.mode = 0o755 if listed and listed.executable else 0o644
            info.size = (folder / name).stat().st_size
            with (folder / name).open("rb") as file:
                tar.addfile(info, file)


def _extract(tar: tarfile.TarFile, archive: Path, folder: Path) -> Path:
    tops, count, size = set(), 0, 0
    for member in tar:
        count, size = count + 1, size + member.size
        if count > MOST_FILES or size > MOST_BYTES:
            raise GateError("ASC1814", f"`{archive}` holds more than a bundle can: it is not unpacked")
        if not (member.isreg() or member.isdir()):
            raise GateError("ASC1814", f"`{archive}` holds `{member.name}`, which is no plain file: it is not unpacked")
        try:
            tar.extract(member, folder, filter="data")
        except tarfile.FilterError as error:
            raise GateError("ASC1814", f"`{archive}` is not unpacked: {error}") from error
        tops.add(member.name.lstrip("./").partition("/")[0])
    if len(tops) != 1:
        raise GateError("ASC1814", f"`{archive}` must hold one folder; it holds {len(tops)}")
    return folder / tops.pop()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return _file_digest(file)


def _file_digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()

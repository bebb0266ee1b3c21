"""Archives of bundles: byte-reproducible when packed, treated with suspicion when unpacked."""

from __future__ import annotations

import gzip
import hashlib
import os
import shlex
import stat
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from ascendc.bundle import manifest as manifests
from ascendc.bundle.swap import walk
from ascendc.errors import EnvironmentLacksError, GateError, UsageError
from ascendc.runtime.manifest import FILE, LARGEST

if TYPE_CHECKING:
    from ascendc.runtime.manifest import FileInfo, Manifest

LEVEL = 6
"""gzip's; fixed, because the bytes depend on it."""

SUFFIXES = (".tar.gz", ".tgz")
"""What an archive may be called: what it is."""

_BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error)
"""What a damaged archive raises."""

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


def verify(folder: Path, name: Path | None = None) -> Manifest:
    """Check every file of the bundle in `folder` against its manifest, by full hash.

    Args:
        folder: the bundle.
        name: what messages call it, if not `folder`.

    Raises:
        UsageError: there is no bundle (ASC1801).
        GateError: the manifest is none (ASC1802), or files are not what it says (ASC1815): all of them are named.
    """
    manifest = manifests.read(folder)
    there = set(walk(folder))
    plain = {path for path in there if stat.S_ISREG((folder / path).lstat().st_mode)}
    extra = there - {*manifest.files, *manifest.later, FILE}
    wrong = {
        "missing": manifest.files.keys() - there,
        "changed": {path for path in manifest.files.keys() & plain if _differs(folder / path, manifest.files[path])},
        "a link or a device, where a bundle holds plain files only": there - plain,
        "not made by this build": extra & plain,
    }
    lines = [f"{path}: {what}" for what, paths in wrong.items() for path in sorted(paths)]
    if lines:
        raise GateError(
            "ASC1815",
            "\n    ".join([f"`{name or folder}` is not what {FILE} says:", *lines]),
            hint="move elsewhere what this build did not make" if len(lines) == len(extra) else "ascendc build RECIPE",
        )
    return manifest


def pack(folder: Path, output: Path) -> Packed:
    """Write the bundle in `folder` as a gzipped tar at `output`; equal bundles give equal bytes.

    OMs that ``compile.sh`` put in their places go in as they are.

    Raises:
        UsageError: `output` is not named like what it is (ASC1816) or lies inside the bundle (ASC1810), or as `verify`.
        GateError: as `verify`.
        EnvironmentLacksError: `output` cannot be written (ASC1811).
    """
    if not output.name.endswith(SUFFIXES):
        raise UsageError(
            "ASC1816",
            f"the archive `{output}` must end in {' or '.join(SUFFIXES)}: it is a gzipped tar",
            hint=f"ascendc bundle pack {shlex.quote(str(folder))} -o {shlex.quote(str(output.with_suffix('.tar.gz')))}",
        )
    if output.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            "ASC1810",
            f"the archive `{output}` must not lie inside the bundle",
            hint="ascendc bundle pack DIR -o FILE.tar.gz",
        )
    manifest = verify(folder)
    names = sorted(walk(folder))
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
            manifest = verify(top, archive)
            target = parent / manifest.name
            if target.exists():
                raise UsageError("ASC1813", f"`{target}` is already there", hint="choose another place")
            top.rename(target)
            return target
    except _BROKEN as error:
        raise UsageError("ASC1812", f"`{archive}` cannot be read as a packed bundle: {error}") from error


def read_manifest(archive: Path) -> Manifest:
    """The manifest inside a packed bundle. Nothing is unpacked and nothing is hashed.

    Raises:
        UsageError: `archive` is no gzipped tar (ASC1812).
        GateError: it holds no manifest (ASC1814), or the manifest is none (ASC1802).
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                if PurePosixPath(member.name).parts[1:] != (FILE,) or not 0 < member.size <= LARGEST:
                    continue
                file = tar.extractfile(member)
                if file is not None:
                    return manifests.from_json(file.read().decode("utf-8", "replace"), f"{archive}: {FILE}")
    except _BROKEN as error:
        raise UsageError("ASC1812", f"`{archive}` cannot be read as a packed bundle: {error}") from error
    raise GateError("ASC1814", f"`{archive}` is no packed bundle: it holds no {FILE}")


def refuse_packed(path: Path) -> None:
    """Say what to do with a packed bundle where only a folder, or a recipe, can be meant.

    Raises:
        UsageError: `path` is an archive (ASC1817).
    """
    if path.name.endswith(SUFFIXES):
        name = shlex.quote(read_manifest(path).name)
        raise UsageError(
            "ASC1817",
            f"`{path}` is a packed bundle; a bundle runs unpacked",
            hint=f"tar -xzf {shlex.quote(str(path))}, then name the folder: ascendc run {name}",
        )


def _differs(path: Path, info: FileInfo) -> bool:
    return path.stat().st_size != info.size or _sha256(path) != info.sha256


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

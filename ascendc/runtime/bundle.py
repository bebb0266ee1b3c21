"""A bundle where it was unpacked: its manifest, whether its files are what it says, and its sessions.

Python 3.7, standard library and numpy. Nothing is ever written into the bundle.
"""

import hashlib
import importlib
import os
import stat
import sys
from pathlib import Path
from types import ModuleType
from typing import Iterator, NamedTuple, Optional

from .decode import DecodeError
from .manifest import FILE, LARGEST, Artefact, Golden, Manifest, loads
from .service import blame


class BundleError(Exception):
    """The bundle is damaged, or was asked for something it does not hold; the message names the file."""


class Bundle(NamedTuple):
    """An unpacked bundle."""

    folder: Path
    manifest: Manifest

    def path(self, name: str) -> Path:
        """The plain file called `name`.

        Raises:
            BundleError: it is missing, or a link leads elsewhere.
        """
        path = self.folder / name
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            raise BundleError("{}: is missing; {} lists it".format(path, FILE)) from error
        if not stat.S_ISREG(mode) or not _inside(path, self.folder):
            raise BundleError("{}: is not a plain file of this bundle".format(path))
        return path

    def check(self, name: str) -> Path:
        """The file called `name`, after its size and sha256 were found to be what the manifest says.

        Raises:
            BundleError: they are not, or as `path`.
        """
        path, wanted = self.path(name), self.manifest.files[name]
        size = path.stat().st_size
        if size != wanted.size:
            raise BundleError("{}: has {} bytes; {} says {}".format(path, size, FILE, wanted.size))
        if _sha256(path) != wanted.sha256:
            raise BundleError("{}: was changed: its sha256 is not the one in {}".format(path, FILE))
        return path

    def check_model(self, path: str) -> Path:
        """As `check`, for a model and the external data beside it."""
        for name in self.manifest.files:
            if name.startswith(path + "."):
                self.check(name)
        return self.check(path)

    def complaints(self) -> Iterator[str]:
        """What is wrong with any file that the manifest lists; nothing if all is well."""
        for name in self.manifest.files:
            try:
                self.check(name)
            except BundleError as error:
                yield str(error)

    def artefact(self, part: str, target: Optional[str] = None) -> Artefact:
        """The part for a target; by default for the first target that has it.

        Raises:
            BundleError: there is none.
        """
        for artefact in self.manifest.artefacts:
            if artefact.part == part and target in (None, artefact.target):
                return artefact
        have = ", ".join("{} @ {}".format(a.part, a.target) for a in self.manifest.artefacts)
        asked = part if target is None else "{} @ {}".format(part, target)
        raise BundleError("{}: holds no {}; it holds {}".format(self.folder / FILE, asked, have))

    def golden(self, part: str) -> Golden:
        """The golden record of a part.

        Raises:
            BundleError: there is none.
        """
        for golden in self.manifest.golden:
            if golden.part == part:
                return golden
        raise BundleError("{}: holds no golden outputs of {}".format(self.folder / FILE, part))

    def om(self, artefact: Artefact) -> Optional[Path]:
        """The artefact's OM, if it is there already."""
        path = self.folder / artefact.om
        return path if path.is_file() else None

    def device_half(self) -> ModuleType:
        """The model's own code around the graphs, imported from this bundle.

        Raises:
            BundleError: it is not there.
            HalfError: it cannot be imported, for instance since a module that it needs is not installed.
        """
        package = self.manifest.device.package
        self.path("python/{}/__init__.py".format(package))
        python = str(self.folder / "python")
        if python not in sys.path:
            sys.path.insert(0, python)
        with blame("import"):
            return importlib.import_module(package)


def open_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`.

    Raises:
        BundleError: there is none, or its manifest is damaged.
    """
    path = folder / FILE
    try:
        if path.stat().st_size > LARGEST:
            raise BundleError("{}: is larger than any manifest".format(path))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BundleError("{}: cannot be read: {}".format(path, error.strerror)) from error
    except UnicodeDecodeError as error:
        raise BundleError("{}: is not UTF-8".format(path)) from error
    try:
        return Bundle(folder, loads(text))
    except DecodeError as error:
        raise BundleError("{}: {}".format(path, error)) from error


def _inside(path: Path, folder: Path) -> bool:
    root = os.path.realpath(str(folder))
    return os.path.commonpath([root, os.path.realpath(str(path))]) == root


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()

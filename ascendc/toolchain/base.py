"""How ATC is reached: the contract that every toolchain fulfils."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ascendc.cann.atc.ignored import Ignored
from ascendc.store import Blob

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.cann.atc.command import AtcOptions
    from ascendc.store import Workspace
    from ascendc.target import Target


@dataclass(frozen=True)
class Job:
    """One ATC run."""

    label: str
    """``image @ ascend310``, for messages."""
    name: str
    """Of the OM, without suffix: letters, digits, ``-`` and ``_``."""
    options: AtcOptions
    """All options but the paths, which the toolchain sets to its own."""
    onnx: Path
    """The model as one file, or with external data beside it in files that are named ``<onnx>.data…``."""
    aipp: str | None
    """Text of the AIPP configuration, or None."""
    time_limit: float
    """Seconds after which ATC and its children are killed."""


@dataclass(frozen=True)
class Ready:
    """An ATC that can be run from here."""

    where: str
    """For people: a path, or an image."""
    cann: str | None
    """Its CANN version, if it says."""
    build_id: str
    """Enters the cache key: differs whenever the compiler may differ."""


@dataclass(frozen=True)
class Device:
    """Where OMs can be run from here."""

    identity: str
    """Enters the cache key: the chips, or what is simulated."""
    command: tuple[str, ...]
    """What runs a Python that has numpy and pyACL; the Python's arguments follow."""
    environ: tuple[tuple[str, str], ...]
    """All variables that it gets."""


@dataclass(frozen=True)
class Absent:
    """Why no ATC can be run from here."""

    reason: str
    command: str
    """What the user can do about it here; empty if there is nothing."""


@dataclass(frozen=True)
class Compiled:
    """ATC wrote an OM: exit 0, the success line, and a fresh file."""

    om: Blob
    file_name: str
    """As ATC named it: a platform suffix such as ``_linux_aarch64`` means it runs only there."""
    log: Blob
    command: tuple[str, ...]
    ignored: Ignored | None = None
    """What of the file of ``--keep_dtype`` it passed over."""


@dataclass(frozen=True)
class Deferred:
    """Nothing was compiled here, and nothing is pretended. Never cached."""

    reason: str
    command: str
    """What the user can paste to compile: with an engine, or on another machine."""


class Toolchain(ABC):
    """A way to reach ATC. Selected by name; built for one target."""

    NAME: ClassVar[str]
    NOTE: ClassVar[str] = ""
    """What the reader of a bundle must know of the OMs that it makes; may be empty."""

    def __init__(self, target: Target) -> None:
        self.target = target

    @abstractmethod
    def probe(self) -> Ready | Absent:
        """Whether ATC can be run, and which; cheap, starts no compilation."""

    def device(self) -> Device | None:
        """Where the OMs that it makes for its target can be run from here; None: nowhere."""
        return None

    @abstractmethod
    def compile(self, job: Job, workspace: Workspace) -> Compiled:
        """Run ATC.

        Raises:
            StageError: it failed, hung, died or lied; the message holds its last error line and its log.
            EnvironmentLacksError: it cannot be run here.
        """

"""A plugin's device half behind a glass that names it, as `ascendc.attribution` is for the host half."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.errors import StageError
from ascendc.runtime.service import HalfError, ask

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from ascendc.model import Samples
    from ascendc.runtime import Answer, Session

OFFERS = ("prepare", "open_service")
"""The functions that a device half must have."""

_HINT = "the traceback is shown with -v; docs/write-a-device-half.md says what is called, and with what"


@dataclass(frozen=True)
class DeviceHalf:
    """The package that a model's DEVICE names. A value: nothing is imported before it is asked for something."""

    package: str
    owner: str
    """Distribution and version of the plugin: ``ascendc-siglip 0.2``."""

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"device half `{self.package}` of {self.owner}"

    def check(self) -> None:
        """Whether it can be what it should be: cheap, and done before any step runs.

        Raises:
            StageError: it cannot be imported (ASC1361), is no package (ASC1362), or lacks a function (ASC1363).
        """
        module = self._load()
        if not hasattr(module, "__path__"):
            raise StageError(
                "ASC1362",
                f"{self.title} is a module; DEVICE must name a package: its folder is what is copied to the board",
                hint=f"move it to {self.package.replace('.', '/')}/__init__.py",
            )
        for name in OFFERS:
            if not callable(getattr(module, name, None)):
                raise StageError(
                    "ASC1363",
                    f"{self.title} has no function `{name}`; it must offer {' and '.join(OFFERS)}",
                    hint="docs/write-a-device-half.md shows both",
                )

    def prepare(self, part: str, samples: Samples, assets: Path) -> Mapping[str, np.ndarray[Any, Any]]:
        """The inputs of `part`, as it prepares them from raw samples.

        Raises:
            StageError: it raised (ASC1364), or returned something else (ASC1365).
        """
        call = f"prepare({part!r})"
        try:
            prepared = self._load().prepare(part, samples.images, samples.texts, samples.arrays, assets)
        except Exception as error:  # a guest may raise anything; it is named, and the cause is kept
            raise self._raised(call, error) from error
        if not isinstance(prepared, Mapping):
            raise self._wrong(call, f"it returned {type(prepared).__name__}, not a dict of arrays")
        for name, array in prepared.items():
            if not isinstance(array, np.ndarray):
                raise self._wrong(call, f"`{name}` is of type {type(array).__name__}, not an array")
        return prepared

    def ask(self, sessions: Mapping[str, Session], assets: Path, **question: Any) -> Answer:
        """Open its service and put one question to it.

        Args:
            sessions: by part.
            assets: the folder of its assets.
            question: ``images``, ``texts``, ``arrays``, ``top_k``.

        Raises:
            InputError: the question is wrong.
            SessionError: an engine failed.
            StageError: as `prepare`.
        """
        try:
            return ask(self._load(), sessions, assets, question)
        except HalfError as error:
            if isinstance(error.__cause__, Exception):
                raise self._raised(error.call, error.__cause__) from error.__cause__
            raise self._wrong(error.call, error.complaint) from error

    def _load(self) -> ModuleType:
        try:
            return importlib.import_module(self.package)
        except Exception as error:  # a guest may raise anything; it is named, and the cause is kept
            raise StageError(
                "ASC1361", f"{self.title} cannot be imported: {type(error).__name__}: {error}", hint=_HINT
            ) from error

    def _raised(self, call: str, error: Exception) -> StageError:
        return StageError("ASC1364", f"{self.title} raised in {call}: {type(error).__name__}: {error}", hint=_HINT)

    def _wrong(self, call: str, complaint: str) -> StageError:
        return StageError("ASC1365", f"{self.title} failed in {call}: {complaint}", hint=_HINT)

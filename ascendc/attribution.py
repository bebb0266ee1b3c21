"""A model plugin behind a glass that names it: whatever it raises or returns wrongly is its own doing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ascendc.device import DeviceHalf
from ascendc.errors import AscendcError, StageError
from ascendc.model import (
    AtcHints,
    Attention,
    Judgement,
    Model,
    Options,
    Part,
    Samples,
    Source,
    Use,
    Weights,
)

if TYPE_CHECKING:
    import torch

    from ascendc.model import Arrays
    from ascendc.registry import Owner
    from ascendc.target import PartTarget, Target

T = TypeVar("T")


class Attributed(Model):
    """Delegates to a guest's model; checks what comes back; names the guest in every failure.

    Every method raises StageError: the guest raised (ASC1305), or returned another type (ASC1306).
    An AscendcError of the guest's own is passed on as it is.
    """

    def __init__(self, guest: Model, owner: Owner) -> None:
        super().__init__(guest.source, guest.options)
        self.NAME, self.DEVICE = guest.NAME, guest.DEVICE  # type: ignore[misc]  # the glass shows what is behind it
        self._guest, self._owner = guest, owner
        self._asking = threading.Lock()

    @classmethod
    def build(cls, guest: type[Model], owner: Owner, source: Source, options: Options) -> Attributed:
        """Construct a guest's model, behind the glass from its first line on."""
        try:
            return cls(guest(source, options), owner)
        except AscendcError:
            raise
        except Exception as error:  # a guest may raise anything; it is named, and the cause is kept
            raise _raised(guest.NAME, owner, "__init__", error) from error

    @property
    def title(self) -> str:
        """With the distribution that the guest came from."""
        return _title(self.NAME, self._owner)

    @property
    def half(self) -> DeviceHalf:
        """The guest's device half."""
        return DeviceHalf(self.DEVICE, str(self._owner))

    @property
    def distribution(self) -> str:
        """The distribution that the guest came from."""
        return self._owner.distribution

    @property
    def package(self) -> str:
        """The top-level package that the guest's code lives in."""
        return type(self._guest).__module__.partition(".")[0]

    def parts(self) -> tuple[Part, ...]:
        """As the guest says; at least one."""
        parts = self._all("parts", Part, self._guest.parts)
        if not parts:
            raise self._wrong("parts", "at least one Part", parts)
        return parts

    def module(self, part: str, weights: Weights, attention: Attention = "eager") -> torch.nn.Module:
        """As the guest says."""
        import torch

        return self._ask("module", torch.nn.Module, lambda: self._guest.module(part, weights, attention))

    def release(self) -> None:
        """As the guest does."""
        self._ask("release", type(None), self._guest.release)

    def onnx(self, part: str) -> Path | None:
        """As the guest says."""
        return self._ask("onnx", (Path, type(None)), lambda: self._guest.onnx(part))

    def files(self, weights: Weights) -> tuple[Path, ...]:
        """As the guest says."""
        return self._all("files", Path, lambda: self._guest.files(weights))

    def fixes(self, part: str) -> tuple[Use, ...]:
        """As the guest says."""
        return self._all("fixes", Use, lambda: self._guest.fixes(part))

    def lowering(self, part: str, target: Target) -> tuple[Use, ...]:
        """As the guest says."""
        return self._all("lowering", Use, lambda: self._guest.lowering(part, target))

    def atc(self, part: str, target: PartTarget) -> AtcHints:
        """As the guest says."""
        return self._ask("atc", AtcHints, lambda: self._guest.atc(part, target))

    def samples(self, n: int, seed: int) -> Samples:
        """As the guest says."""
        return self._ask("samples", Samples, lambda: self._guest.samples(n, seed))

    def inputs(self, part: str, samples: Samples, weights: Weights) -> Arrays:
        """As the guest says."""
        import numpy as np

        inputs = self._ask("inputs", Mapping, lambda: self._guest.inputs(part, samples, weights))
        for array in inputs.values():
            if not isinstance(array, np.ndarray):
                raise self._wrong("inputs", "numpy arrays", array)
        return inputs

    def judge(self, reference: Mapping[str, Arrays], candidate: Mapping[str, Arrays]) -> Judgement:
        """As the guest says; numpy's booleans and numbers become Python's."""
        said = self._ask("judge", Judgement, lambda: self._guest.judge(reference, candidate))
        return Judgement(bool(said.ok), said.summary, tuple((name, float(value)) for name, value in said.figures))

    def assets(self, folder: Path, weights: Weights) -> None:
        """As the guest does."""
        self._ask("assets", type(None), lambda: self._guest.assets(folder, weights))

    def notes(self, weights: Weights) -> tuple[str, ...]:
        """As the guest says."""
        return self._all("notes", str, lambda: self._guest.notes(weights))

    def _all(self, method: str, kind: type[T], call: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        items = self._ask(method, tuple, call)
        for item in items:
            if not isinstance(item, kind):
                raise self._wrong(method, f"a tuple of {kind.__name__}", item)
            try:
                hash(item)
            except TypeError as error:
                raise self._wrong(method, f"a {kind.__name__} of tuples", []) from error
        return items

    def _ask(self, method: str, kind: Any, call: Callable[[], T]) -> T:
        try:
            with self._asking:  # steps overlap; seeds, and the lazy imports of transformers, bear one thread at a time
                result = call()
        except AscendcError:
            raise
        except Exception as error:  # a guest may raise anything; it is named, and the cause is kept
            raise _raised(self.NAME, self._owner, method, error) from error
        if not isinstance(result, kind):
            raise self._wrong(method, getattr(kind, "__name__", str(kind)), result)
        return result

    def _wrong(self, method: str, wanted: str, got: object) -> StageError:
        return StageError(
            "ASC1306",
            f"model plugin `{self.NAME}` of {self._owner}: {method}() must return {wanted}, not {type(got).__name__}",
        )


def _raised(name: str, owner: Owner, method: str, error: Exception) -> StageError:
    return StageError(
        "ASC1305",
        f"{_title(name, owner)} raised in {method}(): {type(error).__name__}: {error}",
        hint="the traceback is shown with -v; report it to the plugin's authors",
    )


def _title(name: str, owner: Owner) -> str:
    return f"model plugin `{name}` of {owner}"

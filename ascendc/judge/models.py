"""A recipe: its PyTorch model. A bundle: what the original model answered, or the models in it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Literal

from ascendc import driver, registry
from ascendc.attribution import Attributed
from ascendc.bench.subject import measurable
from ascendc.bundle.golden import raw_inputs
from ascendc.errors import AscendcError, GateError
from ascendc.judge import failures
from ascendc.judge.running import answered
from ascendc.judge.side import Answer, Face, Inputs, Side
from ascendc.model import Source
from ascendc.runtime import open_session
from ascendc.runtime.bundle import BundleError
from ascendc.runtime.engine import NoEngineError, open_part
from ascendc.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import torch

    from ascendc.bench.subject import Measurable
    from ascendc.judge.side import Arrays
    from ascendc.model import Model, Part
    from ascendc.plan import PartSteps
    from ascendc.runtime import Session
    from ascendc.runtime.bundle import Bundle

Role = Literal["reference", "candidate"]


class _Known(Side):
    """A side with golden records."""

    def __init__(self, name: str, found: Measurable) -> None:
        self.name = name
        self._records = found.golden
        self.faces = tuple(
            Face(part, tuple(record.inputs), tuple(record.outputs)) for part, record in found.golden.items()
        )

    def golden(self, part: str) -> Inputs | None:
        """What the plugin's or the user's samples were prepared to."""
        record = self._records.get(part)
        if record is None:
            return None
        return Inputs(record.inputs, self._pixels(part), record.outputs, f"the golden inputs of {self.name}")

    def _pixels(self, part: str) -> Arrays:
        return self._records[part].pixels


class RecipeSide(_Known):
    """A recipe's PyTorch model, in float32 on this CPU; or, where it is an ONNX file, that."""

    kind = "pytorch"

    def __init__(self, path: Path, planner: PartSteps, found: Measurable) -> None:
        super().__init__(str(path), found)
        self.planner = planner
        self.plugin = planner.model

    def answer(self, face: Face, inputs: Inputs | None) -> Answer:
        """The golden record where it was asked just this, else a run."""
        assert inputs is not None
        part, record = self.part(face.part), self._records[face.part]
        onnx = self.planner.model.onnx(part.name)
        if inputs.answers is record.outputs:
            engine = "onnxruntime, fp32, on this CPU" if onnx else "PyTorch, fp32, on this CPU"
            return Answer(record.outputs, engine, False, record.limit)
        return answered(self.name, partial(self._open, part, onnx), inputs, record.limit)

    def part(self, name: str) -> Part:
        """By name."""
        return next(part for part in self.planner.parts if part.name == name)

    def module(self, part: str) -> torch.nn.Module:
        """The PyTorch module of a part."""
        recipe = self.planner.recipe
        return self.planner.model.module(part, recipe.model.weights, recipe.export.attention)

    def _open(self, part: Part, onnx: Path | None) -> Session:
        from ascendc.torch_session import session_for

        if onnx is not None:
            return open_session(onnx, "cpu", lean=True)
        return session_for(self.module(part.name), part)

    def _pixels(self, part: str) -> Arrays:
        return raw_inputs(self.part(part), self._records[part].inputs)


class BundleSide(_Known):
    """A bundle: its golden outputs as the reference, its models as the candidate."""

    kind = "bundle"

    def __init__(self, path: Path, found: Measurable, role: Role, target: str | None, *, allow_simulated: bool) -> None:
        super().__init__(str(path), found)
        assert found.bundle is not None
        self.bundle: Bundle = found.bundle
        self._role, self._target, self._allow = role, target, allow_simulated
        self.plugin, self.notes = _plugin(found.bundle)

    def answer(self, face: Face, inputs: Inputs | None) -> Answer:
        """As a reference the golden outputs, or the ONNX if it was asked something else; as a candidate its models.

        Of those the OM that runs here, or the ONNX, as `ascendc run` has it.
        """
        assert inputs is not None
        record = self._records[face.part]
        if self._role == "reference" and inputs.answers is record.outputs:
            return Answer(record.outputs, "golden outputs of the original model", False, record.limit)
        device = "cpu" if self._role == "reference" else "auto"
        try:
            session, artefact, is_om, notes = open_part(
                self.bundle, face.part, self._target, device, False, self._allow
            )
        except NoEngineError as error:
            raise failures.cannot_run(self.name, error) from error
        except BundleError as error:
            raise GateError("ASC2809", str(error), hint=f"ascendc bundle verify {self.name}") from error
        limit = artefact.limit if is_om else record.limit
        found = answered(self.name, lambda: session, inputs, limit)
        return Answer(found.outputs, found.engine, found.simulated, found.allowed, tuple(map(_bare, notes)))

    def onnx(self, part: str) -> Path:
        """The ONNX file of a part.

        Raises:
            GateError: it is missing (ASC2809).
        """
        try:
            return self.bundle.path(self.bundle.artefact(part, self._target).onnx)
        except BundleError as error:
            raise GateError("ASC2809", str(error), hint=f"ascendc bundle verify {self.name}") from error


@contextmanager
def recipe_side(path: Path, overrides: Sequence[str]) -> Iterator[RecipeSide]:
    """Open a recipe; its golden record is made, or taken from the store.

    Raises:
        AscendcError: the recipe is wrong, or its model fails.
    """
    with measurable(path, overrides, build=False) as found:
        yield RecipeSide(path, driver.prepare(path, overrides, Store(), registry.load()), found)


@contextmanager
def bundle_side(path: Path, role: Role, target: str | None, *, allow_simulated: bool = False) -> Iterator[BundleSide]:
    """Open a bundle's folder.

    Raises:
        AscendcError: it is damaged.
    """
    with measurable(path, (), build=False) as found:
        yield BundleSide(path, found, role, target, allow_simulated=allow_simulated)


def _bare(note: str) -> str:
    """Without the word that the board's program begins a line with."""
    return note.removeprefix("note: ")


def _plugin(bundle: Bundle) -> tuple[Model | None, tuple[str, ...]]:
    """The plugin that a bundle names, for its verdict alone; or why there is none.

    It is built without the recipe's options, which no bundle keeps: a verdict needs none of them.
    """
    info = bundle.manifest.model
    try:
        plugin = registry.load().models[info.plugin]
        options = plugin.cls.Options()
        return Attributed.build(plugin.cls, plugin.owner, Source(info.source, info.revision), options), ()
    except KeyError:
        return None, (f"no task verdict: the model plugin `{info.plugin}` is not installed",)
    except (AscendcError, ValueError) as error:  # of pydantic: an option that has no default
        why = " ".join(str(error).split())
        return None, (f"no task verdict: the model plugin `{info.plugin}` cannot be built without its recipe: {why}",)

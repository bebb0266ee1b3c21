"""What is measured: a recipe's model or a bundle, its parts, and what the original model answers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ascendc import devices, driver, registry
from ascendc.bench.feeds import Half
from ascendc.bench.result import Subject
from ascendc.bundle import manifest
from ascendc.dag import execute, order
from ascendc.errors import GateError, UsageError
from ascendc.runtime.bundle import Bundle, BundleError
from ascendc.runtime.manifest import DEVICE
from ascendc.runtime.selftest import read_arrays
from ascendc.stages.assets import lay_out_assets
from ascendc.stages.golden import read
from ascendc.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ascendc.bench.feeds import Arrays
    from ascendc.events import Listener
    from ascendc.plan import PartSteps
    from ascendc.runtime.manifest import Artefact

NO_PYTORCH = "a bundle holds no PyTorch model: ascendc bench RECIPE"


@dataclass(frozen=True)
class GoldenArrays:
    """What the original model answered."""

    inputs: Arrays
    """Samples first."""
    pixels: Arrays
    """The same as an OM with AIPP takes them; empty: there are none."""
    outputs: Arrays
    limit: float
    """What fp32 may differ, relative to the median distance between samples."""


@dataclass(frozen=True)
class Measurable:
    """A model, ready to be measured."""

    subject: Subject
    golden: dict[str, GoldenArrays]
    """By part, in the plugin's order."""
    half: Half
    bundle: Bundle | None
    """Where ONNX and OMs are."""
    recipe: Path | None
    overrides: tuple[str, ...]
    no_pytorch: str
    """Why there is no PyTorch model; empty: there is one."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Of the bundle."""
        return self.bundle.manifest.targets if self.bundle else ()

    def artefact(self, part: str, target: str) -> Artefact | None:
        """A bundle's artefact; None: the target has no such part."""
        found = self.bundle.manifest.artefacts if self.bundle else ()
        return next((a for a in found if (a.part, a.target) == (part, target)), None)


@contextmanager
def measurable(
    what: Path, overrides: Sequence[str], *, build: bool, listen: Listener = lambda _: None
) -> Iterator[Measurable]:
    """Open a bundle's folder, or a recipe.

    Args:
        what: which.
        overrides: of a recipe, as ``--set`` takes them.
        build: whether a recipe's ONNX or OMs are wanted: its bundle is built, as ``ascendc build`` would.
        listen: hears of the build.

    Raises:
        AscendcError: it is a model's file (ASC2613), the bundle is damaged (ASC2604), the recipe is wrong, or the
            build failed.
    """
    if what.is_dir():
        yield _of_bundle(what)
        return
    if what.suffix in (".onnx", ".om"):
        raise UsageError(
            "ASC2613",
            f"`{what}` is a model alone: a bundle or a recipe is measured, which know what it must answer",
            hint="ascendc convert onnx FILE.onnx --soc-version SOC makes a bundle of an ONNX file",
        )
    devices.settle_npu()
    store = Store()
    planner = driver.prepare(what, overrides, store, registry.load())
    foreign = any(planner.model.onnx(part.name) is not None for part in planner.parts)
    no_pytorch = "the recipe's model is an ONNX file, which PyTorch cannot run: --runtimes onnx om" if foreign else ""
    if build:
        folder = driver.build(what, overrides=overrides, listen=listen).output
        yield _of_bundle(folder, what, tuple(overrides), no_pytorch)
        return
    with store.workspace(lambda _: None) as workspace:
        assets = execute(order([planner.assets]), store, lambda _: None)[planner.assets].result
        folder = lay_out_assets(assets, store, workspace.folder / "assets")
        half = Half(planner.model.half.package, None, folder)
        golden = _golden(planner, store)
        yield Measurable(_subject(planner), golden, half, None, what, tuple(overrides), no_pytorch)


def _of_bundle(
    folder: Path, recipe: Path | None = None, overrides: tuple[str, ...] = (), no_pytorch: str = NO_PYTORCH
) -> Measurable:
    bundle = Bundle(folder, manifest.read(folder))
    info, golden = bundle.manifest.model, {}
    try:
        for path in dict.fromkeys(artefact.onnx for artefact in bundle.manifest.artefacts):
            bundle.check_model(path)
        for part in bundle.manifest.parts:
            record = bundle.golden(part.name)
            golden[part.name] = GoldenArrays(
                inputs=read_arrays(bundle, record, record.inputs),
                pixels=read_arrays(bundle, record, record.pixels),
                outputs=read_arrays(bundle, record, record.outputs),
                limit=record.limit,
            )
    except BundleError as error:
        raise GateError("ASC2604", str(error), hint=f"ascendc bundle verify {folder}") from error
    return Measurable(
        Subject(bundle.manifest.name, info.plugin, info.source, info.weights),
        golden,
        Half(DEVICE, folder.absolute() / "python", folder.absolute() / "assets"),
        bundle,
        recipe,
        overrides,
        no_pytorch,
    )


def _golden(planner: PartSteps, store: Store) -> dict[str, GoldenArrays]:
    """What the module answers in fp32 on this CPU; kept in the store, as builds keep it."""
    steps = {part.name: planner.golden(part) for part in planner.parts}
    done = execute(order(list(steps.values())), store, lambda _: None)
    limit = planner.recipe.verify.threshold
    return {
        name: GoldenArrays(read(done[step].result.inputs, store), {}, read(done[step].result.outputs, store), limit)
        for name, step in steps.items()
    }


def _subject(planner: PartSteps) -> Subject:
    model = planner.recipe.model
    local = PurePosixPath(model.source.id)
    source = local.name if local.is_absolute() else model.source.id  # as `package` writes it into manifests
    return Subject(planner.recipe.bundle.name, planner.model.NAME, source, model.weights.kind)

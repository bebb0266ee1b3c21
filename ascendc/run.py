"""Asking a recipe's model a question on this host: PyTorch around the device half that travels to the board."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc import devices, registry
from ascendc.dag import execute, order
from ascendc.driver import prepare
from ascendc.errors import StageError, UsageError
from ascendc.runtime import InputError, SessionError
from ascendc.stages.assets import lay_out_assets
from ascendc.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ascendc.devices import Choice
    from ascendc.runtime import Answer
    from ascendc.torch_device import Precision


@dataclass(frozen=True)
class Asked:
    """An answer, and what gave it."""

    answer: Answer
    choice: Choice
    engines: tuple[tuple[str, str], ...]
    """Part and engine: ``("image", "torch 2.13.0 cpu fp32")``."""


def run_recipe(
    path: Path,
    *,
    images: Sequence[str] = (),
    texts: Sequence[str] = (),
    arrays: Sequence[str] = (),
    top_k: int = 5,
    device: str = "auto",
    precision: Precision = "fp32",
    overrides: Sequence[str] = (),
) -> Asked:
    """Run the recipe's PyTorch model.

    Args:
        path: the recipe.
        images: files.
        texts: what the pictures may show.
        arrays: ``.npz`` and ``.npy`` files, for models with other inputs.
        top_k: how many texts are named per picture; 0: embeddings only.
        device: ``auto`` (NPU, else CUDA, else CPU), or one of them.
        precision: what it computes in, as `ascendc.torch_session` says.
        overrides: as ``--set`` takes them.

    Raises:
        UsageError: the recipe, an image or a text is wrong (ASC2010), or the model has no PyTorch (ASC2011).
        EnvironmentLacksError: the device is not to be had.
        StageError: the model fails on the device, or the device lacks the precision (ASC2012), or the model's device
            half fails (ASC1361 to ASC1365).
    """
    from ascendc.torch_session import session_for

    choice = devices.choose(device)
    store = Store()
    planner = prepare(path, overrides, store, registry.load())
    for part in planner.parts:
        if planner.model.onnx(part.name) is not None:
            raise UsageError(
                "ASC2011",
                f"the model of {path} is an ONNX file; PyTorch cannot run it",
                hint="ascendc build RECIPE, then ascendc run BUNDLE",
            )
    assets = execute(order([planner.assets]), store, lambda _: None)[planner.assets].result
    weights, attention = planner.recipe.model.weights, planner.recipe.export.attention
    with ExitStack() as stack:
        workspace = stack.enter_context(store.workspace(lambda _: None))
        folder = lay_out_assets(assets, store, workspace.folder / "assets")
        try:
            sessions = {
                part.name: stack.enter_context(
                    session_for(planner.model.module(part.name, weights, attention), part, choice.device, precision)
                )
                for part in planner.parts
            }
            answer = planner.model.half.ask(sessions, folder, images=images, texts=texts, arrays=arrays, top_k=top_k)
        except InputError as error:
            raise UsageError("ASC2010", str(error)) from error
        except SessionError as error:
            raise StageError("ASC2012", str(error)) from error
    return Asked(answer, choice, tuple((name, session.engine) for name, session in sessions.items()))

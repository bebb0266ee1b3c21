"""The commands that are compared: each takes a checkpoint to ONNX, in `OUT` under a folder that is empty before."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .checkpoint import Checkpoint
from .targets import BASE, Target

OUT = "out"
OFFLINE = {"HF_HUB_OFFLINE": "1", "OLIVE_DISABLE_TELEMETRY": "1"}


@dataclass(frozen=True)
class Command:
    """What is run."""

    arguments: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    """Over the environment that there is."""


Tool = Callable[[Checkpoint, Path], Command]


def ascendc(
    checkpoint: Checkpoint, folder: Path, targets: Sequence[Target] = (BASE,), overrides: Sequence[str] = ()
) -> Command:
    """``ascendc build`` with its store in `folder`: cold where that is empty.

    Args:
        checkpoint: the model.
        folder: of recipe, store and bundle.
        targets: as a recipe has them.
        overrides: what ``--set`` changes.
    """
    recipe = folder / "recipe.yaml"
    model = {"plugin": "clip", "source": str(checkpoint.folder)}
    # JSON is YAML
    recipe.write_text(json.dumps({"version": 1, "model": model, "targets": list(targets)}, indent=2), encoding="utf-8")
    sets = tuple(argument for override in overrides for argument in ("--set", override))
    return Command(
        (sys.executable, "-m", "ascendc", "build", str(recipe), "-o", str(folder / OUT), "--json", *sets),
        {**OFFLINE, "ASCENDC_CACHE": str(folder / "store")},
    )


def optimum(bin_: Path) -> Tool:
    """``optimum-cli export onnx`` of the environment whose `bin` is given."""

    def command(checkpoint: Checkpoint, folder: Path) -> Command:
        task = ("--task", "zero-shot-image-classification")
        model = ("--model", str(checkpoint.folder))
        return Command((str(bin_ / "optimum-cli"), "export", "onnx", *model, *task, str(folder / OUT)), OFFLINE)

    return command


def olive(bin_: Path) -> Tool:
    """``olive run`` of the environment whose `bin` is given: both towers, by its pass OnnxConversion as it is."""

    def command(checkpoint: Checkpoint, folder: Path) -> Command:
        side = checkpoint.side
        config = {
            "input_model": {
                "type": "CompositeModel",
                "model_component_names": ["image", "text"],
                "model_components": [
                    _tower(checkpoint, "image", ("pixel_values", [2, 3, side, side], "float32")),
                    _tower(checkpoint, "text", ("input_ids", [2, 77], "int64")),
                ],
            },
            "passes": {"conversion": {"type": "OnnxConversion"}},
            "cache_dir": str(folder / "cache"),
            "output_dir": str(folder / OUT),
        }
        path = folder / "olive.json"
        path.write_text(json.dumps(config, indent=2), encoding="utf-8")
        return Command((str(bin_ / "olive"), "run", "--config", str(path)), OFFLINE)

    return command


def _tower(checkpoint: Checkpoint, part: str, input_: tuple[str, list[int], str]) -> dict[str, Any]:
    name, shape, dtype = input_
    output = f"{part}_embeds"
    return {
        "type": "PyTorchModel",
        "model_path": str(checkpoint.folder),
        "model_script": str(Path(__file__).with_name("peers") / "olive_towers.py"),
        "model_loader": part,
        "io_config": {
            "input_names": [name],
            "input_shapes": [shape],
            "input_types": [dtype],
            "output_names": [output],
            "dynamic_axes": {name: {"0": "batch"}, output: {"0": "batch"}},
        },
    }

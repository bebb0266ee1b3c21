"""Weights: read from a checkpoint's files without running what is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import is_zipfile

from ascendc import StageError, UsageError

from .fetch import PICKLES, SAFETENSORS, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

    from ascendc import Source

    State = dict[str, torch.Tensor]

_COMPUTED = ".position_ids"
"""Ends of names that old checkpoints hold and no model needs."""


def load(source: Source, model: torch.nn.Module, *, allow_pickle: bool) -> bool:
    """Fill `model`, built on the meta device, with a checkpoint's weights, as float32.

    Returns:
        Whether the weights are mapped from the checkpoint's files, and take no memory of their own.

    Raises:
        UsageError: there are no weights (ASC1327), or only a pickle that may run code (ASC1328).
        StageError: a file is damaged or missing (ASC1329), or weights are missing or of another shape (ASC1330).
    """
    import torch

    folder = weights_folder(source)
    state = _read(folder, allow_pickle)
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    missing = [f"`{name}`" for name in wanted if name not in state]
    if missing:
        raise StageError("ASC1330", f"the weights in `{folder}` lack {_some(missing)}")
    wrong = [
        f"`{name}` is {_shape(state[name].shape)}, not {_shape(shape)}"
        for name, shape in wanted.items()
        if tuple(state[name].shape) != shape
    ]
    if wrong:
        raise StageError("ASC1330", f"the weights in `{folder}` do not fit config.json: {_some(wrong)}")
    model.load_state_dict({name: state[name].float() for name in wanted}, assign=True)
    for name, buffer in tuple(model.named_buffers()):
        if name.endswith(_COMPUTED):  # not saved, hence still without content
            owner, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(owner), leaf, torch.arange(buffer.shape[-1]).expand(1, -1))
    return all(state[name].dtype == torch.float32 for name in wanted)


def weights_folder(source: Source) -> Path:
    """The folder that holds a checkpoint's weights, brought from its hub if need be; safetensors before pickles.

    Raises:
        UsageError: there are none (ASC1327).
    """
    for patterns in (SAFETENSORS, PICKLES):
        folder = fetch(source, patterns)
        if any((folder / name).is_file() for name in patterns[:2]):
            return folder
    raise UsageError(
        "ASC1327",
        f"`{folder}` holds no weights; it must have model.safetensors or pytorch_model.bin",
        hint="--set model.weights=random builds the architecture without them",
    )


def _read(folder: Path, allow_pickle: bool) -> State:
    whole, index = SAFETENSORS[:2] if any((folder / name).is_file() for name in SAFETENSORS[:2]) else PICKLES[:2]
    if (folder / whole).is_file():
        return _read_file(folder / whole, allow_pickle)
    shards = _shards(folder / index)
    for shard in shards:
        if not (folder / shard).is_file():
            raise StageError("ASC1329", f"`{folder}` lacks the file `{shard}`, which `{index}` names")
    return {k: v for shard in shards for k, v in _read_file(folder / shard, allow_pickle).items()}


def _shards(index: Path) -> list[str]:
    """The files that an index names; in its own folder, whatever it says."""
    try:
        return sorted(
            {Path(name).name for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StageError("ASC1329", f"`{index}` is no index of weights: {error}") from error


def _read_file(path: Path, allow_pickle: bool) -> State:
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # Only the archives that torch writes since 1.6 can be mapped.
        return dict(torch.load(path, map_location="cpu", weights_only=not allow_pickle, mmap=is_zipfile(path)))
    except pickle.UnpicklingError as error:
        if allow_pickle:
            raise StageError("ASC1329", f"`{path}` is damaged: {error}") from error
        raise UsageError(
            "ASC1328",
            f"`{path}` holds more than tensors; loading it could run code that somebody put there",
            hint="if you trust its author: --allow-pickle",
        ) from error
    except (SafetensorError, RuntimeError, EOFError, OSError) as error:
        raise StageError("ASC1329", f"`{path}` cannot be read: {str(error).splitlines()[0]}") from error


def _some(items: list[str]) -> str:
    rest = f" and {len(items) - 3} more" if len(items) > 3 else ""
    return ", ".join(items[:3]) + rest


def _shape(sizes: Iterable[int]) -> str:
    return "×".join(map(str, sizes)) or "a scalar"

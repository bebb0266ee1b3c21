"""Samples for a model about which nothing is known but its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc import Samples

if TYPE_CHECKING:
    import numpy.typing as npt

    from ascendc import Tensor

_CELLS = 6
"""Patches of colour along each side of a picture."""


def generate(inputs: tuple[Tensor, ...], below: dict[str, int], n: int, seed: int) -> Samples:
    """Pictures for the image input, random numbers for the others; deterministic in `seed`.

    Args:
        inputs: of the part.
        below: by name, what whole numbers stay under.
        n: how many samples.
        seed: of everything random.
    """
    rng = np.random.default_rng(seed)
    pictures = any(tensor.image for tensor in inputs)
    others = [tensor for tensor in inputs if tensor.image is None]
    images = tuple(_picture(rng) for _ in range(n)) if pictures else ()
    arrays = tuple({t.name: _array(t, below.get(t.name, 2), rng) for t in others} for _ in range(n)) if others else ()
    return Samples(images=images, arrays=arrays)


def _picture(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Patches of colour under noise, oblong: crops, channels and filters show."""
    patches = rng.integers(0, 256, (_CELLS, _CELLS, 3)).repeat(rng.integers(30, 60), 0).repeat(rng.integers(30, 60), 1)
    return (patches + rng.integers(-12, 13, patches.shape)).clip(0, 255).astype(np.uint8)


def _array(tensor: Tensor, below: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    """One sample, without its batch axis."""
    shape, dtype = [int(size) for size in tensor.shape[1:]], np.dtype(tensor.dtype)
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    return rng.integers(0, 2 if dtype.kind == "b" else below, shape).astype(dtype)

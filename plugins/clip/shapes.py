"""Drawn coloured shapes: what the tiny CLIP was trained on, and what samples, tests and the demo show it.

Numpy and Pillow only; deterministic in the seed, since everything drawn at random is an integer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]
    Point = tuple[float, float]

_RGB = {
    "red": (215, 35, 35),
    "green": (35, 165, 45),
    "blue": (35, 65, 215),
    "yellow": (225, 210, 35),
    "purple": (145, 40, 180),
    "cyan": (35, 195, 210),
}


def _ring(n: int, radii: tuple[float, ...] = (1.0,)) -> tuple[Point, ...]:
    """`n` corners at equal angles, their radii taken in turn from `radii`."""
    polar = ((radii[i % len(radii)], 2 * math.pi * i / n) for i in range(n))
    return tuple((radius * math.cos(angle), radius * math.sin(angle)) for radius, angle in polar)


def _cross(arm: float = 0.35) -> tuple[Point, ...]:
    """A plus sign inside the unit circle; `arm` is half an arm's width over its length."""
    end = 1 / math.hypot(1, arm)
    arm *= end
    right = ((end, -arm), (end, arm), (arm, arm))
    bottom = tuple((-y, x) for x, y in right)
    return (*right, *bottom, *((-x, -y) for x, y in right + bottom))


_OUTLINES = {
    "circle": _ring(64),
    "square": _ring(4),
    "triangle": _ring(3),
    "star": _ring(10, (1.0, 0.4)),
    "cross": _cross(),
}
"""Corners inside the unit circle, so that any rotation stays inside the same box."""

COLORS = tuple(_RGB)
SHAPES = tuple(_OUTLINES)

_FINE = 4
"""Sub-pixels per pixel and axis: edges are smooth."""
_SMALLEST = 16
"""Pixels of the shorter side below which a star is no longer a star."""


def caption(color: str, shape: str) -> str:
    """``"a red square"``: the text that names a drawing."""
    return f"a {color} {shape}"


def captions() -> tuple[str, ...]:
    """Every caption there is, colour by colour."""
    return tuple(caption(color, shape) for color in COLORS for shape in SHAPES)


def draw(color: str, shape: str, *, size: int | tuple[int, int], seed: int) -> Picture:
    """One shape at a random place, scale and angle, on a plain or noisy greyish background.

    The shape lies inside the central square, hence survives CLIP's centre crop whatever the aspect ratio.
    What is random depends on `seed` and `size` alone: the same two give the same picture in another colour.

    Args:
        color: One of `COLORS`.
        shape: One of `SHAPES`.
        size: Side of a square picture, or (height, width), in pixels.
        seed: Of everything random.

    Returns:
        RGB, uint8, height × width × 3.

    Raises:
        ValueError: The colour or the shape has no name here, or a side is shorter than 16 pixels.
    """
    height, width = (size, size) if isinstance(size, int) else size
    for name, allowed in ((color, COLORS), (shape, SHAPES)):
        if name not in allowed:
            raise ValueError(f"{name!r} cannot be drawn; allowed: {', '.join(allowed)}")
    if min(height, width) < _SMALLEST:
        raise ValueError(f"a drawing of {height} x {width} is too small: sides must be {_SMALLEST} or longer")
    rng = np.random.default_rng(seed)
    ground = rng.integers(30, 226) + rng.integers(-14, 15, 3)
    ink = np.asarray(_RGB[color]) + rng.integers(-20, 21, 3)
    side = min(height, width)
    box = int(rng.integers(side * 6 // 10, side * 19 // 20 + 1))
    top = (height - side) // 2 + int(rng.integers(side - box + 1))
    left = (width - side) // 2 + int(rng.integers(side - box + 1))
    cover = _cover(shape, box, degrees=int(rng.integers(360)))[..., None]
    picture = np.empty((height, width, 3), np.int64)
    picture[:] = ground
    inside = picture[top : top + box, left : left + box]
    inside[:] = (inside * (255 - cover) + ink * cover) // 255
    noise = int(rng.choice((0, 6, 18)))
    picture += rng.integers(-noise, noise + 1, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def drawings(n: int, seed: int) -> Iterator[tuple[Picture, str]]:
    """`n` pictures of varied sizes, mostly oblong, with captions; all classes come before any comes twice."""
    rng = np.random.default_rng(seed)
    classes = [(color, shape) for color in COLORS for shape in SHAPES]
    order: list[int] = []
    for _ in range(n):
        order = order or rng.permutation(len(classes)).tolist()
        color, shape = classes[order.pop()]
        short = int(rng.integers(72, 225))
        sides = (short, short * int(rng.integers(100, 201)) // 100)
        size = sides if rng.integers(2) else sides[::-1]
        yield draw(color, shape, size=size, seed=int(rng.integers(2**31))), caption(color, shape)


def _cover(shape: str, box: int, degrees: int) -> npt.NDArray[np.int64]:
    """How much of each pixel of a `box` × `box` square the turned shape covers, 0..255."""
    from PIL import Image, ImageDraw

    radius = box * _FINE / 2
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [
        (round(radius + radius * (x * cos - y * sin)), round(radius + radius * (x * sin + y * cos)))
        for x, y in _OUTLINES[shape]
    ]
    mask = Image.new("L", (box * _FINE, box * _FINE))
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    return np.asarray(mask.reduce(_FINE), np.int64)

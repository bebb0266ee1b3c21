"""The layouts of the chip, turned back into the model's.

``NC1HWC0`` splits channels into blocks of C0, ``FRACTAL_NZ`` a matrix into blocks that lie column by column; both fill
up. Sources: CANN's ``aclFormat`` (8.0 to 9.1); the data layouts in its guide of graph development (8.3 to 9.0), which
agrees with ``convert_FRACTAL_NZ_to_ND.py`` of Ascend/msprobe: a vector is a matrix of one row. Others, such as
``FRACTAL_Z`` of weights, are not turned.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

PLAIN = ("ND", "NCHW", "NHWC", "NCDHW", "NDHWC", "HWCN", "CHWN", "DHWCN", "NC", "NCL")
"""In which values lie as the shape says."""


def plain(array: Array, layout: str, original: tuple[int, ...]) -> Array | None:
    """The values in the model's shape; None where the layout is not known, or the shapes are not each other's.

    Args:
        array: as the bytes lie.
        layout: ``ND``, ``NC1HWC0``…
        original: the shape in the model; empty: that of `array`.
    """
    if layout in PLAIN:
        return array.reshape(original) if original and prod(original) == array.size else array
    if layout == "NC1HWC0" and array.ndim == 5:
        n, c1, h, w, c0 = array.shape
        whole = array.transpose(0, 1, 4, 2, 3).reshape(n, c1 * c0, h, w)
        return _cut(whole, original, original)
    if layout == "FRACTAL_NZ" and array.ndim >= 4:
        *outer, n1, m1, m0, n0 = array.shape
        axes = (*range(len(outer)), *(len(outer) + axis for axis in (1, 2, 0, 3)))
        whole = array.transpose(axes).reshape(*outer, m1 * m0, n1 * n0)
        return _cut(whole, (1,) * (2 - len(original)) + original, original)
    return None


def _cut(whole: Array, sizes: tuple[int, ...], original: tuple[int, ...]) -> Array | None:
    """Without what was filled up; `sizes` must fit into it."""
    if not original or len(sizes) != whole.ndim:
        return None
    if any(size > room for size, room in zip(sizes, whole.shape, strict=True)):
        return None
    return whole[tuple(map(slice, sizes))].reshape(original)

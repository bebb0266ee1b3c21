"""Static AIPP: raw RGB pixels go in, and the chip does the normalisation that the model expects."""

from __future__ import annotations

from dataclasses import dataclass

MAX_SOURCE = 4096
"""Pixels: the largest ``src_image_size_w`` and ``src_image_size_h`` (CANN 8.1)."""

MIN_SOURCE_WIDTH = 2


@dataclass(frozen=True)
class AippConfig:
    """One ``aipp_op`` block: v = (x - minimum) * reciprocal, per channel, x being 0 to 255.

    Means go into ``min_chn_*`` (float): ``mean_chn_*`` is int32, and a fraction there is a parse error (E13018).
    """

    rank: int
    """Which graph input, from 0. With ONNX the input's name is refused (E10052)."""
    width: int
    height: int
    minimum: tuple[float, float, float]
    """RGB, in pixel values: 0 to 255."""
    reciprocal: tuple[float, float, float]
    """RGB: 1 / (standard deviation in pixel values)."""

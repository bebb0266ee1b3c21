"""The reference preprocessing: what `Image` means, written once more and apart from the device half."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from ascendc import Image


def pixels(image: Image, picture: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """One picture (height × width × 3, RGB, uint8) as float32, 3 × height × width, resized, cropped, normalised."""
    from PIL import Image as Pillow

    height, width = picture.shape[:2]
    if image.resize == "squash":
        scaled = (image.height, image.width)
    else:
        short = image.resize_to or max(image.height, image.width)
        scaled = (short * height // min(height, width), short * width // min(height, width))
    kernel = Pillow.Resampling[image.interpolation.upper()]
    resized = np.asarray(Pillow.fromarray(picture).resize(scaled[::-1], kernel))
    for axis, (have, want) in enumerate(zip(scaled, (image.height, image.width), strict=True)):
        begin = (have - want) // 2
        black = [(max(-begin, 0), max(begin + want - have, 0)) if i == axis else (0, 0) for i in range(3)]
        resized = np.pad(resized, black).take(range(max(begin, 0), max(begin, 0) + want), axis)
    normal = (resized / np.float64(255) - np.array(image.mean)) / np.array(image.std)
    planes: npt.NDArray[Any] = normal.astype(np.float32).transpose(2, 0, 1)
    return planes

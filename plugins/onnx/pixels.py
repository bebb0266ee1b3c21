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
    padded = np.zeros((max(scaled[0], image.height), max(scaled[1], image.width), 3), np.uint8)
    top, left = ((have - want) // 2 for have, want in zip(padded.shape, scaled, strict=False))
    padded[top : top + scaled[0], left : left + scaled[1]] = resized
    top, left = (padded.shape[0] - image.height) // 2, (padded.shape[1] - image.width) // 2
    cropped = padded[top : top + image.height, left : left + image.width]
    normal = (cropped / np.float64(255) - np.array(image.mean)) / np.array(image.std)
    planes: npt.NDArray[Any] = normal.astype(np.float32).transpose(2, 0, 1)
    return planes

"""How a picture becomes an image input, as ``preprocess.json`` says it: the board's half of `ascendc.model.Image`.

Equal to transformers' `CLIPImageProcessorPil`: transparency on white, EXIF orientation applied, sizes cut down to
whole pixels, one resampling by Pillow. Python 3.7, numpy and Pillow (which is imported when a picture is).
"""

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Sequence, Tuple, Union

import numpy as np

from .service import PictureError
from .session import shape_text

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

ImageLike = Union[str, "Path", np.ndarray]
"""A path, or an array height × width × 3 of RGB, uint8."""

_FILTERS = {"bilinear": 2, "bicubic": 3}
"""Pillow's numbers; their names moved in Pillow 9.1, and boards hold older and newer ones."""

_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""EXIF orientation → Pillow's number of the transposition that puts the picture upright."""

_MOST = 89_478_485
"""Pixels above which a picture is not decoded: a small file can hold a gigabyte of one colour. Source: above as many,
Pillow's `Image.MAX_IMAGE_PIXELS`, Pillow warns."""

_LARGEST = 64_000_000
"""Pixels above which a resized picture is refused: 1 × 100,000 pixels must not become 5 GB."""


@dataclass(frozen=True)
class Preprocessing:
    """One image input."""

    height: int
    width: int
    resize: str
    """``shortest-edge``: the shorter side becomes `resize_to`, then the centre is cut out; ``squash``: both sides."""
    resize_to: Optional[int]
    """None: the longer side of the input."""
    interpolation: str
    mean: Tuple[float, ...]
    """Per channel, RGB, of pixels scaled to 0..1."""
    std: Tuple[float, ...]
    input: Optional[str] = None
    """Name of the input; None: the part has only this one."""

    @classmethod
    def read(cls, path: Path) -> "Preprocessing":
        """From a ``preprocess.json``."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "mean": tuple(fields["mean"]), "std": tuple(fields["std"])})

    def batch(self, images: Sequence[ImageLike], dtype: str = "float32") -> np.ndarray:
        """Pictures as an engine wants them.

        Args:
            images: one or more.
            dtype: of the engine's input. ``uint8``: AIPP normalises, and takes raw pixels.

        Returns:
            For ``uint8`` batch × height × width × 3, else batch × 3 × height × width, normalised.

        Raises:
            PictureError: a picture is missing, is none, or is damaged.
        """
        pixels = np.stack([self.pixels(image) for image in images])
        if dtype == "uint8":
            return pixels
        # Pixels have 256 values: normalising these gives each picture's floats by looking them up.
        levels = (np.arange(256) / 255).astype(np.float32)[:, None]
        table = ((levels - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)).astype(dtype)
        return np.stack([table[pixels[..., channel], channel] for channel in range(3)], axis=1)

    def pixels(self, image: ImageLike) -> np.ndarray:
        """One picture, resized and cropped: height × width × 3, RGB, uint8.

        Raises:
            PictureError: as `batch`.
        """
        picture = _from_array(image) if isinstance(image, np.ndarray) else open_picture(Path(image))
        size = self._resized(picture.width, picture.height)
        if size[0] * size[1] > _LARGEST:
            raise PictureError(
                "{} is too oblong: {}×{} pixels would become {}×{}".format(
                    name_of(image), picture.width, picture.height, *size
                )
            )
        resized = picture.resize(size, _FILTERS[self.interpolation])
        left, top = (size[0] - self.width) // 2, (size[1] - self.height) // 2
        return np.asarray(resized.crop((left, top, left + self.width, top + self.height)))

    def _resized(self, width: int, height: int) -> Tuple[int, int]:
        """Width and height after scaling, before the crop."""
        if self.resize == "squash":
            return self.width, self.height
        short = self.resize_to or max(self.width, self.height)
        if width <= height:
            return short, int(short * height / width)
        return int(short * width / height), short


def name_of(image: ImageLike, index: Optional[int] = None) -> str:
    """How messages and answers call a picture: its path, or its place among the inputs."""
    if isinstance(image, np.ndarray):
        return "an image array" if index is None else "image {}".format(index + 1)
    return str(image)


def _from_array(image: np.ndarray) -> "Picture":
    from PIL import Image

    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise PictureError(
            "an image array must be height × width × 3, uint8; not {} {}".format(shape_text(image.shape), image.dtype)
        )
    return Image.fromarray(np.ascontiguousarray(image))


def open_picture(path: Path) -> "Picture":
    """The picture in a file, upright, in RGB, transparency on white.

    Raises:
        PictureError: there is none, it is damaged, too large, or of more than 8 bits.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise PictureError("image {} is {}".format(path, "a folder" if stat.S_ISDIR(mode) else "no regular file"))
        with Image.open(path) as file:
            if file.width * file.height > _MOST:
                raise PictureError(
                    "image {} is too large: {}×{} pixels; allowed: {:,} in all".format(
                        path, file.width, file.height, _MOST
                    )
                )
            if file.mode.startswith(("I", "F")):
                # Pillow would cut every level above 255 to white
                raise PictureError("image {} has more than 8 bits per grey pixel; allowed: 8".format(path))
            turn = _TURNS.get(file.getexif().get(0x0112, 1))
            return _rgb(file if turn is None else file.transpose(turn))
    except FileNotFoundError as error:
        raise PictureError("image {} does not exist".format(path)) from error
    except UnidentifiedImageError as error:
        raise PictureError(
            "image {} is not a picture that Pillow can read; allowed: JPEG, PNG, WebP, BMP, GIF, TIFF".format(path)
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureError("image {} is too large: {}".format(path, error)) from error
    except MemoryError as error:
        raise PictureError("image {} is too large for the memory that is free".format(path)) from error
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow's decoders raise on broken files
        if isinstance(error, PictureError):
            raise
        raise PictureError("image {} is damaged or cannot be read: {}".format(path, error)) from error


def _rgb(picture: "Picture") -> "Picture":
    from PIL import Image

    if "A" in picture.getbands() or picture.info.get("transparency") is not None:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, seen).convert("RGB")
    return picture.convert("RGB")

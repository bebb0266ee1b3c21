"""Pictures to ``pixel_values``: what the checkpoint says, as data, and transformers' own processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ascendc import Image, UsageError

from .architecture import read_json

if TYPE_CHECKING:
    from pathlib import Path

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
_FILTERS = {2: "bilinear", 3: "bicubic"}
"""Pillow's numbers."""
_STEPS = ("do_resize", "do_rescale", "do_normalize")


def defaults(side: int) -> dict[str, Any]:
    """The preprocessing of OpenAI's checkpoints, as ``preprocessor_config.json`` has it."""
    return {
        "do_resize": True,
        "size": {"shortest_edge": side},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": side, "width": side},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(_MEAN),
        "image_std": list(_STD),
        "do_convert_rgb": True,
    }


def read(folder: Path, side: int) -> dict[str, Any]:
    """A checkpoint's preprocessing, what its files leave out filled in with the defaults.

    Args:
        folder: the checkpoint's.
        side: pixels of the vision tower's input, for what is left out.

    Raises:
        UsageError: a file cannot be read (ASC1322).
    """
    for name, key in (("preprocessor_config.json", None), ("processor_config.json", "image_processor")):
        path = folder / name
        if not path.is_file():
            continue
        content = read_json(path)
        found = content.get(key) if key else content
        if found:
            return {**defaults(side), **{name: value for name, value in found.items() if value is not None}}
    return defaults(side)


def image(config: dict[str, Any], side: int, where: str) -> Image:
    """The preprocessing as the contract has it.

    Raises:
        UsageError: it cannot be said so, or does not fit the vision tower (ASC1324).
    """
    for step in _STEPS:
        if not config[step]:
            raise UsageError("ASC1324", f"`{where}`: {step} must be true: host, AIPP and board would differ")
    if config["resample"] not in _FILTERS:
        raise UsageError(
            "ASC1324", f"`{where}`: resample must be 2 (bilinear) or 3 (bicubic), not {config['resample']}"
        )
    if abs(config["rescale_factor"] * 255 - 1) > 1e-6:
        raise UsageError("ASC1324", f"`{where}`: rescale_factor must be 1/255, not {config['rescale_factor']}")
    size = config["size"] if isinstance(config["size"], dict) else {"shortest_edge": config["size"]}
    squash = "shortest_edge" not in size
    ends = config["crop_size"] if config["do_center_crop"] else size
    ends = ends if isinstance(ends, dict) else {"height": ends, "width": ends}
    if (ends.get("height"), ends.get("width")) != (side, side):
        raise UsageError("ASC1324", f"`{where}`: pictures must end as {side}×{side} pixels, the vision tower's input")
    if squash and (size.get("height"), size.get("width")) != (side, side):
        raise UsageError("ASC1324", f"`{where}`: size must have a shortest_edge, or be {side}×{side}")
    return Image(
        height=side,
        width=side,
        mean=_three(config["image_mean"]),
        std=_three(config["image_std"]),
        resize="squash" if squash else "shortest-edge",
        resize_to=None if squash else size["shortest_edge"],
        interpolation="bilinear" if config["resample"] == 2 else "bicubic",
    )


def processor(config: dict[str, Any]) -> Any:
    """Transformers' processor that computes with Pillow and numpy; it has this name since transformers 5."""
    import transformers

    cls = getattr(transformers, "CLIPImageProcessorPil", None) or transformers.CLIPImageProcessor
    return cls(
        **{key: value for key, value in config.items() if not key.endswith("_type") and key != "processor_class"}
    )


def _three(numbers: list[float]) -> tuple[float, float, float]:
    red, green, blue = map(float, numbers)
    return red, green, blue

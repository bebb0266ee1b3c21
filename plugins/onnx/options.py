"""What a recipe may say about an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from ascendc import Image, Options

Three = tuple[float, float, float]


class Section(BaseModel):
    """A part of the options: unknown keys are errors here too."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Preprocessing(Section):
    """How pictures become an input; height and width are the input's own."""

    mean: Three = Field((0.0, 0.0, 0.0), description="Per channel, RGB, of pixels scaled to 0..1.")
    std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (1.0, 1.0, 1.0)
    resize: Literal["shortest-edge", "squash"] = "shortest-edge"
    resize_to: PositiveInt | None = Field(None, description="Length of the shorter side before the crop.")
    interpolation: Literal["bicubic", "bilinear"] = "bilinear"

    def image(self, height: int, width: int) -> Image:
        """As the contract has it."""
        return Image(height, width, self.mean, self.std, self.resize, self.resize_to, self.interpolation)


class Input(Section):
    """One input of the graph."""

    shape: tuple[PositiveInt | Literal["batch"], ...] | None = Field(
        None, description="Its sizes, for axes that the file leaves open; `batch` first."
    )
    below: PositiveInt = Field(2, description="Generated whole numbers are smaller than this (a vocabulary's size).")
    image: Preprocessing | None = Field(None, description="Set where pictures go in: N x 3 x height x width.")


class OnnxOptions(Options):
    """What a recipe may say under ``model.options``."""

    part: str = Field("model", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="What the graph is called.")
    inputs: dict[str, Input] = Field({}, description="By name; inputs that the file describes fully need no entry.")
    free_batch: bool = Field(False, description="Make a batch that the file fixes symbolic (pass `symbolic-batch`).")
    labels: Path | None = Field(None, description="A file with the name of one class a line, for answers.")

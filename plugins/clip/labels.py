"""Labels that are baked into an image-only bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ascendc import UsageError
from ascendc.runtime import InputError

from .device.labels import Labels as Embedded
from .device.labels import averaged, read_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from transformers import CLIPModel

    from .tokens import Tokenizer

_AT_ONCE = 64


@dataclass(frozen=True)
class Labels:
    """Names, in the order of the file."""

    names: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Labels:
        """From a file with one label a line; blank lines are skipped.

        Raises:
            UsageError: there is no such file, it is not text, holds no label, or one twice (ASC1337).
        """
        try:
            return cls(read_names(path))
        except InputError as error:
            raise UsageError("ASC1337", str(error)) from error

    def embed(self, clip: CLIPModel, tokenizer: Tokenizer, template: str) -> Embedded:
        """Their embeddings by the text tower, in the texts that `template` makes of them."""
        import torch

        from .towers import Tower

        tower = Tower(clip, "text", normalize=True)

        def encode(texts: Sequence[str]) -> np.ndarray:
            ids = tokenizer.batch(list(texts))
            with torch.inference_mode():
                rows = [tower(torch.from_numpy(ids[i : i + _AT_ONCE])).numpy() for i in range(0, len(ids), _AT_ONCE)]
            return np.concatenate(rows)

        return Embedded(self.names, averaged(self.names, (template,), encode))

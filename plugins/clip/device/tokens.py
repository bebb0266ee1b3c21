"""Texts to token ids, equal to transformers' `CLIPTokenizer`."""

import json
from pathlib import Path
from typing import Any, List, Sequence

import numpy as np

from ascendc_runtime import InputError

_SHOWN = 60
"""Characters of a text that a message repeats."""


class Tokens:
    """The tokenizer of a bundle: ``tokenizer.json`` by the `tokenizers` library, and the frame of ``clip.json``."""

    def __init__(self, assets: Path) -> None:
        """Read both files of the assets folder."""
        from tokenizers import Tokenizer  # not needed, hence not imported, where labels are baked in

        config = json.loads((assets / "clip.json").read_text(encoding="utf-8"))
        self._length: int = config["context_length"]
        self._bos, self._eos, self._pad = config["bos"], config["eos"], config["pad"]
        self._dtype: str = config["input_dtype"]
        self._tokenizer: Any = Tokenizer.from_file(str(assets / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def batch(self, texts: Sequence[str]) -> np.ndarray:
        """Ids, start and end included, padded to the context length: texts × length.

        Raises:
            InputError: a text is none, or too long.
        """
        ids = np.full((len(texts), self._length), self._pad, dtype=self._dtype)
        for row, text in zip(ids, texts):
            found = self._ids(text)
            row[: len(found)] = found
        return ids

    def _ids(self, text: str) -> List[int]:
        if not isinstance(text, str):
            raise InputError("a text must be a string, not {!r:.60}".format(text))
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError("text {} must be Unicode: it holds a lone surrogate".format(ascii(text)))
        found: List[int] = [self._bos, *self._tokenizer.encode(text, add_special_tokens=False).ids, self._eos]
        if len(found) > self._length:
            shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
            raise InputError(
                "text {} has {} tokens; at most {} are allowed, start and end included".format(
                    json.dumps(shown, ensure_ascii=False), len(found), self._length
                )
            )
        return found

"""Texts to ``input_ids``: the checkpoint's tokenizer by transformers, or a stand-in where weights are random."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

START, END = "<|startoftext|>", "<|endoftext|>"
_STAND_IN_END = 49407


class Tokenizer:
    """A CLIP tokenizer and the length that its model takes."""

    def __init__(self, tokenizer: Any, context_length: int) -> None:
        """Wrap a tokenizer of transformers."""
        self._tokenizer, self._length = tokenizer, context_length
        self.bos, self.eos, self.pad = (
            int(tokenizer.bos_token_id),
            int(tokenizer.eos_token_id),
            int(tokenizer.pad_token_id),
        )

    @classmethod
    def read(cls, folder: Path, context_length: int) -> Tokenizer:
        """The tokenizer of a checkpoint.

        Raises:
            UsageError: the folder has none (ASC1325).
        """
        import transformers

        if not (folder / "tokenizer.json").is_file() and not (folder / "vocab.json").is_file():
            raise UsageError(
                "ASC1325",
                f"`{folder}` holds no tokenizer; it must have tokenizer.json, or vocab.json and merges.txt",
            )
        # The two are one since transformers 5; before, the other one is slow, and differs where ftfy is installed.
        cls_ = getattr(transformers, "CLIPTokenizerFast", None) or transformers.CLIPTokenizer
        return cls(cls_.from_pretrained(str(folder), local_files_only=True), context_length)

    @classmethod
    def stand_in(cls, context_length: int) -> Tokenizer:
        """CLIP's vocabulary without its merges: a token per byte, and start and end of text by their true ids."""
        with tempfile.TemporaryDirectory() as folder:
            write_stand_in(Path(folder))
            return cls.read(Path(folder), context_length)

    def batch(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        """Ids, start and end included, padded to the context length: texts × length.

        Raises:
            UsageError: a text has too many tokens (ASC1326).
        """
        encoded = self._tokenizer(list(texts), padding="max_length", max_length=self._length, truncation=False)
        for text, ids in zip(texts, encoded["input_ids"], strict=True):
            if len(ids) > self._length:
                raise UsageError(
                    "ASC1326",
                    f"text `{text if len(text) <= 60 else text[:59] + '…'}` has {len(ids)} tokens; at most "
                    f"{self._length} are allowed, start and end included",
                )
        return np.asarray(encoded["input_ids"], np.int32).reshape(len(texts), self._length)

    def save(self, path: Path) -> None:
        """Write it as one ``tokenizer.json``, without padding and truncation."""
        backend = self._tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        backend.save(str(path))


def write_stand_in(folder: Path) -> None:
    """Write the stand-in as vocab.json and merges.txt."""
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*letters, *(f"{letter}</w>" for letter in letters)])}
    vocabulary |= {START: _STAND_IN_END - 1, END: _STAND_IN_END}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")


def end_of_text(folder: Path) -> int | None:
    """The id of the end-of-text token by a checkpoint's files, without transformers; None where they do not say."""
    if (path := folder / "tokenizer.json").is_file():
        content = json.loads(path.read_text(encoding="utf-8"))
        added = {token["content"]: token["id"] for token in content.get("added_tokens", ())}
        found = added.get(END, content.get("model", {}).get("vocab", {}).get(END))
    elif (path := folder / "vocab.json").is_file():
        found = json.loads(path.read_text(encoding="utf-8")).get(END)
    else:
        return None
    return None if found is None else int(found)

"""What a search has found out, in a file, so that one that was interrupted goes on where it was."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc import keys
from ascendc.graph import outline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt
    import onnx_ir as ir

    Array = npt.NDArray[Any]


class Notes:
    """Numbers and rows of integers by key.

    The file has a JSON object a line and is only ever appended to. A line that a kill has torn, and any other that is
    none of ours, is passed over.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read what is there.

        Args:
            path: the file, made by the first note; None: nothing outlives the process.
        """
        self._path = path
        self._numbers: dict[str, float] = {}
        self._integers: dict[str, list[int]] = {}
        content = path.read_bytes() if path is not None and path.exists() else b""
        for line in content.splitlines():
            self._read(line)
        self._torn = bool(content) and not content.endswith(b"\n")

    def knows(self, key: str) -> bool:
        """Whether there is a number under a key."""
        return key in self._numbers

    def number(self, key: str, find: Callable[[], float]) -> float:
        """What is noted under a key, or what `find` gives, which is noted then; may be infinite."""
        if key not in self._numbers:
            self._numbers[key] = found = find()
            self._write({"key": key, "number": found if np.isfinite(found) else None})
        return self._numbers[key]

    def integers(self, key: str, find: Callable[[], list[int]]) -> list[int]:
        """The same of a row of integers."""
        if key not in self._integers:
            self._integers[key] = found = find()
            self._write({"key": key, "integers": found})
        return self._integers[key]

    def _read(self, line: bytes) -> None:
        try:
            note = json.loads(line)
        except ValueError:  # torn, or not even text
            return
        match note:
            case {"key": str(key), "number": None}:
                self._numbers[key] = float("inf")
            case {"key": str(key), "number": int(number) | float(number)}:
                self._numbers[key] = float(number)
            case {"key": str(key), "integers": [*found]} if all(type(one) is int for one in found):
                self._integers[key] = found

    def _write(self, note: dict[str, object]) -> None:
        if self._path is None:
            return
        line = ("\n" if self._torn else "") + json.dumps(note) + "\n"
        with self._path.open("ab") as file:  # one write: two searches that share the file do not mix their lines
            file.write(line.encode())
        self._torn = False


def fingerprint(model: ir.Model, samples: Mapping[str, Array]) -> str:
    """A digest of what a trial's error depends on, but for what is rounded: graph, weights, samples, our code."""
    digest = hashlib.sha256(keys.code("ascendc").encode())
    proto = outline(model)
    for tensor in proto.graph.initializer:
        del tensor.external_data[:]  # where a weight lies says nothing about it
        tensor.doc_string = ""
    digest.update(proto.SerializeToString(deterministic=True))
    weights = {name: value.const_value for name, value in model.graph.initializers.items()}
    arrays = {**{name: tensor.numpy() for name, tensor in weights.items() if tensor is not None}, **samples}
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()

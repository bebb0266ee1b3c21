"""Answers to a folder of pictures, told as they come. Python 3.7, numpy."""

import json
import os
import sys
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import Any, Callable, Deque, Dict, Generator, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .folder import pictures_in
from .npz import keep
from .service import Answer, Broken, InputError, PictureError
from .session import shape_text


class Count(NamedTuple):
    """What became of the pictures."""

    answered: int
    skipped: int

    def __str__(self) -> str:
        """As ``298 pictures, 2 skipped``."""
        skipped = ", {} skipped".format(self.skipped) if self.skipped else ""
        return "{} picture{}{}".format(self.answered, "" if self.answered == 1 else "s", skipped)


def pictures(paths: Sequence[str], on_broken: Optional[Broken] = None) -> Iterator[str]:
    """The pictures of folders, and files as they are, found as they are asked for.

    Raises:
        InputError: a folder holds none.
        PictureError: a folder cannot be read, and `on_broken` is None.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - pathlib would raise for links that lead in a circle
            yield from pictures_in(path, on_broken)
        else:
            yield path


def tell_each(
    ask: Callable[[Optional[Broken]], Generator[Answer, None, None]],
    *,
    skip_broken: bool,
    as_json: bool,
    output: Optional[Path],
) -> Count:
    """Print each answer when it comes, and keep names and arrays.

    Args:
        ask: the question; it is given what is to be told of broken pictures, None: the first ends it.
        skip_broken: leave broken pictures out, and say so: on stderr, or as JSON in their line.
        as_json: one object a line.
        output: an ``.npz`` for the arrays of all answers, joined by name, and ``names``; written last, all at once.

    Raises:
        InputError: the question is wrong, a picture is broken, or `output` cannot be written.
    """
    broken: Deque[Tuple[str, str]] = deque()  # not the errors: their tracebacks hold pictures
    kept: List[Dict[str, np.ndarray]] = []
    answered = skipped = 0

    def tell_broken() -> int:
        told = len(broken)
        while broken:
            image, why = broken.popleft()
            if as_json:
                _print_json({"image": image, "error": why})
            else:
                print("skipped: {}".format(why), file=sys.stderr, flush=True)
        return told

    def leave_out(image: str, error: PictureError) -> None:
        broken.append((image, str(error)))

    try:
        with closing(ask(leave_out if skip_broken else None)) as answers:
            for answer in answers:
                skipped += tell_broken()
                answered += 1
                for result in answer.results if as_json else ():
                    _print_json(result)
                for line in () if as_json else answer.lines:
                    print(line, flush=True)
                if output is not None:
                    kept.append({name: _row(name, array) for name, array in answer.arrays.items()})
    finally:
        skipped += tell_broken()
    if output is not None:
        if not kept:
            raise InputError("--output: there is nothing to write: no picture could be taken")
        keep("--output", output, {name: _joined(name, [arrays[name] for arrays in kept]) for name in kept[0]})
    return Count(answered, skipped)


def _joined(name: str, arrays: List[np.ndarray]) -> np.ndarray:
    shapes = sorted({array.shape[1:] for array in arrays})
    if len(shapes) > 1:
        raise InputError("--output: `{}` has several shapes: {}".format(name, ", ".join(map(shape_text, shapes))))
    return np.concatenate(arrays)


def _row(name: str, array: np.ndarray) -> np.ndarray:
    """The array of one picture, as a row."""
    row = np.atleast_1d(array)
    if len(row) != 1:
        raise InputError("--output: `{}` has {} rows for a picture; one is kept of each".format(name, len(row)))
    return row


def _print_json(value: Dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)

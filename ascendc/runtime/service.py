"""What every device half speaks: a user's mistake, and an answer.

A device half is the package of a plugin that travels to the board. It offers::

    prepare(part, images, texts, arrays, assets, spec=None) -> Dict[str, np.ndarray]
    open_service(sessions, assets) -> an object with run(images=(), texts=(), arrays=(), top_k=5) -> Answer

and may import this package by the name that it has on the board, ``ascendc_runtime``. Python 3.7, numpy.
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, Mapping

import numpy as np

from .session import Session, SessionError


class InputError(ValueError):
    """A user's input is wrong; the message names the file or the text and says what is allowed."""


@dataclass(frozen=True)
class Answer:
    """What a service says about its inputs."""

    lines: List[str]
    """For people."""
    results: List[Dict[str, Any]]
    """The same as JSON-able values, one entry per input."""
    arrays: Dict[str, np.ndarray]
    """Embeddings or outputs, rows in the order of the inputs."""


class HalfError(Exception):
    """A device half failed in `call`: it raised, and that is the cause, or what it returned is of the wrong kind."""

    def __init__(self, call: str, complaint: str) -> None:
        super().__init__("failed in {}: {}".format(call, complaint))
        self.call, self.complaint = call, complaint


def ask(half: ModuleType, sessions: Mapping[str, Session], assets: Path, question: Mapping[str, Any]) -> Answer:
    """Open a device half's service over `sessions` and put one question to it.

    Args:
        half: the device half.
        sessions: by part.
        assets: the bundle's assets folder.
        question: the keyword arguments of its `run`.

    Raises:
        InputError: the question is wrong.
        SessionError: an engine failed.
        HalfError: the device half did.
    """
    with blame("open_service()"):
        service = half.open_service(sessions, assets)
    with blame("run()"):
        answer = service.run(**question)
    complaint = _complaint(answer)
    if complaint:
        raise HalfError("run()", complaint)
    found: Answer = answer
    return found


@contextmanager
def blame(call: str) -> Iterator[None]:
    """Say in which call a device half raised; the user's mistakes and the engines' failures pass."""
    try:
        yield
    except (InputError, SessionError):
        raise
    except Exception as error:
        raise HalfError(call, "{}: {}".format(type(error).__name__, error)) from error


def _complaint(answer: object) -> str:
    """What is wrong with an answer; nothing if all is well."""
    if not isinstance(answer, Answer):
        return "it returned {}, not ascendc_runtime.Answer".format(type(answer).__name__)
    fields: Dict[str, Any] = vars(answer)
    for name, kind in (("lines", list), ("results", list), ("arrays", dict)):
        if not isinstance(fields[name], kind):
            return "Answer.{} must be a {}, not {}".format(name, kind.__name__, type(fields[name]).__name__)
    for line in fields["lines"]:
        if not isinstance(line, str):
            return "Answer.lines must hold text, not {}".format(type(line).__name__)
    for name, array in fields["arrays"].items():
        if not isinstance(array, np.ndarray):
            return "Answer.arrays must hold arrays; `{}` is of type {}".format(name, type(array).__name__)
    try:
        json.dumps(fields["results"])
    except (TypeError, ValueError) as error:
        return "Answer.results must be JSON-able: {}".format(error)
    return ""

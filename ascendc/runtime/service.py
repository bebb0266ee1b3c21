"""What every device half speaks: a user's mistake, and an answer.

A device half is the package of a plugin that travels to the board. It offers::

    prepare(part, images, texts, arrays, assets, spec=None) -> Dict[str, np.ndarray]
    open_service(sessions, assets) -> an object with run(images=(), texts=(), arrays=(), top_k=5) -> Answer

That object may offer more::

    answers(images, texts=(), top_k=5, on_broken=None) -> a generator of Answer, one to each of any number of pictures
    labelled(file, templates=()) -> an object like itself that ranks the labels of a file where no texts are given

A device half may import this package by the name that it has on the board, ``ascendc_runtime``. Python 3.7, numpy.
"""

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, Generator, Iterable, Iterator, List, Mapping, Optional, Sequence

import numpy as np

from .session import Session, SessionError


class InputError(ValueError):
    """A user's input is wrong; the message names the file or the text and says what is allowed."""


class PictureError(InputError):
    """A picture is missing, damaged, or none, or a folder of some cannot be read; the message names it.

    Of many pictures, such a one may be left out.
    """


Broken = Callable[[str, PictureError], None]
"""Is told of a picture, or a folder of some, that is left out, and why."""


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


@dataclass(frozen=True)
class LabelFile:
    """Labels that a user gives."""

    path: str
    """A text, or embeddings in an ``.npz``."""
    templates: Sequence[str] = ()
    """What a label's text is made of."""


def ask(
    half: ModuleType,
    sessions: Mapping[str, Session],
    assets: Path,
    question: Mapping[str, Any],
    labels: Optional[LabelFile] = None,
) -> Answer:
    """Open a device half's service over `sessions` and put one question to it.

    Args:
        half: the device half.
        sessions: by part.
        assets: the bundle's assets folder.
        question: the keyword arguments of its `run`.
        labels: what to rank instead of texts.

    Raises:
        InputError: the question is wrong.
        SessionError: an engine failed.
        HalfError: the device half did.
    """
    service = _opened(half, sessions, assets, labels)
    with blame("run()"):
        answer = service.run(**question)
    return _checked(answer, "run()")


def ask_each(
    half: ModuleType,
    sessions: Mapping[str, Session],
    assets: Path,
    images: Iterable[str],
    question: Mapping[str, Any],
    labels: Optional[LabelFile] = None,
    on_broken: Optional[Broken] = None,
) -> Generator[Answer, None, None]:
    """As `ask`, of any number of pictures: an answer to each, in order. A half without `answers` is asked one by one.

    Args:
        half: the device half.
        sessions: by part.
        assets: the bundle's assets folder.
        images: asked for as the answers go.
        question: the other keyword arguments of its `answers`: ``texts`` and ``top_k``.
        labels: what to rank instead of texts.
        on_broken: is told of pictures that cannot be taken, which are left out; None: the first ends it.

    Raises:
        InputError, SessionError, HalfError: as `ask`.
    """
    service = _opened(half, sessions, assets, labels)
    if not hasattr(service, "answers"):
        yield from _one_by_one(service, images, question, on_broken)
        return
    with blame("answers()"):
        found = service.answers(images, on_broken=on_broken, **question)
    outputs: Optional[List[str]] = None
    with closing(found):
        while True:
            with blame("answers()"):
                try:
                    answer = next(found)
                except StopIteration:
                    return
            told = _checked(answer, "answers()")
            outputs = _same(outputs, told, "answers()")
            yield told


def _one_by_one(
    service: Any,
    images: Iterable[str],
    question: Mapping[str, Any],
    on_broken: Optional[Broken],
) -> Iterator[Answer]:
    outputs: Optional[List[str]] = None
    for image in images:
        try:
            with blame("run()"):
                answer = service.run(images=[image], **question)
        except PictureError as error:
            if on_broken is None:
                raise
            on_broken(image, error)
            continue
        told = _checked(answer, "run()")
        outputs = _same(outputs, told, "run()")
        if "names" in outputs:
            raise InputError(
                "an output of this model is called `names`, which stands for the pictures where they are answered one "
                "by one; give pictures as files, with --embed"
            )
        yield Answer(told.lines, told.results, dict(told.arrays, names=np.array([image])))


def _opened(half: ModuleType, sessions: Mapping[str, Session], assets: Path, labels: Optional[LabelFile]) -> Any:
    with blame("open_service()"):
        service = half.open_service(sessions, assets)
    if labels is None:
        return service
    if not hasattr(service, "labelled"):
        raise InputError("this bundle ranks no labels: --labels is not for its model")
    with blame("labelled()"):
        return service.labelled(labels.path, labels.templates)


@contextmanager
def blame(call: str) -> Iterator[None]:
    """Say in which call a device half raised; the user's mistakes and the engines' failures pass."""
    try:
        yield
    except (InputError, SessionError):
        raise
    except Exception as error:
        raise HalfError(call, "{}: {}".format(type(error).__name__, error)) from error


def _checked(answer: Any, call: str) -> Answer:
    complaint = _complaint(answer)
    if complaint:
        raise HalfError(call, complaint)
    found: Answer = answer
    return found


def _same(before: Optional[List[str]], answer: Answer, call: str) -> List[str]:
    """The names of an answer's arrays, which are those of the answer before it."""
    names = sorted(answer.arrays)
    if before not in (None, names):
        raise HalfError(call, "Answer.arrays held {} and now {}".format(before, names))
    return names


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
        if array.dtype.hasobject:
            return "Answer.arrays must hold numbers or text; `{}` holds objects".format(name)
    try:
        json.dumps(fields["results"])
    except (TypeError, ValueError) as error:
        return "Answer.results must be JSON-able: {}".format(error)
    return ""

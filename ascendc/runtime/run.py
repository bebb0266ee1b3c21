"""The verb ``run``: a question to the model of a bundle, its answer on stdout. Python 3.7, numpy."""

import argparse
import json
import os
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Generator, List, Mapping, NamedTuple, Optional, Tuple

from .bundle import Bundle
from .engine import Engine, open_part
from .npz import check_writable, keep
from .service import Answer, Broken, HalfError, InputError, LabelFile, PictureError, ask, ask_each
from .session import Session
from .stream import pictures, tell_each

SKIPPED = 4
"""The exit code where broken pictures were left out: files were refused."""

_ARRAYS = ".npz or .npy, for models with other inputs"


def add_options(verb: argparse.ArgumentParser) -> None:
    """What a question is made of."""
    several: Dict[str, Any] = {"nargs": "+", "action": "append", "default": []}
    verb.add_argument("--image", metavar="FILE|FOLDER", help="a folder's pictures are answered as they come", **several)
    verb.add_argument("--texts", metavar="TEXT", **several)
    verb.add_argument("--labels", metavar="FILE", help="what to rank instead: .txt, one a line, or .npz, embeddings")
    verb.add_argument("--template", metavar="TEXT", help="a label's texts, as `a photo of a {}`; averaged", **several)
    verb.add_argument("--arrays", metavar="FILE", help=_ARRAYS, **several)
    verb.add_argument("--top-k", type=int, default=5, help="how many are named per input; 0: embeddings only")
    verb.add_argument("--embed", metavar="FILE.npz", help="keep the embeddings, or the outputs")
    verb.add_argument("--output", metavar="FILE.npz", help="keep names and embeddings, of pictures or else of labels")
    verb.add_argument("--skip-broken", action="store_true", help="leave pictures out that cannot be read; exit code 4")
    one = "one JSON object; with a folder, --output or --skip-broken, one a line"
    verb.add_argument("--json", action="store_true", help=one)


class Question(NamedTuple):
    """What the user asked, before anything is opened."""

    images: Tuple[str, ...]
    texts: Tuple[str, ...]
    arrays: Tuple[str, ...]
    top_k: int
    labels: Optional[LabelFile]
    embed: Optional[Path]
    output: Optional[Path]
    streamed: bool
    """Whether pictures are answered one by one, as they come."""
    skip_broken: bool
    as_json: bool


def question_of(args: argparse.Namespace) -> Question:
    """Sort out the options.

    Raises:
        InputError: some do not go together, or a file could not be written.
    """
    images, templates = _flat(args.image), _flat(args.template)
    output = Path(args.output) if args.output is not None else None
    embed = _npz(args.embed) if args.embed is not None else None
    labels = LabelFile(args.labels, templates) if args.labels is not None else None
    folder = any(os.path.isdir(path) for path in images)  # noqa: PTH112 - as in `stream`
    streamed = folder or (bool(images) and (output is not None or args.skip_broken))
    if templates and labels is None:
        raise InputError("--template makes texts of labels: give --labels FILE.txt")
    if streamed and (embed is not None or args.arrays):
        given, instead = ("--arrays", "") if embed is None else ("--embed", "; --output keeps names and embeddings")
        raise InputError("{} does not go with pictures that are answered one by one{}".format(given, instead))
    if output is not None:
        if not images and labels is None:
            raise InputError("--output is for the embeddings of pictures or labels; --embed keeps those of texts")
        check_writable("--output", output)
    if embed is not None:
        check_writable("--embed", embed)
    return Question(
        images,
        _flat(args.texts),
        _flat(args.arrays),
        args.top_k,
        labels,
        embed,
        output,
        streamed,
        args.skip_broken,
        args.json,
    )


def run(bundle: Bundle, args: argparse.Namespace) -> int:
    """Ask the model a question.

    Raises:
        InputError: the question is wrong.
        SessionError: an engine failed.
        HalfError: the device half did, for any other reason than the next.
        ImportError: a module that the manifest names is not installed.
    """
    question = question_of(args)
    engines: Dict[str, Engine] = {}
    with ExitStack() as stack:
        for part in bundle.manifest.parts:
            engines[part.name] = open_part(
                bundle, part.name, args.target, args.device, allow_simulated=args.allow_simulated
            )
            stack.callback(engines[part.name].session.close)
        sessions = {name: engine.session for name, engine in engines.items()}
        try:
            put = _stream if question.streamed else _answer
            said, code = put(bundle.device_half(), sessions, bundle.folder / "assets", question)
        except HalfError as error:
            cause = error.__cause__
            if isinstance(cause, ModuleNotFoundError) and top_module(cause) in bundle.manifest.device.modules:
                raise cause from None
            raise
    notes = [note for engine in engines.values() for note in engine.notes]
    notes += ["note: {}".format(note) for note in bundle.manifest.model.notes]
    names = {name: engine.session.engine for name, engine in engines.items()}
    passed_over = list(dict.fromkeys(reason for engine in engines.values() for reason in engine.session.passed_over))
    if args.json:
        devices = {name: engine.session.device for name, engine in engines.items()}
        record = {"engines": names, "devices": devices, "passed_over": passed_over, "notes": notes}
        print(json.dumps({**said.record, **record}, ensure_ascii=False))
    else:
        reasons = ["passed over {}".format(reason) for reason in passed_over] if args.verbose else []
        print("\n".join([*said.lines, *notes, *reasons, *("{}: {}".format(*item) for item in names.items())]))
    return code


class _Said(NamedTuple):
    """What is said before the engines, or what is left to say."""

    lines: List[str]
    record: Dict[str, Any]


def _answer(half: ModuleType, sessions: Mapping[str, Session], assets: Path, question: Question) -> Tuple[_Said, int]:
    """All at once."""
    asked = {
        "images": question.images,
        "texts": question.texts,
        "arrays": question.arrays,
        "top_k": question.top_k,
    }
    answer = ask(half, sessions, assets, asked, question.labels)
    if question.embed is not None:
        keep("--embed", question.embed, answer.arrays)
    if question.output is not None:
        keep("--output", question.output, answer.arrays)
    return _Said(answer.lines, {"results": answer.results}), 0


def _stream(half: ModuleType, sessions: Mapping[str, Session], assets: Path, question: Question) -> Tuple[_Said, int]:
    """Picture by picture."""

    def each(on_broken: Optional[Broken]) -> Generator[Answer, None, None]:
        asked = {"texts": question.texts, "top_k": question.top_k}
        images = pictures(question.images, on_broken)
        return ask_each(half, sessions, assets, images, asked, question.labels, on_broken)

    try:
        count = tell_each(each, skip_broken=question.skip_broken, as_json=question.as_json, output=question.output)
    except PictureError as error:
        raise InputError("{}\n  hint: --skip-broken leaves such pictures out, and says which".format(error)) from error
    record = {"pictures": count.answered, "skipped": count.skipped}
    return _Said([str(count)], record), SKIPPED if count.skipped else 0


def top_module(error: ImportError) -> str:
    """The top-level module that an import was about."""
    return (error.name or "").partition(".")[0]


def _npz(path: str) -> Path:
    return Path(path if path.endswith(".npz") else path + ".npz")


def _flat(groups: List[List[str]]) -> Tuple[str, ...]:
    """``--texts a b --texts c`` as one; argparse's own "extend" is newer than Python 3.7."""
    return tuple(item for group in groups for item in group)

"""``ascendc explain``: what an error code or a log of ATC means, and what to do."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascendc.cann.explain.diagnosis import Diagnosis, Explanation
    from ascendc.cann.explain.seen import Model
    from ascendc.cann.explain.table import Language

VERSION = "1"
"""Of the JSON; fields may be added to it."""

_WIDEST = 110
"""Columns of a wrapped line, on a terminal that has more."""


@click.command()
@click.argument("code", required=False)
@click.option("-f", "--file", "file", metavar="LOG", help="A log instead, or a folder of logs; `-`: standard input.")
@click.option("--model", type=click.Path(path_type=Path), help="The ONNX model, to show where in it the error is.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language [by LC_ALL, LC_MESSAGES, LANG; else en].")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: docs/explain.schema.json.")
def explain(
    code: str | None, file: str | None, model: Path | None, lang: Literal["en", "zh"] | None, as_json: bool
) -> None:
    """Say what CODE means, or what the root cause in a log is, and what to do.

    CODE is one of ATC (E16002, EZ3003, W11001) or a return code of AscendCL (145000, 507018). A log is what ATC
    printed, its own log (~/ascend/log/debug/plog), or a folder of either. Nothing is run.
    """
    from ascendc.cann.explain import diagnosis, logs

    if (code is None) == (file is None):
        raise click.UsageError("Give either CODE or -f LOG.")
    if code is not None and model is not None:
        raise click.UsageError("--model goes with -f LOG.")
    language = lang or language_of_environment()
    if file is None:
        result = diagnosis.of_code(str(code), language)
    else:
        read = logs.read(file)
        result = diagnosis.of_logs(read, language, _model(model) if model else None)
    click.echo(as_text(result) if as_json else "\n".join(_lines(result)))


def language_of_environment() -> Language:
    """Chinese if the locale is; the variables count in the order in which the C library looks at them."""
    said = next((text for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (text := os.environ.get(name))), "")
    return "zh" if said.lower().startswith("zh") else "en"


def as_text(result: Diagnosis) -> str:
    """One line of JSON, as `docs/explain.schema.json` describes it."""
    import json
    from dataclasses import asdict

    return json.dumps({"version": VERSION, **asdict(result)}, ensure_ascii=False)


def schema_text() -> str:
    """``docs/explain.schema.json``."""
    import json

    from ascendc.cann.explain.diagnosis import Diagnosis
    from ascendc.contract import DIALECT, schema_of

    schema = {"$schema": DIALECT, "title": "ascendc explain --json", **schema_of(Diagnosis, version=VERSION)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _model(path: Path) -> Model:
    from ascendc.cann.explain.seen import Model
    from ascendc.onnx_file import read_outline

    outline = read_outline(path)
    return Model(str(path), path.stat().st_size, outline)


def _lines(result: Diagnosis) -> Iterator[str]:
    from ascendc.cann.explain.table import phrase

    def word(name: str) -> str:
        return phrase(name, result.language)

    root = result.root
    yield from _wrapped(_title(root, result.language), root.cause)
    parts = [("where", place) for place in root.where] + [("fix", root.fix), ("run", root.command)]
    before = ""
    for name, text in parts:
        if text:
            label = "" if name == before else word(name)
            yield from _wrapped(f"  {_padded(label, 7)}", text, whole=name == "run")
            before = name
    if result.quoted:
        yield ""
        yield word("says")
        for quote in result.quoted:
            yield f"  {quote.log}:{quote.line}: {quote.text}"
    if result.others:
        yield ""
        yield word("also")
        for other in result.others:
            yield from _wrapped(f"  {_title(other, result.language)}", other.cause)


def _title(one: Explanation, language: Language) -> str:
    """``E16002 (operator): ``."""
    from ascendc.cann.explain.table import phrase

    return phrase("title", language, name=one.code or one.id, kind=phrase(f"kind_{one.kind}", language))


def _wrapped(label: str, text: str, *, whole: bool = False) -> list[str]:
    """`text` behind `label`, wrapped under itself where a terminal shows it; a command stays whole."""
    if whole or not sys.stdout.isatty():
        return [f"{label}{text}"]
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    indent = 9
    lines, line = [], label
    for piece in _pieces(text):
        if _columns(line) + _columns(piece.rstrip()) > width and line.strip():
            lines.append(line.rstrip())
            line = " " * indent
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    """Where a line may end: behind a space, and behind a Chinese character that no mark of punctuation follows."""
    import re

    return re.findall(r"[\u2e80-\uffef][，。、；：）」！？]*|[^\u2e80-\uffef\s]+[，。、；：）」！？]*\s*|\s+", text)


def _columns(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(label: str, columns: int) -> str:
    return label + " " * (columns - _columns(label))

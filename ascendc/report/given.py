"""The files a report is made of, told apart by what they contain."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.account import record
from ascendc.account.record import Record
from ascendc.bench import result as bench
from ascendc.bench.result import Results
from ascendc.bundle import manifest as manifests
from ascendc.check import Report
from ascendc.errors import UsageError
from ascendc.judge import result as judge
from ascendc.judge.result import Verdict
from ascendc.runtime import manifest
from ascendc.runtime.manifest import Manifest

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from ascendc.outlook import Outlook

MOST_BYTES = 64 << 20
"""Of a file of results: a hundred times what any has had so far."""

RECORD_ENDS = ".build.json"

HINT = (
    "give a bundle, its .build.json, or what `ascendc bench --output`, `ascendc compare --json`, `ascendc forecast "
    "--json` or `ascendc check --json` wrote"
)


@dataclass(frozen=True)
class Build:
    """A bundle, the record of a build, or both where they belong together."""

    name: str
    folder: Path | None = None
    """Of the bundle."""
    manifest: Manifest | None = None
    record: Record | None = None
    is_other: bool = False
    """The record that lies beside the bundle is of another build, and left out."""


@dataclass(frozen=True)
class Given:
    """Everything that was given."""

    builds: tuple[Build, ...] = ()
    checks: tuple[Report, ...] = ()
    forecasts: tuple[Outlook, ...] = ()
    benches: tuple[Results, ...] = ()
    comparisons: tuple[Verdict, ...] = ()
    sources: tuple[str, ...] = ()
    """The files, as they were named."""


def read(paths: Iterable[Path]) -> Given:
    """Read all files; what is named twice counts once.

    Args:
        paths: folders of bundles, or files of results in JSON: one document, or one a line.

    Raises:
        UsageError: a file cannot be read or is too large (ASC2901), or it holds nothing that a report knows (ASC2902);
            or a manifest is missing or wrong (ASC1801, ASC1802).
    """
    given = Given()
    for path in dict.fromkeys(path.resolve() for path in paths):
        given = replace(given, sources=(*given.sources, path.name))
        for found in _folder(path) if path.is_dir() else _file(path):
            given = _with(given, found)
    return given


def _with(given: Given, found: object) -> Given:
    match found:
        case Build():
            return given if found in given.builds else replace(given, builds=(*given.builds, found))
        case Report():
            return replace(given, checks=(*given.checks, found))
        case Results():
            return given if found in given.benches else replace(given, benches=(*given.benches, found))
        case Verdict():
            return replace(given, comparisons=(*given.comparisons, found))
        case _:
            return replace(given, forecasts=(*given.forecasts, found))  # type: ignore[arg-type]  # the last kind


def _folder(path: Path) -> Iterable[object]:
    beside = path.with_name(path.name + RECORD_ENDS)
    if (path / manifest.FILE).is_file() or not beside.is_file():
        manifests.read(path)  # says what is wrong with a folder that is no bundle
    return _with_benchmark(_build(path, beside), beside)


def _with_benchmark(build: Build, beside: Path) -> Iterator[object]:
    """The build, and the results of its own benchmark where they lie beside its record."""
    yield build
    if build.record is not None and build.record.benchmark:
        path = beside.with_name(Path(build.record.benchmark).name)  # elsewhere, a record may name anything
        if path.is_file():
            yield from _file(path)


def _build(folder: Path, beside: Path) -> Build:
    """A bundle's folder and the record beside it, either of which may be missing, but not both."""
    known = _record(beside) if beside.is_file() else None
    if not (folder / manifest.FILE).is_file():
        return Build(folder.name, record=known)
    made = Build(folder.name, folder, manifests.read(folder))
    digest = hashlib.sha256((folder / manifest.FILE).read_bytes()).hexdigest()
    if known is not None and known.bundle_digest not in (None, digest):
        return replace(made, is_other=True)
    return replace(made, record=known)


def _record(path: Path) -> Record:
    for _, document in _documents(path):
        if document.get("schema") == record.SCHEMA:
            found: Record = _decoded(path, Record, document)
            return found
    raise _unknown(path, f"it is no record of a build ({record.SCHEMA})")


def _file(path: Path) -> Iterable[object]:
    found = list(_documents(path))
    if not found:
        raise _unknown(path, "it is empty")
    for place, document in found:
        kind = next((kind for kind in KINDS if kind.is_one(document)), None)
        if kind is None:
            said = f", schema `{document['schema']!s:.60}`" if "schema" in document else ""
            raise _unknown(path, f"{place} is none of {', '.join(one.name for one in KINDS)}{said}")
        made = kind.read(path, document)
        yield from _with_benchmark(made, path) if isinstance(made, Build) else (made,)


@dataclass(frozen=True)
class Kind:
    """A kind of document."""

    name: str
    is_one: Callable[[dict[str, Any]], bool]
    read: Callable[[Path, dict[str, Any]], object]


def _build_of(path: Path, document: dict[str, Any]) -> Build:
    """The record, with the bundle beside it where it is the one that was built."""
    found = _decoded(path, Record, document)
    if path.name.endswith(RECORD_ENDS):
        together = _build(path.with_name(path.name.removesuffix(RECORD_ENDS)), path)
        if not together.is_other:
            return together
    return Build(Path(found.output).name, record=found)


def _manifest_of(path: Path, _: dict[str, Any]) -> Build:
    return _build(path.parent, path.parent.with_name(path.parent.name + RECORD_ENDS))


def _outlook_of(path: Path, document: dict[str, Any]) -> object:
    from ascendc.outlook import Outlook

    return _decoded(path, Outlook, document)


def _names(*wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda document: set(wanted) <= set(document)


def _schema(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda document: document.get("schema") == name


KINDS = (
    Kind("the record of a build", _schema(record.SCHEMA), _build_of),
    Kind("a bundle's manifest", _schema(manifest.SCHEMA), _manifest_of),
    Kind("the results of a benchmark", _schema(bench.SCHEMA), lambda path, found: _decoded(path, Results, found)),
    Kind("a comparison", _schema(judge.SCHEMA), lambda path, found: _decoded(path, Verdict, found)),
    Kind("a forecast", _names("end_to_end", "culprits", "model"), _outlook_of),
    Kind("a check", _names("soc", "counts", "findings"), lambda path, found: _decoded(path, Report, found)),
)
"""What a file may hold."""


def _documents(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    """The objects of a file, each with where it is: the file as a whole, or each of its lines."""
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise UsageError("ASC2901", f"`{path}` has {size} bytes; allowed: {MOST_BYTES}", hint=HINT)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError("ASC2901", f"`{path}` cannot be read: {error.strerror}", hint=HINT) from error
    except UnicodeDecodeError as error:
        raise _unknown(path, "it is not UTF-8") from error
    try:
        return [_document(path, "it", text)]
    except UsageError:
        if len(lines := text.splitlines()) < 2 or _is_json(lines[0]) is False:
            raise
    return [_document(path, f"line {n}", line) for n, line in enumerate(lines, 1) if line.strip()]


def _is_json(text: str) -> bool:
    """Whether a first line is a document of its own."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _document(path: Path, place: str, text: str) -> tuple[str, dict[str, Any]]:
    try:
        found = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
    except RecursionError as error:
        raise _unknown(path, f"{place} is nested too deep") from error
    except ValueError as error:  # JSON's own, and a number of too many digits
        raise _unknown(path, f"{place} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _unknown(path, f"{place} is no JSON object")
    return place, found


def _whole(text: str) -> int:
    """Nothing that is counted is larger, and arithmetic with a float would fail."""
    if len(text) > 19:
        raise ValueError(f"{text:.20}… is too large")
    return int(text)


def _finite(text: str) -> float:
    """No file of ours holds NaN or infinity, and no chart can show them."""
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is no number of JSON")
    return number


def _decoded(path: Path, cls: type, document: dict[str, Any]) -> Any:
    """The values of a document; fields that nobody knows are left out."""
    from pydantic import ValidationError

    try:
        return _adapter(cls).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise _unknown(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@cache
def _adapter(cls: type) -> TypeAdapter[Any]:
    """It takes longer to make than to use."""
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


def _unknown(path: Path, why: str) -> UsageError:
    return UsageError("ASC2902", f"`{path}` cannot be reported: {why}", hint=HINT)

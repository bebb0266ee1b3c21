"""What is in a file before a device is touched: an OM, an ONNX file, or a bundle of both."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from ascendc.bundle import manifest as manifests
from ascendc.cann.om import file as oms
from ascendc.cann.om.against import Fit, against
from ascendc.cann.om.facts import Facts, PartitionSize
from ascendc.cann.om.interface import AnyPort
from ascendc.contract import DIALECT, schema_of
from ascendc.errors import GateError, UsageError
from ascendc.onnx_file import read_outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ascendc.cann.soc import Soc
    from ascendc.runtime.manifest import Manifest

VERSION = "1"
"""Of the JSON."""

_ABSENT = "–"
"""What a file does not have that another has."""


@dataclass(frozen=True, kw_only=True)
class FileFacts(Facts):
    """What is in one file, and which it is."""

    file: str


@dataclass(frozen=True, kw_only=True)
class Inspection(FileFacts):
    """What was found in a file, or in a bundle and the models that lie in it."""

    files: tuple[FileFacts, ...] = ()
    """The models of a bundle."""


@dataclass(frozen=True)
class FileFit(Fit):
    """A file and a chip."""

    file: str


@dataclass(frozen=True)
class Difference:
    """A fact that two files do not share."""

    field: str
    """As in the JSON: ``inputs[0].shape``."""
    one: str
    other: str


def inspect(path: Path) -> Inspection:
    """Look into a file, or into the folder of a bundle.

    Raises:
        UsageError: there is none, or it is nothing of the kind, or damaged.
    """
    try:
        folder = path.is_dir()
    except OSError as error:  # a name that is too long
        raise oms.unread(path, error) from error
    if folder:
        return _bundle(path)
    if path.suffix == ".onnx":
        return _onnx(path)
    om = oms.read(path)
    return Inspection(file=str(path), **{field.name: getattr(om, field.name) for field in fields(Facts)})


def fits(found: Inspection, socs: tuple[Soc, ...]) -> tuple[FileFit, ...]:
    """Hold the OMs that were found against chips.

    Raises:
        UsageError: there are chips, and no OM (ASC2366).
    """
    oms = [one for one in (found, *found.files) if one.kind in ("om", "om2")]
    if socs and not oms:
        raise UsageError(
            "ASC2366",
            f"`{found.file}` holds no OM that could be held against {socs[0].name}",
            hint=f"ascendc check {found.file} --soc {socs[0].name} asks whether ATC would take an ONNX file",
        )
    return tuple(FileFit(**asdict(against(om, soc)), file=om.file) for om in oms for soc in socs)


def schema_text() -> str:
    """The JSON Schema of what `to_json` gives, as a file: docs/inspect.schema.json."""
    schema = schema_of(Inspection, version=VERSION)
    schema["properties"]["against"] = {"type": "array", "items": schema_of(FileFit)}
    schema["properties"]["differences"] = {"type": "array", "items": schema_of(Difference)}
    return json.dumps({"$schema": DIALECT, "title": f"ascendc inspect ({VERSION})", **schema}, indent=1) + "\n"


def to_json(found: Inspection, held: tuple[FileFit, ...] = (), differing: tuple[Difference, ...] | None = None) -> str:
    """One JSON object; `differing` where it was compared with another file."""
    record: dict[str, Any] = {"version": VERSION, **asdict(found)}
    if held:
        record["against"] = [asdict(fit) for fit in held]
    if differing is not None:
        record["differences"] = [asdict(difference) for difference in differing]
    return json.dumps(record, ensure_ascii=False)


def differences(one: Inspection, other: Inspection) -> tuple[Difference, ...]:
    """What differs between two files, each thing once; their names do not count."""
    return tuple(_differing("", asdict(one), asdict(other)))


def _differing(name: str, one: Any, other: Any) -> Iterator[Difference]:
    """What differs below a field; a field that only one has is not looked into."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            if key != "file":
                inner = f"{name}.{key}" if name else key
                yield from _differing(inner, one.get(key, _ABSENT), other.get(key, _ABSENT))
    elif any(isinstance(record, dict) for value in (one, other) if isinstance(value, tuple) for record in value):
        for index, (mine, theirs) in enumerate(zip_longest(one, other, fillvalue=_ABSENT)):
            yield from _differing(f"{name}[{index}]", mine, theirs)
    elif one != other:
        yield Difference(name, _spelled(name, one), _spelled(name, other))


def _spelled(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_spelled(key, inner)}" for key, inner in value.items() if inner is not None)
    if value == ():
        return "scalar" if name.rpartition(".")[2] == "shape" else "none"
    return "none" if value is None else str(value)


def _onnx(path: Path) -> Inspection:
    outline = read_outline(path)
    return Inspection(
        kind="onnx",
        file=str(path),
        simulated=False,
        soc_version=None,
        atc_version=None,
        atc_cmdline=None,
        inputs=tuple(AnyPort(port.name, port.shape, port.dtype, None) for port in outline.inputs),
        outputs=tuple(AnyPort(port.name, port.shape, port.dtype, None) for port in outline.outputs),
        gears=None,
        partitions=(),
        opset=outline.opset,
        notes=(f"{len(outline.nodes)} nodes, IR version {outline.ir_version}",),
    )


def _bundle(folder: Path) -> Inspection:
    try:
        manifest = manifests.read(folder)
    except GateError as error:  # nothing is judged here: it is a damaged file, as any other
        raise UsageError(error.id, error.message, hint=error.hint) from error
    # compile.sh makes OMs that no manifest knows the sizes of.
    oms = {artefact.om for artefact in manifest.artefacts if (folder / artefact.om).is_file()}
    sizes = {name: _size(folder / name) for name in sorted({*manifest.files, *oms})}
    inner = tuple(
        inspect(folder / name) for name, size in sizes.items() if size is not None and name.endswith((".om", ".onnx"))
    )
    socs = sorted({artefact.soc for artefact in manifest.artefacts})
    return Inspection(
        kind="bundle",
        file=str(folder),
        simulated=any(one.simulated for one in inner),
        soc_version=socs[0] if len(socs) == 1 else None,
        atc_version=None,
        atc_cmdline=None,
        inputs=(),
        outputs=(),
        gears=None,
        partitions=tuple(PartitionSize(name, size) for name, size in sizes.items() if size is not None),
        notes=(*_states(manifest, sizes), *_changed(manifest, sizes)),
        files=inner,
    )


def _size(path: Path) -> int | None:
    """Bytes of a regular file; None where there is none."""
    return path.stat().st_size if path.is_file() else None


def _states(manifest: Manifest, sizes: Mapping[str, int | None]) -> Iterator[str]:
    for artefact in manifest.artefacts:
        made = artefact.om in sizes and artefact.om not in manifest.files
        later = "; its OM was compiled since" if made else ""
        yield f"{artefact.part} @ {artefact.target} ({artefact.soc}): {artefact.state}{later}"


def _changed(manifest: Manifest, sizes: Mapping[str, int | None]) -> Iterator[str]:
    """Where the folder is not as its manifest says."""
    for name, info in sorted(manifest.files.items()):
        size = sizes[name]
        if size is None:
            yield f"`{name}` is missing, or no regular file"
        elif size != info.size:
            yield f"`{name}` has {size} bytes; its manifest says {info.size}"

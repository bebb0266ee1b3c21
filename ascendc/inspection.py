"""What is in a file before a device is touched: an OM, an ONNX file, or a bundle of both."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from ascendc.bundle import manifest as manifests
from ascendc.cann.om import file as oms
from ascendc.cann.om.against import Fit, against
from ascendc.cann.om.facts import Facts, PartitionSize
from ascendc.cann.om.interface import AnyPort
from ascendc.contract import DIALECT, schema_of
from ascendc.errors import UsageError
from ascendc.onnx_file import read_outline

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.cann.soc import Soc

VERSION = "1"
"""Of the JSON."""


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
        UsageError: there is none, or it is nothing of the kind.
        GateError: it is a bundle with a damaged manifest.
    """
    if path.is_dir():
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
    """What differs between two files; their names do not count."""
    mine, theirs = _flat(asdict(one)), _flat(asdict(other))
    names = [name for name in dict.fromkeys((*mine, *theirs)) if name.rpartition(".")[2] != "file"]
    return tuple(
        Difference(name, mine.get(name, "–"), theirs.get(name, "–"))
        for name in names
        if mine.get(name) != theirs.get(name)
    )


def _flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        inner = ((f"{name}.{key}" if name else key, one) for key, one in value.items())
        return {field: text for key, one in inner for field, text in _flat(one, key).items()}
    if isinstance(value, tuple) and value and isinstance(value[0], dict):
        return {field: text for i, one in enumerate(value) for field, text in _flat(one, f"{name}[{i}]").items()}
    return {name: "none" if value in (None, ()) else str(value)}


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
    manifest = manifests.read(folder)
    names = sorted(name for name in manifest.files if name.endswith((".om", ".onnx")))
    inner = tuple(inspect(folder / name) for name in names)
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
        partitions=tuple(PartitionSize(name, info.size) for name, info in sorted(manifest.files.items())),
        notes=tuple(
            f"{artefact.part} @ {artefact.target} ({artefact.soc}): {artefact.state}" for artefact in manifest.artefacts
        ),
        files=inner,
    )

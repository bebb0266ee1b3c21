"""What is in a file before a device is touched: an OM, an ONNX file, or a bundle of both."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from ascendc.bundle import manifest as manifests
from ascendc.cann.om import file as oms
from ascendc.cann.om.against import Fit
from ascendc.cann.om.facts import Aipp, Om, PartitionSize
from ascendc.cann.om.interface import Gears
from ascendc.contract import DIALECT, schema_of
from ascendc.onnx_file import read_outline

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "1"
"""Of the JSON."""


@dataclass(frozen=True)
class Port:
    """An input or an output."""

    name: str
    shape: tuple[int | str, ...] | None
    """-1 where an OM leaves it to the caller; a name, or ?, where an ONNX file does; null if unknown."""
    dtype: str | None
    """numpy's name."""
    format: str | None
    """``NCHW``…; an ONNX file does not say."""
    size: int | None = None
    """Bytes of the buffer, of the largest gear."""


@dataclass(frozen=True)
class Facts:
    """What is in one file; null is what it does not say."""

    kind: Literal["om", "om2", "onnx", "bundle"]
    file: str
    simulated: bool
    """Whether the simulated ATC made it: no device can run it."""
    soc_version: str | None
    atc_version: str | None
    atc_cmdline: str | None
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    gears: Gears | None
    partitions: tuple[PartitionSize, ...]
    """Of an OM its partitions, of an OM2 and a bundle the files."""
    framework: str | None = None
    opset: int | None = None
    """Of an ONNX file."""
    host: str | None = None
    """Operating system and processor, where an OM runs beside no other."""
    opp_version: str | None = None
    models: int = 1
    encrypted: bool = False
    dynamic: bool = False
    memory_size: int | None = None
    weight_size: int | None = None
    aipp: tuple[Aipp, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspection(Facts):
    """What was found in a file, or in a bundle and the models that lie in it."""

    files: tuple[Facts, ...] = ()
    """The models of a bundle."""


@dataclass(frozen=True)
class Difference:
    """A fact that two files do not share."""

    field: str
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
    return _om(oms.read(path), str(path))


def schema_text() -> str:
    """The JSON Schema of what `to_json` gives, as a file: docs/inspect.schema.json."""
    schema = schema_of(Inspection, version=VERSION)
    schema["properties"]["against"] = {"type": "array", "items": schema_of(Fit)}
    return json.dumps({"$schema": DIALECT, "title": f"ascendc inspect ({VERSION})", **schema}, indent=1) + "\n"


def to_json(found: Inspection, fits: tuple[Fit, ...] = ()) -> str:
    """One JSON object."""
    record: dict[str, Any] = {"version": VERSION, **asdict(found)}
    if fits:
        record["against"] = [asdict(fit) for fit in fits]
    return json.dumps(record, ensure_ascii=False)


def differences(one: Inspection, other: Inspection) -> tuple[Difference, ...]:
    """What differs between two files; their names do not count."""
    mine, theirs = _flat(asdict(one)), _flat(asdict(other))
    fields = [field for field in dict.fromkeys((*mine, *theirs)) if field != "file"]
    return tuple(
        Difference(field, mine.get(field, "–"), theirs.get(field, "–"))
        for field in fields
        if mine.get(field) != theirs.get(field)
    )


def _flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        inner = ((f"{name}.{key}" if name else key, one) for key, one in value.items())
        return {field: text for key, one in inner for field, text in _flat(one, key).items()}
    if isinstance(value, tuple) and value and isinstance(value[0], dict):
        return {field: text for i, one in enumerate(value) for field, text in _flat(one, f"{name}[{i}]").items()}
    return {name: "none" if value in (None, ()) else str(value)}


def _om(om: Om, file: str) -> Inspection:
    return Inspection(
        kind=om.kind,
        file=file,
        simulated=om.simulated,
        soc_version=om.soc_version,
        atc_version=om.atc_version,
        atc_cmdline=om.atc_cmdline,
        inputs=tuple(Port(port.name, port.shape, port.dtype, port.format, port.size) for port in om.inputs),
        outputs=tuple(Port(port.name, port.shape, port.dtype, port.format, port.size) for port in om.outputs),
        gears=om.gears,
        partitions=om.partitions,
        framework=om.framework,
        host=om.host,
        opp_version=om.opp_version,
        models=om.models,
        encrypted=om.encrypted,
        dynamic=om.dynamic,
        memory_size=om.memory_size,
        weight_size=om.weight_size,
        aipp=om.aipp,
        notes=om.notes,
    )


def _onnx(path: Path) -> Inspection:
    outline = read_outline(path)
    return Inspection(
        kind="onnx",
        file=str(path),
        simulated=False,
        soc_version=None,
        atc_version=None,
        atc_cmdline=None,
        inputs=tuple(Port(port.name, port.shape, port.dtype, None) for port in outline.inputs),
        outputs=tuple(Port(port.name, port.shape, port.dtype, None) for port in outline.outputs),
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

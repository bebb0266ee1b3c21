"""What a bundle's ``manifest.json`` says, as values. It is read as something that nobody vouches for.

Runs on the board: Python 3.7, standard library. The host writes manifests with the same classes.
"""

from dataclasses import dataclass, field
from typing import Dict, Iterator, Optional, Set, Tuple, Union

from .decode import DecodeError, decode, parse

SCHEMA = "ascendc/bundle/1"
FILE = "manifest.json"
LARGEST = 16 << 20
"""Bytes of a manifest above which it is not even read."""

DEVICE = "ascendc_device"
"""The package that the device half has in every bundle."""

DEFERRED = "om-deferred"
STATES = ("onnx-verified", DEFERRED, "om-compiled", "om-accepted on device", "om-accepted on simulator")
DTYPES = (
    "bool",
    *(kind + bits for kind in ("int", "uint") for bits in ("8", "16", "32", "64")),
    *("float" + bits for bits in ("16", "32", "64")),
)


NAME = {"kind": "name"}
PATH = {"kind": "path"}
SHA256 = {"kind": "sha256"}


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a part."""

    name: str
    dtype: str
    """numpy's name."""
    shape: Tuple[Union[int, str], ...]
    """Symbolic axes are texts."""


@dataclass(frozen=True)
class PartInfo:
    """One graph of the model."""

    name: str = field(metadata=NAME)
    inputs: Tuple[TensorInfo, ...]
    outputs: Tuple[TensorInfo, ...]


@dataclass(frozen=True)
class ModelInfo:
    """Where the model came from."""

    plugin: str
    source: str
    revision: Optional[str]
    weights: str
    """``pretrained`` or ``random``."""
    seed: Optional[int]
    """Of random weights."""
    notes: Tuple[str, ...]
    """What the reader must know."""


@dataclass(frozen=True)
class DeviceInfo:
    """The device half: what runs around the graphs on the board."""

    package: str = field(metadata=NAME)
    """Under ``python/``."""
    modules: Tuple[str, ...] = field(metadata=NAME)
    """Third-party modules that it may import, by import name."""


@dataclass(frozen=True)
class Artefact:
    """One part on one target."""

    part: str = field(metadata=NAME)
    target: str = field(metadata=NAME)
    soc: str = field(metadata=NAME)
    cann: Optional[str]
    """None: unknown when the bundle was made."""
    state: str
    """One of `STATES`."""
    batch: Tuple[int, ...]
    """The batch sizes that the OM takes: one, or gears."""
    precision: str
    aipp: str
    """``rgb``: the OM takes raw pixels, uint8 NHWC, and normalises them itself; ``none``: floats."""
    onnx: str = field(metadata=PATH)
    om: str = field(metadata=PATH)
    """Where the OM is, or where ``compile.sh`` will put it."""
    config: Optional[str] = field(metadata=PATH)
    """The AIPP configuration."""
    atc: Tuple[str, ...]
    """ATC's arguments; paths are relative to the bundle."""
    ais_bench: Tuple[str, ...]
    """The arguments with which ais_bench runs the OM on the golden inputs; empty: they do not fit the OM."""
    error: float
    """ONNX against the original model, relative to the median distance between samples."""
    limit: float
    """What the OM may differ from the golden outputs, on the same scale."""


@dataclass(frozen=True)
class GoldenTensor:
    """A tensor over all golden samples."""

    name: str
    array: str = field(metadata=PATH)
    """``.npy``, samples first."""
    samples: str = field(metadata=PATH)
    """Folder of one raw ``.bin`` file per sample: ``000.bin``, ``001.bin``…"""


@dataclass(frozen=True)
class Golden:
    """What the original model answers."""

    part: str = field(metadata=NAME)
    count: int
    """Samples."""
    limit: float
    """What the ONNX may differ, relative to the median distance between samples."""
    inputs: Tuple[GoldenTensor, ...]
    outputs: Tuple[GoldenTensor, ...]
    pixels: Tuple[GoldenTensor, ...]
    """The inputs as an OM with AIPP takes them; empty if no target has AIPP."""


@dataclass(frozen=True)
class BenchmarkInfo:
    """How the bundle measures itself."""

    warmup: int
    runs: int


@dataclass(frozen=True)
class FileInfo:
    """A file of the bundle."""

    sha256: str = field(metadata=SHA256)
    size: int
    executable: bool


@dataclass(frozen=True)
class Manifest:
    """Everything a bundle says of itself. No times, no dates: equal builds give equal bytes."""

    schema: str
    name: str = field(metadata=NAME)
    created_by: str
    model: ModelInfo
    device: DeviceInfo
    parts: Tuple[PartInfo, ...]
    artefacts: Tuple[Artefact, ...]
    golden: Tuple[Golden, ...]
    verdicts: Tuple[str, ...]
    """The plugin's task verdicts on the ONNX graphs, one line each."""
    benchmark: BenchmarkInfo
    files: Dict[str, FileInfo] = field(metadata=PATH)
    """Every file but the manifest itself, by path."""

    @property
    def targets(self) -> Tuple[str, ...]:
        """Names of the targets, in the recipe's order."""
        return tuple(dict.fromkeys(artefact.target for artefact in self.artefacts))

    @property
    def later(self) -> Tuple[str, ...]:
        """OM files that ``compile.sh`` may add: they are in no list of digests."""
        return tuple(a.om for a in self.artefacts if a.om not in self.files)


def loads(text: str) -> Manifest:
    """The manifest in `text`.

    Raises:
        DecodeError: it is none, or it contradicts itself.
    """
    document = parse(text)
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise DecodeError("schema: must be `{}`, not {!r:.60}".format(SCHEMA, schema))
    manifest = decode(Manifest, document)
    for complaint in _contradictions(manifest):
        raise DecodeError(complaint)
    return manifest


def _contradictions(manifest: Manifest) -> Iterator[str]:
    if manifest.device.package != DEVICE:
        yield "device.package: must be {}, not {}".format(DEVICE, manifest.device.package)
    if FILE in manifest.files:
        yield "files: cannot list {} itself".format(FILE)
    yield from _wrong_parts(manifest.parts)
    yield from _wrong_artefacts(manifest)
    yield from _wrong_golden(manifest)


def _wrong_parts(parts: Tuple[PartInfo, ...]) -> Iterator[str]:
    if not parts:
        yield "parts: must hold at least one part"
    known: Set[str] = set()
    for i, part in enumerate(parts):
        if part.name in known:
            yield "parts[{}].name: `{}` is there twice".format(i, part.name)
        known.add(part.name)
        for tensor in part.inputs + part.outputs:
            if tensor.dtype not in DTYPES:
                yield "parts[{}]: `{}`: dtype must be one of {}".format(i, tensor.name, ", ".join(DTYPES))


def _wrong_artefacts(manifest: Manifest) -> Iterator[str]:
    parts = {part.name for part in manifest.parts}
    known: Set[Tuple[str, str]] = set()
    for i, artefact in enumerate(manifest.artefacts):
        where = "artefacts[{}]".format(i)
        if artefact.part not in parts:
            yield "{}.part: `{}` is not among the parts".format(where, artefact.part)
        if (artefact.part, artefact.target) in known:
            yield "{}: {} @ {} is there twice".format(where, artefact.part, artefact.target)
        known.add((artefact.part, artefact.target))
        if artefact.state not in STATES:
            yield "{}.state: must be one of {}".format(where, ", ".join(STATES))
        if not artefact.batch or 0 in artefact.batch:
            yield "{}.batch: must be one or more positive sizes".format(where)
        if artefact.onnx not in manifest.files:
            yield "{}.onnx: `{}` is not among the files".format(where, artefact.onnx)
        # compile.sh writes it, unlisted: elsewhere it could stand in for a script or a module.
        if not (artefact.om.startswith("models/") and artefact.om.endswith(".om")):
            yield "{}.om: must be a file `models/*.om`, not `{}`".format(where, artefact.om)
        if (artefact.state in STATES[2:]) != (artefact.om in manifest.files):
            yield "{}.om: `{}` contradicts the state {}".format(where, artefact.om, artefact.state)


def _wrong_golden(manifest: Manifest) -> Iterator[str]:
    parts = {part.name for part in manifest.parts}
    for i, golden in enumerate(manifest.golden):
        where = "golden[{}]".format(i)
        if golden.part not in parts:
            yield "{}.part: `{}` is not among the parts".format(where, golden.part)
        if not golden.count or not golden.outputs:
            yield "{}: holds nothing to compare".format(where)
        for record in golden.inputs + golden.outputs + golden.pixels:
            if record.array not in manifest.files:
                yield "{}: `{}` is not among the files".format(where, record.array)

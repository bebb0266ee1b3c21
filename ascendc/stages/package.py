"""package: everything that a board needs, as the files of one bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ascendc import __version__
from ascendc.bundle import golden as goldens_of
from ascendc.bundle import layout, source
from ascendc.bundle.collect import Collector
from ascendc.bundle.manifest import from_json, to_json
from ascendc.cann.atc.command import AtcOptions, OptionFile
from ascendc.graph import Graph, data_names, relocated
from ascendc.model import Part, Source, Weights
from ascendc.runtime import manifest as values
from ascendc.stages.compile import TIME_LIMIT, om_name
from ascendc.stages.precision import told
from ascendc.target import Aipp, Precision
from ascendc.template import render
from ascendc.toolchain.base import Compiled
from ascendc.toolchain.script import BundleItem, Run, atc_script, compile_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ascendc.bundle.tree import Tree
    from ascendc.events import State
    from ascendc.model import Tensor
    from ascendc.precision.lock import Chosen
    from ascendc.stages.accept import Acceptance
    from ascendc.stages.assets import Assets
    from ascendc.stages.golden import GoldenPart
    from ascendc.store import Workspace
    from ascendc.target import Target

OM_LIMITS: dict[Precision, float] = {"fp16": 3e-2, "mixed": 3e-2, "origin": 2e-3, "auto": 3e-2}
"""What an OM may differ from the golden outputs, relative to the median distance between samples. True fp16
arithmetic on CPU measured 1.1e-2 on CLIP; no device has been measured yet."""

READMES = (("README.md", "bundle-readme.md.j2"), ("README.zh-CN.md", "bundle-readme.zh-CN.md.j2"))


@dataclass(frozen=True)
class ArtefactSpec:
    """One part on one target, as planned."""

    part: str
    target: str
    cann: str | None
    batch: tuple[int, ...]
    precision: str
    """The recipe's word, and of a plan what it says."""
    limit: float
    """What the OM may differ."""
    aipp: Aipp
    aipp_config: str | None
    """Text of the AIPP configuration."""
    options: AtcOptions
    onnx: str
    """Where its graph goes."""
    script: str
    """Text of the ``atc.sh`` that compiles it."""


@dataclass(frozen=True)
class PackageSpec:
    """What a bundle says beside what was built."""

    name: str
    plugin: str
    source: Source
    weights: Weights
    notes: tuple[str, ...]
    device: str
    """Package of the device half."""
    distribution: str
    """Of the plugin: its licences travel too."""
    parts: tuple[Part, ...]
    artefacts: tuple[ArtefactSpec, ...]
    threshold: float
    """What the ONNX may differ from the golden outputs."""
    warmup: int
    runs: int
    """Of the bundle's benchmark."""


@dataclass(frozen=True)
class Made:
    """What was built for an artefact."""

    graph: Graph
    error: float
    """Of the graph against the original model, relative to the median distance between samples."""
    compiled: Compiled | None
    """None: its OM is deferred."""
    accepted: Acceptance | None
    """None: no device is here."""

    @property
    def state(self) -> State:
        """What may be said of it."""
        if self.compiled is None:
            return "om-deferred"
        where = self.accepted.where if self.accepted is not None else None
        if where is None:
            return "om-compiled"
        return "om-accepted on simulator" if where == "simulator" else "om-accepted on device"


def plan_artefact(
    part: str, target: Target, options: AtcOptions, aipp: str | None, onnx: str, chosen: Chosen | None = None
) -> ArtefactSpec:
    """What `package` must know of an artefact.

    Args:
        part: name of the part.
        target: what it is compiled for.
        options: how.
        aipp: text of the AIPP configuration, or None.
        onnx: where its graph goes in the bundle: from `layout.onnx_names`, so that equal graphs share a file.
        chosen: its precision plan, where there is one.
    """
    wanted = target.part(part)
    options = options if chosen is None else told(options, chosen)
    label = f"{part} @ {target.name}"
    run = Run(label, om_name(part), PurePosixPath(onnx).name, options, aipp is not None)
    return ArtefactSpec(
        part=part,
        target=target.name,
        cann=str(target.cann) if target.cann else None,
        batch=wanted.batch.sizes,
        precision=wanted.precision if chosen is None else f"{wanted.precision}: {chosen.kept}",
        limit=OM_LIMITS[wanted.precision],
        aipp=wanted.aipp,
        aipp_config=aipp,
        options=options,
        onnx=onnx,
        script=atc_script(run, target),
    )


def package(
    spec: PackageSpec,
    made: tuple[Made, ...],
    goldens: tuple[GoldenPart, ...],
    assets: Assets,
    verdicts: tuple[str, ...],
    workspace: Workspace,
) -> Tree:
    """Gather the bundle's files and write its manifest, scripts and READMEs.

    Args:
        spec: what the bundle says.
        made: one for each of ``spec.artefacts``.
        goldens: the golden record of each part.
        assets: the device half's files.
        verdicts: the plugin's task verdicts.
        workspace: where to work.

    Raises:
        StageError: the device half is no package (ASC1820), or a path is unsafe (ASC1821) or taken (ASC1822).
    """
    files = Collector(workspace)
    device = _python(spec, files)
    _licences(spec, files)
    for asset in assets.files:
        files.add(f"assets/{asset.name}", asset.blob)
    golden = tuple(_golden(spec, record, files, workspace) for record in goldens)
    data = _graphs(spec, made, files, workspace)
    artefacts = tuple(_artefacts(spec, made, golden, files))
    manifest = values.Manifest(
        schema=values.SCHEMA,
        name=spec.name,
        created_by=f"ascendc {__version__}",
        model=_model(spec),
        device=device,
        parts=tuple(_part(part) for part in spec.parts),
        artefacts=artefacts,
        golden=golden,
        verdicts=verdicts,
        benchmark=values.BenchmarkInfo(spec.warmup, spec.runs),
        files={},
    )
    files.text("compile.sh", _compile_sh(spec, artefacts, data), executable=True)
    files.text("deploy.sh", render("deploy.sh.j2", manifest=manifest), executable=True)
    for name, template in READMES:
        files.text(name, render(template, manifest=manifest))
    text = to_json(replace(manifest, files=files.infos()))
    from_json(text)  # what cannot be read back must not be shipped
    files.text(values.FILE, text)
    return files.tree()


def _python(spec: PackageSpec, files: Collector) -> values.DeviceInfo:
    """The runtime and the device half, as top-level packages; what they may import beside numpy."""
    copied = []
    for package_name, folder in (("ascendc.runtime", layout.RUNTIME), (spec.device, layout.DEVICE)):
        for name, path in source.python_files(package_name):
            files.copy(f"{folder}/{name}", path)
            copied.append(path)
    files.text("python/__main__.py", render("bundle-main.py.j2"))
    return values.DeviceInfo(PurePosixPath(layout.DEVICE).name, source.third_party(copied))


def _licences(spec: PackageSpec, files: Collector) -> None:
    for distribution in dict.fromkeys(("ascendc", spec.distribution)):
        for name, path in source.licences(distribution):
            files.copy(f"licences/{distribution}/{name}", path)


def _golden(spec: PackageSpec, record: GoldenPart, files: Collector, workspace: Workspace) -> values.Golden:
    part = next(part for part in spec.parts if part.name == record.part)
    return goldens_of.write(
        part,
        {array.name: workspace.path(array.blob) for array in record.inputs},
        {array.name: workspace.path(array.blob) for array in record.outputs},
        limit=spec.threshold,
        pixels=any(a.aipp != "none" for a in spec.artefacts if a.part == part.name),
        files=files,
    )


def _graphs(
    spec: PackageSpec, made: tuple[Made, ...], files: Collector, workspace: Workspace
) -> dict[str, tuple[str, ...]]:
    """Add every graph once; returns its external data by its path."""
    graphs = {planned.onnx: built.graph for planned, built in zip(spec.artefacts, made, strict=True)}
    return {path: _onnx(path, graph, files, workspace) for path, graph in graphs.items()}


def _artefacts(
    spec: PackageSpec, made: tuple[Made, ...], golden: tuple[values.Golden, ...], files: Collector
) -> Iterator[values.Artefact]:
    records = {record.part: record for record in golden}
    for planned, built in zip(spec.artefacts, made, strict=True):
        artefact = _artefact(planned, built, files)
        files.text(layout.atc_sh(planned.target, planned.part), planned.script)
        yield replace(artefact, ais_bench=goldens_of.ais_bench(artefact, records.get(planned.part)))


def _artefact(planned: ArtefactSpec, built: Made, files: Collector) -> values.Artefact:
    om, config = layout.om(planned.target, planned.part), None
    if planned.aipp_config is not None:
        config = files.text(layout.aipp(planned.target, planned.part), planned.aipp_config)
    for path, file in _option_files(planned).items():
        files.text(path, file.text)
    atc = planned.options.argv(
        planned.onnx, om.removesuffix(".om"), config, files=layout.beside(planned.target, planned.part)
    )
    if built.compiled is not None:
        om = files.add(str(PurePosixPath(om).with_name(built.compiled.file_name)), built.compiled.om)
    return values.Artefact(
        part=planned.part,
        target=planned.target,
        soc=planned.options.soc_version,
        cann=planned.cann,
        state=built.state,
        batch=planned.batch,
        precision=planned.precision,
        aipp=planned.aipp,
        onnx=planned.onnx,
        om=om,
        config=config,
        atc=atc,
        ais_bench=(),
        error=float(f"{built.error:.1e}"),  # the last digits differ between machines
        limit=planned.limit,
    )


def _option_files(planned: ArtefactSpec) -> dict[str, OptionFile]:
    """The files that options name, by where they are in the bundle."""
    return {f"{layout.beside(planned.target, planned.part)}{file.name}": file for file in planned.options.files}


def _compile_sh(spec: PackageSpec, artefacts: tuple[values.Artefact, ...], data: Mapping[str, tuple[str, ...]]) -> str:
    planned = {(artefact.target, artefact.part): artefact for artefact in spec.artefacts}
    items = tuple(
        BundleItem(
            target=artefact.target,
            part=artefact.part,
            name=om_name(artefact.part),
            onnx=artefact.onnx,
            data=data[artefact.onnx],
            script=layout.atc_sh(artefact.target, artefact.part),
            aipp=artefact.config,
            om=artefact.om,
            time_limit=TIME_LIMIT,
            files=tuple((p, f.name) for p, f in _option_files(planned[artefact.target, artefact.part]).items()),
        )
        for artefact in artefacts
    )
    return compile_script(spec.name, items)


def _onnx(path: str, graph: Graph, files: Collector, workspace: Workspace) -> tuple[str, ...]:
    """Add a graph: as one file, or with its external data beside it; returns the paths of the data.

    Weights that are in the bundle already, with another graph, are referred to there.
    """
    if graph.whole is not None:
        files.add(path, graph.whole)
        return ()
    there, names = files.paths(), {}
    for blob, name in data_names(graph, PurePosixPath(path).name).items():
        data = there.get(blob) or files.add(str(PurePosixPath(path).with_name(name)), blob)
        names[blob] = PurePosixPath(data).name
    files.content(path, relocated(graph, workspace, names))
    return tuple(str(PurePosixPath(path).with_name(name)) for name in names.values())


def _model(spec: PackageSpec) -> values.ModelInfo:
    local = PurePosixPath(spec.source.id)
    return values.ModelInfo(
        plugin=spec.plugin,
        source=local.name if local.is_absolute() else spec.source.id,  # where it lay is nobody's business
        revision=spec.source.revision,
        weights=spec.weights.kind,
        seed=spec.weights.seed if spec.weights.kind == "random" else None,
        notes=spec.notes,
    )


def _part(part: Part) -> values.PartInfo:
    def info(tensors: tuple[Tensor, ...]) -> tuple[values.TensorInfo, ...]:
        return tuple(values.TensorInfo(tensor.name, tensor.dtype, tensor.shape) for tensor in tensors)

    return values.PartInfo(part.name, info(part.inputs), info(part.outputs))

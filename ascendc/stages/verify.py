"""verify: the fixed ONNX graph on this host, and the device half's preprocessing, against the golden record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ascendc.compare import Comparison, compare
from ascendc.device import DeviceHalf
from ascendc.errors import GateError, StageError
from ascendc.graph import Graph, lay_out
from ascendc.model import Part, Samples
from ascendc.runtime import SessionError, open_session
from ascendc.stages.golden import GoldenPart, NamedArray, keep, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ascendc.store import Workspace

BATCHES = (1, 3, 8)
"""Batch sizes that the samples are run in, in turn: a graph that holds at one size only is refused."""

PREPARED_TOLERANCE = 1e-5
"""How far the device half's floats may be from the reference preprocessing (absolute, normalised units)."""


@dataclass(frozen=True)
class VerifySpec:
    """What verification depends on, beside its inputs."""

    part: Part
    half: DeviceHalf
    threshold: float
    """Largest accepted error, relative to the median distance between samples."""
    samples: int
    seed: int
    folder: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Verified:
    """A part whose ONNX graph agrees with the reference."""

    part: str
    comparisons: tuple[Comparison, ...]
    outputs: tuple[NamedArray, ...]
    """What the graph answered, for the task verdict."""

    @property
    def worst(self) -> Comparison:
        """The output furthest from the reference."""
        return max(self.comparisons, key=lambda c: c.relative)


def verify(
    spec: VerifySpec, graph: Graph, golden: GoldenPart, assets: Path, samples: Samples, workspace: Workspace
) -> Verified:
    """Run the graph on the golden inputs in batches of `BATCHES` and compare every output.

    Args:
        spec: thresholds and samples.
        graph: the graph to verify.
        golden: the reference record.
        assets: folder of the bundle's assets, as the device half will find them.
        samples: the raw samples that `golden` was made from.
        workspace: where to work.

    Raises:
        GateError: preprocessing (ASC1605) or an output (ASC1606) is beyond its threshold.
        StageError: onnxruntime cannot run the graph (ASC1607), or the device half failed (ASC1364, ASC1365).
    """
    inputs = read(golden.inputs, workspace.store)
    check_preparation(spec.part, spec.half, inputs, samples, assets)
    reference = read(golden.outputs, workspace.store)
    candidate = _run(spec.part, lay_out(graph, workspace.store, workspace.folder / "verify"), inputs)
    comparisons = tuple(compare(name, reference[name], candidate[name]) for name in reference)
    for comparison in comparisons:
        if not comparison.relative <= spec.threshold:
            raise GateError(
                "ASC1606",
                f"part `{spec.part.name}`: output `{comparison.output}` is {comparison.relative:.2g} of the median "
                f"distance between samples away from the reference; allowed: {spec.threshold:.2g} "
                f"(max abs {comparison.max_abs:.2g}, cosine {comparison.cosine:.6f})",
                hint="ascendc build RECIPE --until verify --set passes.drop=[PASS], pass by pass, shows which it is",
            )
    return Verified(spec.part.name, comparisons, keep(candidate, workspace))


def check_preparation(
    part: Part, half: DeviceHalf, reference: Mapping[str, Any], samples: Samples, assets: Path
) -> None:
    """Compare what the device half prepares from raw samples with the reference inputs.

    Raises:
        GateError: it differs (ASC1605).
        StageError: it failed (ASC1364, ASC1365).
    """
    prepared = half.prepare(part.name, samples, assets)
    for tensor in part.inputs:
        wanted, got = np.asarray(reference[tensor.name]), prepared.get(tensor.name)
        if got is None or got.shape != wanted.shape or got.dtype != wanted.dtype:
            seen = "nothing" if got is None else f"{got.dtype} {got.shape}"
            raise GateError(
                "ASC1605",
                f"part `{part.name}`: `{half.package}` prepares {seen} for input `{tensor.name}`; "
                f"the reference is {wanted.dtype} {wanted.shape}",
            )
        worst = float(np.abs(got.astype(np.float64) - wanted).max())
        if not worst <= (PREPARED_TOLERANCE if tensor.dtype.startswith("float") else 0):
            raise GateError(
                "ASC1605",
                f"part `{part.name}`: `{half.package}` prepares input `{tensor.name}` up to {worst:.2g} away from the "
                f"reference preprocessing; allowed: {PREPARED_TOLERANCE:g}",
                hint="compare preprocess.json with the model's own preprocessor_config.json",
            )


def _run(part: Part, path: Path, inputs: Mapping[str, Any]) -> dict[str, Any]:
    try:
        with open_session(path, "cpu", lean=True) as session:
            chunks = [session.run_batched(chunk) for chunk in _batches(inputs)]
    except SessionError as error:
        raise StageError("ASC1607", f"part `{part.name}`: onnxruntime cannot run the fixed graph: {error}") from error
    return {tensor.name: np.concatenate([chunk[tensor.name] for chunk in chunks]) for tensor in part.outputs}


def _batches(inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    count, start, turn = len(next(iter(inputs.values()))), 0, 0
    while start < count:
        size = BATCHES[turn % len(BATCHES)]
        yield {name: np.ascontiguousarray(array[start : start + size]) for name, array in inputs.items()}
        start, turn = start + size, turn + 1

"""The benchmark of a bundle that was just built: its ONNX and OMs, in the batch sizes that its targets are made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.bench.feeds import Given
from ascendc.bench.measure import Asked, Keep, measure
from ascendc.bench.result import write
from ascendc.bench.work import Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.bench.result import Results
    from ascendc.driver import Outcome

ROUNDS = 3
"""Fresh processes that share the runs."""


def results_of(output: Path) -> Path:
    """Where the results of a bundle's folder lie: beside it, outside every digest."""
    return output.with_name(f"{output.name}.bench.json")


def measure_built(outcome: Outcome, command: str, keep: Keep = lambda *_: None) -> Results:
    """Measure the bundle of a build on golden inputs, warmed up and run as often as its recipe says.

    Args:
        outcome: of the build.
        command: as it was typed, for the record.
        keep: is given what there is so far, after every row.

    Returns:
        The results, which lie beside the bundle too; after an interrupt those that there are, not `complete`.

    Raises:
        AscendcError: as `measure`; the results cannot be written (ASC2610).
    """
    asked = Asked(
        what=outcome.output,
        command=command,
        runtimes=(),
        devices=("npu", "cuda", "cpu"),
        precisions=(),
        protocol=Protocol(
            _batches(outcome), outcome.recipe.benchmark.runs, outcome.recipe.benchmark.warmup, (), ROUNDS
        ),
        given=Given(),
    )
    results = measure(asked, keep)
    write(results, results_of(outcome.output))
    return results


def _batches(outcome: Outcome) -> tuple[int, ...]:
    sizes = {
        size
        for target in outcome.recipe.targets
        for row in outcome.rows
        if row.target == target.name
        for size in target.part(row.part).batch.sizes
    }
    return tuple(sorted(sizes))

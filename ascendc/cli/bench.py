"""``ascendc bench``: measure a bundle or a recipe's model; compare two results."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ascendc.cli.several import several
from ascendc.errors import EnvironmentLacksError, GateError, StageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ascendc.bench.configuration import Runtime
    from ascendc.bench.result import Case, Results
    from ascendc.devices import Device
    from ascendc.driver import Outcome
    from ascendc.torch_device import Precision

MEASURE = "measure"

_GIVEN = ("--image", "--texts", "--arrays")
_SEVERAL = (*_GIVEN, "--devices", "--precisions", "--runtimes", "--parts", "--batches", "--clients")


class _Bench(click.Group):
    """``ascendc bench BUNDLE`` is ``ascendc bench measure BUNDLE``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = [MEASURE, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Bench)
def bench() -> None:
    """Measure, or compare."""


@bench.command(MEASURE, cls=several(*_SEVERAL))
@click.argument("what", type=click.Path(path_type=Path, exists=True), metavar="BUNDLE|RECIPE")
@click.option("--image", "images", multiple=True, metavar="FILE...", help="Pictures to run on.  [golden inputs]")
@click.option("--texts", multiple=True, metavar="TEXT...", help="Texts to run on.  [golden inputs]")
@click.option("--arrays", multiple=True, metavar="FILE...", help=".npz or .npy, for models with other inputs.")
@click.option(
    "--devices",
    multiple=True,
    type=click.Choice(["npu", "cuda", "cpu"]),
    metavar="npu|cuda|cpu...",
    help="[default: npu cuda cpu]",
)
@click.option(
    "--precisions",
    multiple=True,
    type=click.Choice(["fp32", "fp16", "bf16"]),
    metavar="fp32|fp16|bf16...",
    help="Of PyTorch.  [default: fp32 fp16; on a CPU fp32]",
)
@click.option(
    "--runtimes",
    multiple=True,
    type=click.Choice(["torch", "onnx", "om"]),
    metavar="torch|onnx|om...",
    help="[default: torch of a RECIPE, onnx om of a BUNDLE]; of a recipe onnx and om are built first.",
)
@click.option("--parts", multiple=True, metavar="NAME...", help="[default: each, and all together: image+text]")
@click.option("--batches", multiple=True, type=click.IntRange(1), metavar="N...", help="[default: 1]")
@click.option("--clients", multiple=True, type=click.IntRange(1), metavar="N...", help="Threads that call at once.")
@click.option("--client-processes", is_flag=True, help="Clients are processes, each with a session of its own.")
@click.option("--num-runs", "runs", type=click.IntRange(1), default=100, show_default=True, help="Timed, of each row.")
@click.option(
    "--warmup", type=click.IntRange(0), default=10, show_default=True, help="At least; until it is steady in any case."
)
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Fresh processes that share the runs, at least 10 each: one may be slower than the next.",
)
@click.option("--target", help="Which target of a bundle  [OMs of all, the ONNX of the first].")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Of a recipe: model.weights=random")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.json", help="Keep results.")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON: docs/bench.schema.json.")
def measure(
    what: Path,
    images: tuple[str, ...],
    texts: tuple[str, ...],
    arrays: tuple[str, ...],
    devices: tuple[Device, ...],
    precisions: tuple[Precision, ...],
    runtimes: tuple[Runtime, ...],
    parts: tuple[str, ...],
    batches: tuple[int, ...],
    clients: tuple[int, ...],
    client_processes: bool,
    runs: int,
    warmup: int,
    rounds: int,
    target: str | None,
    overrides: tuple[str, ...],
    output: Path | None,
    as_json: bool,
) -> int:
    """Measure a BUNDLE directory, or the PyTorch model of a RECIPE: latency, throughput, memory, cold start.

    Every configuration and part runs in a process of its own, and so do all parts together, as a question needs them.
    Each must also answer right on golden inputs. What is not there is a row with the reason.

    `ascendc bench compare OLD.json NEW.json` compares two results.

    Example: ascendc bench build/tiny-clip --image square.png --texts "a red square" --batches 1 4 8
    """
    from ascendc.bench.feeds import Given
    from ascendc.bench.measure import Asked
    from ascendc.bench.measure import measure as measure_all
    from ascendc.bench.result import to_json, try_to_write, write
    from ascendc.bench.table import lines
    from ascendc.bench.work import Protocol
    from ascendc.cli.interrupt import INTERRUPTED
    from ascendc.cli.progress import listening

    if client_processes and not clients:
        raise click.UsageError("--client-processes says what clients are; --clients says how many, and none were named")
    if overrides and what.is_dir():
        raise click.UsageError("--set changes a recipe; a bundle is what it is")
    if output is not None:
        try_to_write(output)
    told = _Told()

    def keep(so_far: Results, case: Case) -> None:
        told(case)
        if output is not None:
            write(so_far, output)

    asked = Asked(
        what=what,
        command=shlex.join(["ascendc", *sys.argv[1:]]),
        runtimes=runtimes,
        devices=devices or ("npu", "cuda", "cpu"),
        precisions=precisions,
        protocol=Protocol(
            tuple(sorted(set(batches or (1,)))),
            runs,
            warmup,
            tuple(dict.fromkeys(clients)),
            rounds,
            client_processes,
        ),
        given=Given(images, texts, arrays),
        overrides=overrides,
        target=target,
        parts=parts,
    )
    with listening(as_json_lines=False, verbosity=0) as listen:
        results = measure_all(asked, keep, listen)
    if output is not None:
        write(results, output)
    click.echo(to_json(results) if as_json else "\n".join(lines(results)))
    if not results.complete:
        kept = f"; what was measured is in {output}" if output else ""
        click.echo(f"ascendc: interrupted{kept}", err=True)
        return INTERRUPTED
    _check(results)
    return 0


@bench.command(cls=click.Command)
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--min-effect",
    type=click.FloatRange(0, 100),
    default=5.0,
    show_default=True,
    metavar="PERCENT",
    help="Smaller differences count as none.",
)
@click.option("--fail-on-slower", is_flag=True, help="Exit code 4 where a row is slower.")
@click.option("--across-machines", is_flag=True, help="The machines may differ.")
@click.option("--across-models", is_flag=True, help="The models may differ.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def compare(
    old: Path,
    new: Path,
    min_effect: float,
    fail_on_slower: bool,
    across_machines: bool,
    across_models: bool,
    as_json: bool,
) -> int:
    """Say which rows of NEW are faster or slower than in OLD, beyond noise.

    Example: ascendc bench compare before.json after.json --fail-on-slower
    """
    from dataclasses import asdict

    from ascendc.bench import comparison
    from ascendc.bench.result import read

    found = comparison.compare(
        read(old),
        read(new),
        min_effect / 100,
        across_machines=across_machines,
        across_models=across_models,
    )
    click.echo(json.dumps(asdict(found)) if as_json else "\n".join(comparison.lines(found)))
    return GateError.exit_code if fail_on_slower and comparison.slower(found) else 0


@dataclass(frozen=True)
class AfterBuild:
    """Measures the bundle of a build, if the command or the recipe asks for it, and prints the table."""

    command: str
    asked: bool
    quiet: bool
    on_stdout: bool
    """Whether stdout is for people."""

    def __call__(self, outcome: Outcome, found: Callable[[Path], None]) -> None:
        """Measure; tell where the results lie.

        Raises:
            AscendcError: as `ascendc bench`.
            KeyboardInterrupt: it came while the bundle was measured.
        """
        if not (self.asked or outcome.recipe.benchmark.after_build):
            return
        from ascendc.bench.built import measure_built, results_of
        from ascendc.bench.table import lines

        told = _Told()
        results = measure_built(outcome, self.command, lambda _, case: None if self.quiet else told(case))
        found(results_of(outcome.output))
        if self.on_stdout and not self.quiet:
            click.echo("\n".join(["", *lines(results)]))
        if not results.complete:
            raise KeyboardInterrupt
        _check(results)


class _Told:
    """Says each row once a round, on stderr."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, case: Case) -> None:
        line = _progress(case)
        if line not in self._said:
            click.echo(line, err=True)
        self._said.add(line)


def _progress(case: Case) -> str:
    from ascendc.bench.table import name_of

    if case.state == "unavailable":
        return f"  {name_of(case)}: unavailable"
    figure = f"{case.latency.p50_ms:.2f} ms" if case.latency else ""
    said = case.state if case.state != "measured" else ""
    rounds = f"round {len(case.samples_ms)}" if len(case.samples_ms) > 1 else ""
    told = ", ".join(filter(None, (figure, said, rounds)))
    return f"  {name_of(case)}, {case.part}, batch {case.batch}: {told}"


def _check(results: Results) -> None:
    """What a script must hear.

    Raises:
        GateError: a row's answers are wrong (ASC2606).
        StageError: an engine failed (ASC2607).
        EnvironmentLacksError: nothing could be measured (ASC2608).
    """
    from ascendc.bench.table import name_of

    by_state: dict[str, dict[str, None]] = {}
    for case in results.cases:
        said = f"{name_of(case)}, {case.part}: {case.reason}" if case.state != "unavailable" else ""
        by_state.setdefault(case.state, {})[said or f"{name_of(case)}: {case.reason}"] = None
    for state, error, id in (("refused", GateError, "ASC2606"), ("failed", StageError, "ASC2607")):
        if state in by_state:
            raise error(id, f"{state}: {'; '.join(by_state[state])}")
    if "measured" not in by_state:
        reasons = "; ".join([reason for state in by_state.values() for reason in state] or results.notes)
        raise EnvironmentLacksError(
            "ASC2608", f"nothing could be measured: {reasons}", hint="ascendc doctor says what this machine lacks"
        )

"""The steps in their order, and what is written of them."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type

import ascendc

from .arguments import arguments
from .compiled import Compiled, compiled
from .isolate import isolated
from .job import CLONE, Job
from .probe import Probed, lacks, probe, summary
from .redact import Redactor, folders_here, names_here, roots_here
from .report import FAILED, PASSED, SKIPPED, Report, Step
from .rows import Check, Golden, Om, Soak, Timing
from .written import write

STEPS: Dict[str, Type[Any]] = {
    "inspect": Om,
    "golden": Golden,
    "conformance": Check,
    "benchmark": Timing,
    "soak": Soak,
}
"""Steps that need an OM and a device → their rows."""

NOTHING, STEP_FAILED = 5, 3


class Tried(NamedTuple):
    """What the steps with an OM gave."""

    steps: Tuple[Step, ...]
    rows: Dict[str, Tuple[Any, ...]]


def main(argv: List[str]) -> int:
    """Run all steps and write the report; 0, 3 if one failed, 5 if there was nothing to run."""
    args = arguments(argv)
    with tempfile.TemporaryDirectory(prefix="hardware-") as name:
        work = Path(name).resolve()
        probed = probe(work, args.limit)
        _say(probed.step, summary(probed))
        without = lacks(probed.device)
        made = compiled(args.bundle, probed.device, args.output / "hardware-bundle", work, args.limit)
        _say(made.step)
        tried = _try(probed, made, without, args, work)
        report = _report(probed, made, tried)
        if all(step.verdict == SKIPPED for step in report.steps[1:]) and probed.step.verdict == PASSED:
            sys.stderr.write(f"error: nothing could run, and no report is written: {without or made.step.reason}\n")
            return NOTHING
        folders = folders_here(
            work=work, clone=CLONE, output=args.output, **({"bundle": args.bundle} if args.bundle else {})
        )
        write(Redactor(folders, names_here(), roots_here()).report(report), args.output)
    return STEP_FAILED if any(step.verdict == FAILED for step in report.steps) else 0


def _try(probed: Probed, made: Compiled, without: str, args: argparse.Namespace, work: Path) -> Tried:
    steps: List[Step] = []
    rows: Dict[str, Tuple[Any, ...]] = dict.fromkeys(STEPS, ())
    reason = without or ("there is no OM to run" if made.folder is None else "")
    for name, row in STEPS.items():
        if reason or made.facts is None:
            steps.append(Step(name, SKIPPED, reason))
            continue
        job = Job(str(made.folder), made.facts.target, args.runs, args.soak_runs)
        step, rows[name] = isolated(name, row, job, work, args.limit)
        steps.append(step)
        _say(step)
    if reason:
        print(f"the rest is skipped: {reason}")
    return Tried(tuple(steps), rows)


def _report(probed: Probed, made: Compiled, tried: Tried) -> Report:
    oms, rows = tried.rows["inspect"], tried.rows
    # Any trace of the simulator is enough: a process may have died before it could say what it ran on.
    exports = any(name.startswith("ASCENDC_SIM_") for name in os.environ)
    simulated = exports or probed.device.simulated or any(om.simulated for om in oms)
    return Report(
        ascendc=ascendc.__version__,
        commit=_commit(),
        simulated=simulated,
        machine=probed.machine,
        bundle=made.facts,
        steps=(probed.step, made.step, *tried.steps),
        oms=oms,
        golden=rows["golden"],
        conformance=rows["conformance"],
        benchmark=tuple(map(_without_figures, rows["benchmark"])) if simulated else rows["benchmark"],
        soak=rows["soak"],
    )


def _without_figures(row: Timing) -> Timing:
    return Timing(row.part, row.batch, row.runs, complaint=row.complaint)


def _commit() -> Optional[str]:
    command = ["git", "-C", str(CLONE), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout.decode().strip() or None


def _say(step: Step, more: str = "") -> None:
    print("  ".join(filter(None, [f"{step.name:11}", f"{step.verdict:7}", more or step.reason])), flush=True)

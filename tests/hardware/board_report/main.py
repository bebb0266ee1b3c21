"""The steps in their order, and what is written of them."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type

import ascendc

from .compiled import Compiled, compiled
from .isolate import isolated
from .job import CLONE, Job
from .markdown import markdown, verdicts
from .probe import Probed, lacks, probe, summary
from .redact import Redactor, folders_here, names_here
from .report import FAILED, PASSED, SCHEMA, SKIPPED, Check, Golden, Om, Report, Soak, Step, Timing

STEPS: Dict[str, Type[Any]] = {
    "inspect": Om,
    "golden": Golden,
    "conformance": Check,
    "benchmark": Timing,
    "soak": Soak,
}
"""Steps that need an OM and a device → their rows."""

FILE, TEXT = "hardware-report.json", "hardware-report.md"
NOTHING, STEP_FAILED = 5, 3


class Tried(NamedTuple):
    """What the steps with an OM gave."""

    steps: Tuple[Step, ...]
    rows: Dict[str, Tuple[Any, ...]]


def main(argv: List[str]) -> int:
    """Run all steps and write the report; 0, 3 if one failed, 5 if there was nothing to run."""
    args = _arguments(argv)
    _choose_device(args.device)
    with tempfile.TemporaryDirectory(prefix="hardware-") as name:
        work = Path(name).resolve()
        probed = probe(work, args.limit)
        _say(probed.step, summary(probed))
        without = lacks(probed.device)
        made = compiled(args.bundle, probed.device.soc, args.output / "hardware-bundle")
        _say(made.step)
        tried = _try(probed, made, without, args, work)
        report = _report(probed, made, tried)
        if all(step.verdict == SKIPPED for step in report.steps[1:]) and probed.step.verdict == PASSED:
            sys.stderr.write(f"error: nothing could run, and no report is written: {without or made.step.reason}\n")
            return NOTHING
        folders = folders_here(
            work=work, clone=CLONE, output=args.output, **({"bundle": args.bundle} if args.bundle else {})
        )
        _write(Redactor(folders, names_here()).report(report), args.output)
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


def _write(report: Report, output: Path) -> None:
    """Both files; what is said last is what to do with them."""
    record = {"schema": SCHEMA, **asdict(report)}
    output.mkdir(parents=True, exist_ok=True)
    (output / FILE).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (output / TEXT).write_text(markdown(report), encoding="utf-8")
    print(f"\n{'SIMULATED: ' if report.simulated else ''}{verdicts(report)}")
    print(f"Written: {output / FILE}, and {TEXT} beside it.")
    print("Nothing was sent. Names, addresses and serial numbers that were recognised are taken out: read both files.")
    if report.simulated:
        print("This was the simulator: there is nothing to file.")
    else:
        print("If you agree that they become public, file them by the form `Hardware report` of the project's issues.")


def _commit() -> Optional[str]:
    command = ["git", "-C", str(CLONE), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout.decode().strip() or None


def _say(step: Step, more: str = "") -> None:
    print("  ".join(filter(None, [f"{step.name:11}", f"{step.verdict:7}", more or step.reason])), flush=True)


def _choose_device(number: int) -> None:
    """Let every step's process see one device, as its device 0: the bundle's own test always takes that one."""
    visible = [one for one in os.environ.get("ASCEND_RT_VISIBLE_DEVICES", "").split(",") if one]
    if number:
        os.environ["ASCEND_RT_VISIBLE_DEVICES"] = visible[number] if number < len(visible) else str(number)


def _arguments(argv: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description="Try ascendc on an Ascend board; docs/hardware.md.")
    parser.add_argument(
        "--bundle", type=_bundle, metavar="DIR", help="built elsewhere; else the tiny CLIP is built here"
    )
    parser.add_argument("--device", type=_count, default=0, help="number of the device; default: 0")
    parser.add_argument(
        "--output", type=_folder, default=_folder("."), metavar="DIR", help="for the report; default: this folder"
    )
    parser.add_argument("--runs", type=_count, default=200, help="of the benchmark; default: 200")
    parser.add_argument("--soak-runs", type=_count, default=2000, help="default: 2000")
    parser.add_argument("--limit", type=_count, default=1800, help="seconds for one step, ATC's aside; default: 1800")
    return parser.parse_args(argv)


def _bundle(text: str) -> Path:
    for folder in (Path(text), Path(text) / "bundle"):
        if (folder / "manifest.json").is_file():
            return folder.resolve()
    raise argparse.ArgumentTypeError(f"`{text}` is no bundle: it holds no manifest.json")


def _folder(text: str) -> Path:
    """Absolute: what is started has working folders of its own."""
    return Path(text).absolute()


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a number from 0, not `{text}`")
    return int(text)

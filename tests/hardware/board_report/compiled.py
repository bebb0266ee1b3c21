"""Compile: OMs for the chip that was found, by the ATC of this machine, or those that a bundle brings."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import List, NamedTuple, Optional

from ascendc.runtime.om_checks import family

from .isolate import isolated, tail
from .job import CLONE, Job
from .report import FAILED, PASSED, SKIPPED, BundleFacts, Step
from .rows import Device, Target

RECIPE = CLONE / "recipes" / "tiny-clip.yaml"
ELSEWHERE = (
    "on a machine with Python 3.10 and ATC: ascendc build recipes/tiny-clip.yaml --set targets[0].soc={soc} "
    "-o build/board, copy build/board here, then --bundle board"
)


class Compiled(NamedTuple):
    """What there is to be tried."""

    step: Step
    folder: Optional[Path]
    """The bundle; None: there is no OM for this chip."""
    facts: Optional[BundleFacts]


def compiled(bundle: Optional[Path], device: Device, build: Path, work: Path, limit: int) -> Compiled:
    """See that there are OMs.

    Args:
        bundle: a bundle that was built elsewhere.
        device: the device that was found.
        build: where a bundle is built if there is none.
        work: a folder for the files of the process that reads the bundle.
        limit: seconds after which that is killed.
    """
    soc = device.soc
    if bundle is not None:
        return _of_bundle(bundle, soc, work, limit)
    if soc is None:
        return Compiled(Step("compile", SKIPPED, "the chip is unknown: name a bundle with --bundle"), None, None)
    python = _python()
    if python is None:
        reason = "ascendc is not installed here, which could build the tiny CLIP; " + ELSEWHERE.format(soc=soc)
        return Compiled(Step("compile", SKIPPED, reason), None, None)
    command = [python, "-m", "ascendc", "build", str(RECIPE), "--set", f"targets[0].soc={soc}", "--require-om"]
    if device.simulated:  # else the build refuses what the simulated ATC makes
        command += ["--set", "targets[0].toolchain=sim"]
    step = _ran([*command, "-o", str(build)], "ascendc build")
    if step.verdict != PASSED:
        return Compiled(step, None, None)
    found = _of_bundle(build, soc, work, limit)
    return found if found.folder is None else found._replace(step=step)


def _of_bundle(folder: Path, soc: Optional[str], work: Path, limit: int) -> Compiled:
    """Take the bundle's first target that fits the chip, and compile what OMs it lacks."""
    if not (folder / "python" / "ascendc_runtime" / "__init__.py").is_file():
        reason = f"{folder}/python/ascendc_runtime/__init__.py is missing: the bundle is not whole"
        return Compiled(Step("compile", FAILED, reason), None, None)
    step, rows = isolated("compile", Target, Job(str(folder), "", 0, 0), work, limit)
    if step.verdict != PASSED:
        return Compiled(replace(step, reason=f"the bundle cannot be read: {step.reason}"), None, None)
    target = next((row for row in rows if soc is None or family(row.soc) == family(soc)), None)
    if target is None:
        socs = ", ".join(sorted({row.soc for row in rows}))
        reason = f"the bundle is for {socs}, and this is {soc}; build one with --set targets[0].soc={soc}"
        return Compiled(Step("compile", SKIPPED, reason), None, None)
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    facts = BundleFacts(target.name, target.created_by, target.source, target.target, target.soc, digest)
    oms = [folder / row.om for row in rows if row.target == target.target]
    if all(om.is_file() for om in oms):
        return Compiled(Step("compile", SKIPPED, "the bundle brings its OMs"), folder, facts)
    step = _ran(["bash", str(folder / "compile.sh"), target.target], "compile.sh")
    return Compiled(step, folder if any(om.is_file() for om in oms) else None, facts)


def _python() -> Optional[str]:
    """A Python in which ascendc is installed with all that a build needs."""
    for python in (Path(sys.executable), CLONE / ".venv" / "bin" / "python"):
        if python.exists():
            command = [str(python), "-c", "import ascendc.driver, ascendc_plugins, torch, onnx"]
            if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return str(python)
    return None


def _ran(command: List[str], name: str) -> Step:
    """ATC takes minutes to hours, and both programs limit it themselves."""
    pipe = subprocess.PIPE
    print(f"compile      running  {name}", flush=True)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.STDOUT, cwd=str(CLONE))
    if done.returncode == 0:
        return Step("compile", PASSED)
    said = done.stdout.decode("utf-8", "replace").strip()
    lines = [line for line in said.splitlines() if line.strip()] or ["nothing said"]
    # The words that matter: the error of `ascendc`, or the script's sentence on the first OM that it has not made.
    marks = ("ascendc: ASC", "cannot be compiled here:", "ATC for ")
    reason = next((line for line in lines if any(mark in line for mark in marks)), lines[-1])
    verdict = SKIPPED if done.returncode == 5 else FAILED
    return Step("compile", verdict, f"{name}: {reason}", "" if verdict == SKIPPED else tail(said))

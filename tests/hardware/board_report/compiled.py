"""Compile: OMs for the chip that was found, by the ATC of this machine, or those that a bundle brings."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional

from .isolate import tail
from .job import CLONE, use_runtime
from .report import FAILED, PASSED, SKIPPED, BundleFacts, Step

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


def compiled(bundle: Optional[Path], soc: Optional[str], build: Path) -> Compiled:
    """See that there are OMs.

    Args:
        bundle: a bundle that was built elsewhere.
        soc: the chip, if it is known.
        build: where a bundle is built if there is none.
    """
    if bundle is not None:
        return _of_bundle(bundle, soc)
    if soc is None:
        return Compiled(Step("compile", SKIPPED, "the chip is unknown: name a bundle with --bundle"), None, None)
    python = _python()
    if python is None:
        reason = "ascendc is not installed here, which could build the tiny CLIP; " + ELSEWHERE.format(soc=soc)
        return Compiled(Step("compile", SKIPPED, reason), None, None)
    command = [python, "-m", "ascendc", "build", str(RECIPE), "--set", f"targets[0].soc={soc}", "--require-om"]
    step = _ran([*command, "-o", str(build)], "ascendc build")
    return Compiled(step, None, None) if step.verdict != PASSED else _chosen(build, soc, step)


def _of_bundle(folder: Path, soc: Optional[str]) -> Compiled:
    found = _chosen(folder, soc, Step("compile", SKIPPED, "the bundle brings its OMs"))
    if found.facts is None or _oms(folder, found.facts.target, missing=True) == []:
        return found
    step = _ran(["bash", str(folder / "compile.sh"), found.facts.target], "compile.sh")
    there = _oms(folder, found.facts.target, missing=False)
    return Compiled(step, folder if there else None, found.facts)


def _chosen(folder: Path, soc: Optional[str], step: Step) -> Compiled:
    """The first target of the bundle that fits the chip."""
    try:
        use_runtime(folder)
    except FileNotFoundError as error:
        return Compiled(Step("compile", FAILED, f"{error.filename} is missing: the bundle is not whole"), None, None)
    from ascendc.runtime.bundle import BundleError, open_bundle
    from ascendc.runtime.om_checks import family

    try:
        manifest = open_bundle(folder).manifest
    except BundleError as error:
        return Compiled(Step("compile", FAILED, str(error)), None, None)
    for artefact in manifest.artefacts:
        if soc is None or family(artefact.soc) == family(soc):
            digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
            source = f"{manifest.model.plugin} {manifest.model.source}"
            facts = BundleFacts(manifest.name, manifest.created_by, source, artefact.target, artefact.soc, digest)
            return Compiled(step, folder, facts)
    socs = ", ".join(sorted({artefact.soc for artefact in manifest.artefacts}))
    reason = f"the bundle is for {socs}, and this is {soc}; build one with --set targets[0].soc={soc}"
    return Compiled(Step("compile", SKIPPED, reason), None, None)


def _oms(folder: Path, target: str, *, missing: bool) -> List[str]:
    from ascendc.runtime.bundle import open_bundle

    bundle = open_bundle(folder)
    artefacts = [a for a in bundle.manifest.artefacts if a.target == target]
    return [a.om for a in artefacts if (bundle.om(a) is None) == missing]


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

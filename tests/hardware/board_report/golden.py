"""Golden: the bundle's own test, on the OM and on nothing else."""

from typing import Iterator

from ascendc.runtime.bundle import BundleError
from ascendc.runtime.engine import NoEngineError
from ascendc.runtime.selftest import selftest

from .job import Job, opened
from .report import Golden


def rows(job: Job) -> Iterator[Golden]:
    """One row for each part."""
    bundle, artefacts = opened(job)
    for artefact in artefacts:
        part, limit = artefact.part, artefact.limit
        try:
            verdict = selftest(bundle, part, job.target, "npu")
        except (BundleError, NoEngineError) as error:
            yield Golden(part, "none", None, limit, str(error))
            continue
        complaint = "" if verdict.ok else str(verdict)
        if not verdict.engine.startswith("pyACL"):  # an onnxruntime built for NPUs took over
            complaint = "; ".join([f"{part}: the OM was not run, but {verdict.engine}", *verdict.notes])
        yield Golden(part, verdict.engine, verdict.error, verdict.limit, complaint)

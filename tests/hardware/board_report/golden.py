"""Golden: the bundle's own test, on the OM and on nothing else."""

from typing import Iterator

from ascendc.runtime import SessionError, open_session
from ascendc.runtime.bundle import BundleError
from ascendc.runtime.engine import NoEngineError
from ascendc.runtime.selftest import selftest

from .job import Job, opened
from .rows import Golden


def rows(job: Job) -> Iterator[Golden]:
    """One row for each part."""
    bundle, artefacts = opened(job)
    for artefact in artefacts:
        part, limit = artefact.part, artefact.limit
        try:
            # First of all by itself: the test goes on to the ONNX if an OM is refused, and says why for one part only.
            open_session(bundle.folder / artefact.om, "npu").close()
            verdict = selftest(bundle, part, job.target, "npu")
        except (BundleError, NoEngineError, SessionError) as error:
            yield Golden(part, "none", None, limit, f"{part}: {error}")
            continue
        complaint = "" if verdict.ok else str(verdict)
        if not verdict.engine.startswith("pyACL"):  # an onnxruntime built for NPUs took over
            complaint = "; ".join([f"{part}: the OM was not run, but {verdict.engine}", *verdict.notes])
        yield Golden(part, verdict.engine, verdict.error, verdict.limit, complaint)

"""Conformance: the contract of sessions, by the suite that every runtime of ascendc is held to."""

from typing import Iterator

from ascendc.runtime import SessionError
from ascendc.runtime.om import OmSession
from ascendc.testing import SESSION_CHECKS

from .job import Job, feeds, opened
from .rows import Check


def rows(job: Job) -> Iterator[Check]:
    """One row for each check of each part."""
    bundle, artefacts = opened(job)
    for artefact in artefacts:
        path, given = str(bundle.folder / artefact.om), feeds(bundle, artefact, artefact.batch[0])
        for check in SESSION_CHECKS:
            try:
                check(lambda path=path: OmSession(path), given)  # type: ignore[misc]  # mypy takes no such lambda
                complaint = ""
            except (AssertionError, SessionError) as error:
                complaint = f"{artefact.part}: {check.__name__}: {str(error).strip()}"
            yield Check(artefact.part, check.__name__, complaint)

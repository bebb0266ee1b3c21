"""Targets: what the bundle is for, as its own code reads it; in a process of its own, since that code may be broken."""

from pathlib import Path
from typing import Iterator

from ascendc.runtime.bundle import BundleError, open_bundle

from .job import Job
from .rows import Target


def rows(job: Job) -> Iterator[Target]:
    """One row for each part and target, in the order of the manifest."""
    try:
        manifest = open_bundle(Path(job.bundle)).manifest
    except BundleError as error:
        yield Target(complaint=str(error))
        return
    source = f"{manifest.model.plugin} {manifest.model.source}"
    for artefact in manifest.artefacts:
        yield Target(manifest.name, manifest.created_by, source, artefact.target, artefact.soc, artefact.om)

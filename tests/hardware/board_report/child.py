"""The inside of a step's process: rows go to a file as soon as they are known, so that a crash loses none."""

import importlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import List

from .job import Job, use_runtime

MODULES = {
    "probe": "device",
    "compile": "targets",
    "inspect": "inspected",
    "golden": "golden",
    "conformance": "conformance",
    "benchmark": "benchmark",
    "soak": "soak",
}
"""Step → the module whose `rows` it runs."""


def child(argv: List[str]) -> int:
    """Run one step: its name, the file of its job, the file for its rows. What it raises is for stderr."""
    name, job_file, rows_file = argv
    job = Job(**json.loads(Path(job_file).read_text(encoding="utf-8")))
    try:
        if job.bundle:
            use_runtime(Path(job.bundle))
        step = importlib.import_module("." + MODULES[name], __package__)
        with Path(rows_file).open("w", encoding="utf-8") as file:
            for row in step.rows(job):
                file.write(json.dumps(asdict(row)) + "\n")
                file.flush()
    except SystemExit as error:  # of the bundle's code: else a status of 0 would pass for success
        raise RuntimeError("code of the bundle ended the process") from error
    return 0

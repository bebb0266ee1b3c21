"""Inspect: what each OM's file says, what AscendCL says of it, and whether our reader of OM files agrees."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Iterator, Optional, Sequence, Tuple

from ascendc.runtime import Session, SessionError, TensorSpec, shape_text
from ascendc.runtime.om import OmSession
from ascendc.runtime.om_file import read_facts
from ascendc.runtime.om_interface import GEAR_INPUT

from .job import Job, opened
from .rows import Om


def rows(job: Job) -> Iterator[Om]:
    """One row for each part."""
    bundle, artefacts = opened(job)
    for artefact in artefacts:
        path = bundle.folder / artefact.om
        row = Om(artefact.part, artefact.om, _sha256(path), path.stat().st_size)
        try:
            facts = read_facts(str(path))
            row = replace(row, soc=facts.soc or None, atc_version=facts.atc or None, simulated=facts.simulated)
            with OmSession(str(path)) as session:
                inputs, outputs = _texts(session.inputs), _texts(session.outputs)
                row = replace(row, inputs=inputs, outputs=outputs, gears=session.inputs[0].gears)
                row = replace(row, reader=_reader(path, session))
        except SessionError as error:
            row = replace(row, complaint=f"{artefact.part}: {error}")
        yield row


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _texts(specs: Sequence[TensorSpec]) -> Tuple[str, ...]:
    return tuple(f"{spec.name} {spec.dtype} {shape_text(spec.shape)}" for spec in specs)


def _reader(path: Path, session: Session) -> str:
    """Whether our reader of the file's bytes agrees; if not, that is ours to mend, and no failure of the board."""
    if sys.version_info < (3, 10):
        return "not tried: it needs Python 3.10"
    from ascendc.cann.om.file import read
    from ascendc.errors import UsageError

    try:
        om = read(path)
    except UsageError as error:
        return f"refuses the file: {error.message}"
    inputs = [(port.name, port.dtype, port.shape) for port in om.inputs if port.name != GEAR_INPUT]
    outputs = [("", port.dtype, port.shape) for port in om.outputs]  # ATC's names; AscendCL tells a part of them
    pairs = (
        ("inputs", inputs, [(spec.name, spec.dtype, spec.shape) for spec in session.inputs]),
        ("outputs", outputs, [("", spec.dtype, spec.shape) for spec in session.outputs]),
    )
    found = [f"{what} {mine}; AscendCL says {theirs}" for what, mine, theirs in pairs if not _agree(mine, theirs)]
    return f"differs: {'; '.join(found)}" if found else "agrees with AscendCL"


Face = Tuple[str, Optional[str], Optional[Tuple[Optional[int], ...]]]
"""Name, type and shape."""


def _agree(mine: Sequence[Face], theirs: Sequence[Face]) -> bool:
    """An open axis agrees with any size: files write outputs of gears either way."""
    return len(mine) == len(theirs) and all(
        a[:2] == b[:2]
        and len(a[2] or ()) == len(b[2] or ())
        and all(x == y or None in (x, y) or -1 in (x, y) for x, y in zip(a[2] or (), b[2] or ()))
        for a, b in zip(mine, theirs)
    )

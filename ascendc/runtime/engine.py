"""Which engine runs a part of a bundle here: its OM where that can be, its ONNX file otherwise, said in words.

Python 3.7, numpy.
"""

from typing import List, NamedTuple, Optional, Tuple

from . import open_session
from .bundle import Bundle
from .manifest import Artefact
from .session import Session, SessionError


class NoEngineError(Exception):
    """Nothing here can run the part; the message says what was tried and why each failed."""


class Engine(NamedTuple):
    """An open part."""

    session: Session
    artefact: Artefact
    is_om: bool
    notes: Tuple[str, ...]
    """Why something better was passed over."""


def open_part(
    bundle: Bundle, part: str, target: Optional[str] = None, device: str = "auto", verify: bool = False
) -> Engine:
    """Open a part on the best engine there is.

    Args:
        bundle: the bundle.
        part: one of its parts.
        target: one of its targets; None: the first that has an OM here, or else the first.
        device: ``auto``: an OM, or else what onnxruntime has; ``npu``, ``cuda``, ``cpu``: that or nothing.
        verify: take the digests of the files first.

    Raises:
        BundleError: the bundle lacks the part, or a file is missing or, if verified, damaged.
        NoEngineError: no engine here can run it.
    """
    notes: List[str] = []
    artefacts = [a for a in bundle.manifest.artefacts if a.part == part and target in (None, a.target)]
    for artefact in artefacts if device in ("auto", "npu") else ():
        om = bundle.om(artefact)
        if om is None:
            continue
        if verify and artefact.om in bundle.manifest.files:
            bundle.check(artefact.om)
        try:
            return Engine(open_session(om, device), artefact, True, tuple(notes))
        except SessionError as error:
            notes.append("{}: the OM is not used: {}".format(part, error))
    artefact = bundle.artefact(part, target)
    path = bundle.check_model(artefact.onnx) if verify else bundle.path(artefact.onnx)
    try:
        return Engine(open_session(path, device), artefact, False, tuple(notes))
    except SessionError as error:
        raise NoEngineError("\n".join([*notes, "{}: {}".format(part, error)])) from error

"""Which engine runs a part of a bundle here, said in words: pyACL with its OM, else onnxruntime with its ONNX.

Python 3.7, numpy.
"""

from typing import NamedTuple, Optional, Tuple

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
    """Why something better was passed over. Said with one part of a bundle, not with each."""


def open_part(
    bundle: Bundle, part: str, target: Optional[str] = None, device: str = "auto", verify: bool = False
) -> Engine:
    """Open a part on the best engine there is.

    Args:
        bundle: the bundle.
        part: one of its parts.
        target: one of its targets; None: the first.
        device: ``auto``: the OM if it runs here, else what onnxruntime has; ``npu``, ``cuda``, ``cpu``: only that.
        verify: take the digests of the files first.

    Raises:
        BundleError: the bundle lacks the part, or a file is missing or, if verified, damaged.
        NoEngineError: no engine here can run it.
    """
    present = [a for a in bundle.manifest.artefacts if target in (None, a.target) and bundle.om(a)]
    why = ""
    for artefact in (a for a in present if a.part == part and device in ("auto", "npu")):
        if verify and artefact.om in bundle.manifest.files:
            bundle.check(artefact.om)
        try:
            return Engine(open_session(bundle.folder / artefact.om, device, soc=artefact.soc), artefact, True, ())
        except SessionError as error:
            why = str(error)
    notes = ("note: the OM is not run: {}".format(why),) if why and present[0].part == part else ()
    artefact = bundle.artefact(part, target)
    path = bundle.check_model(artefact.onnx) if verify else bundle.path(artefact.onnx)
    try:
        return Engine(open_session(path, device), artefact, False, notes)
    except SessionError as error:
        raise NoEngineError("\n".join([*notes, "{}: {}".format(part, error)])) from error

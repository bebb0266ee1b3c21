"""Which engine runs a part of a bundle here, said in words: pyACL with its OM, else onnxruntime with its ONNX.

Python 3.7, numpy.
"""

from typing import List, NamedTuple, Optional, Sequence, Tuple

from . import open_session
from .acl import NoAclError
from .bundle import Bundle
from .manifest import Artefact
from .om_checks import OtherChipError, TooLittleMemoryError
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
    bundle: Bundle,
    part: str,
    target: Optional[str] = None,
    device: str = "auto",
    verify: bool = False,
    allow_simulated: bool = False,
) -> Engine:
    """Open a part on the best engine there is.

    Where the device is too full for one target's OM, the next target's is tried, and then the ONNX.

    Args:
        bundle: the bundle.
        part: one of its parts.
        target: one of its targets; None: the first.
        device: ``auto``: the OM if it runs here, else what onnxruntime has; ``npu``, ``cuda``, ``cpu``: only that.
        verify: take the digests of the files first.
        allow_simulated: whether an OM that the simulated ATC made may be offered to a real device.

    Raises:
        BundleError: the bundle lacks the part, or a file is missing or, if verified, damaged.
        NoEngineError: no engine here can run it.
    """
    present = [a for a in bundle.manifest.artefacts if target in (None, a.target) and bundle.om(a)]
    refused: List[SessionError] = []
    for artefact in (a for a in present if a.part == part and device in ("auto", "npu")):
        if verify and artefact.om in bundle.manifest.files:
            bundle.check(artefact.om)
        try:
            session = open_session(bundle.folder / artefact.om, device, allow_simulated=allow_simulated)
        except SessionError as error:
            refused.append(error)
        else:
            return Engine(session, artefact, True, tuple(_too_large(refused)))
    notes = _notes(refused, first=not present or present[0].part == part)
    artefact = bundle.artefact(part, target)
    path = bundle.check_model(artefact.onnx) if verify else bundle.path(artefact.onnx)
    try:
        return Engine(open_session(path, device), artefact, False, tuple(notes))
    except SessionError as error:
        raise NoEngineError("\n".join([*notes, "{}: {}".format(part, error)])) from error


def _notes(refused: Sequence[SessionError], *, first: bool) -> List[str]:
    """Why no OM of a part is run. What every part would say alike, of this machine, is said with the first."""
    said = _too_large(refused)
    if said or not refused:
        return said
    # Of a bundle for several chips, most OMs are not meant for this one.
    error = next((error for error in refused if not isinstance(error, OtherChipError)), refused[0])
    if isinstance(error, NoAclError) and not first:
        return []
    return ["note: the OM is not run: {}".format(error)]


def _too_large(refused: Sequence[SessionError]) -> List[str]:
    return ["note: {}: the next is tried".format(e) for e in refused if isinstance(e, TooLittleMemoryError)]

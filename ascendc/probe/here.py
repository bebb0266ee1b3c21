"""Which chips this machine has, asked as a board is asked."""

from __future__ import annotations

from ascendc.cann import npu_smi
from ascendc.cann.present import Present, Replies, present
from ascendc.probe import probe_board
from ascendc.probe.probe_board import MissingError


def here() -> Present:
    """The chips of this machine; AscendCL is asked only if npu-smi names none, since loading it takes seconds.

    Raises:
        EnvironmentLacksError: there is none (ASC1231), or one whose name nothing says (ASC1232).
    """
    reasons: list[str] = []
    table = acl = None
    try:
        table = probe_board.npu_smi()
    except MissingError as error:
        reasons.append(str(error))
    if not npu_smi.chips(table or ""):
        try:
            acl = probe_board.acl()["soc"]
        except MissingError as error:
            reasons.append(str(error))
    return present(Replies(table, acl, probe_board.devices(), tuple(reasons)))

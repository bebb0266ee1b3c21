"""Which chips a machine has, from what its npu-smi, its AscendCL and its ``/dev`` answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ascendc.cann import npu_smi
from ascendc.cann.npu_smi import Chip
from ascendc.errors import EnvironmentLacksError, UsageError

PAGE = "npu-smi info -t board -i {npu} -c 0"
"""What prints the rest of a name (the 950's npu-smi takes no -c)."""


@dataclass(frozen=True)
class Replies:
    """What a machine answered; None where it could not be asked, and then why."""

    npu_smi: str | None
    """The output of ``npu-smi info``, and of the pages of chips whose names it shortens."""
    acl: str | None
    """``acl.get_soc_name()``."""
    devices: int
    """Nodes ``/dev/davinci<N>``."""
    reasons: tuple[str, ...] = ()
    """Why there is no answer, one a tool."""


@dataclass(frozen=True)
class Named:
    """One kind of chip."""

    said: str
    """As npu-smi or AscendCL writes it."""
    soc: str | None
    """The value of ``--soc_version``; None: no SoC of this table is called that."""
    count: int
    """How many there are; AscendCL shows one."""
    note: str
    """What to mind or to do next; may be empty."""


@dataclass(frozen=True)
class Present:
    """The chips that are there."""

    source: Literal["npu-smi", "AscendCL"]
    """What named them."""
    chips: tuple[Named, ...]
    """One per kind, in the order found; at least one."""


def find(replies: Replies) -> Present | None:
    """The chips of a machine, npu-smi being asked first, since it shows every one; None if nothing names one."""
    if chips := npu_smi.chips(replies.npu_smi or ""):
        return Present("npu-smi", _kinds(chips))
    return Present("AscendCL", _kinds((Chip(None, replies.acl, None),))) if replies.acl else None


def present(replies: Replies) -> Present:
    """As `find`.

    Raises:
        EnvironmentLacksError: there is none (ASC1231), or one whose name nothing says (ASC1232).
    """
    if found := find(replies):
        return found
    why = why_not(replies)
    if replies.devices:
        raise EnvironmentLacksError(
            "ASC1232",
            f"an NPU is here (/dev/davinci*: {replies.devices}), but its name cannot be read: {why}",
            hint="source set_env.sh of the CANN that is installed, or ask the driver: npu-smi info",
        )
    raise EnvironmentLacksError(
        "ASC1231", f"no NPU is here: {why}", hint="ascendc soc --npu-smi FILE  (saved on the board)"
    )


def find_saved(text: str, origin: str) -> Present:
    """The chips in an output of npu-smi that somebody saved or pasted.

    Raises:
        UsageError: it shows none (ASC1213).
    """
    if found := find(Replies(text, None, 0)):
        return found
    raise UsageError(
        "ASC1213", f"{origin} shows no chip as npu-smi does", hint="npu-smi info > npu-smi.txt  (on the board)"
    )


def why_not(replies: Replies) -> str:
    """Why there is no name: ``npu-smi is not on the PATH; Python cannot load AscendCL (acl); no chips in /dev``."""
    reasons = replies.reasons if replies.npu_smi is None else ("npu-smi info lists no chip", *replies.reasons)
    return "; ".join([*reasons, f"{replies.devices or 'no'} chips in /dev"])


def _kinds(chips: tuple[Chip, ...]) -> tuple[Named, ...]:
    first = {chip.name: chip for chip in reversed(chips)}
    names = dict.fromkeys(chip.name for chip in chips)
    return tuple(_named(first[name], sum(chip.name == name for chip in chips)) for name in names)


def _named(chip: Chip, count: int) -> Named:
    soc = npu_smi.exact(chip.name)
    return Named(chip.name, soc, count, _unknown(chip) if soc is None else _trap(soc))


def _trap(soc: str) -> str:
    return "a first-generation 910; the Atlas A2 cards are Ascend910B1 to B4" if soc == "Ascend910B" else ""


def _unknown(chip: Chip) -> str:
    if chip.name.lower().removeprefix("ascend") == "910":
        page = PAGE.format(npu=chip.npu or 0)
        return f"only the family; the exact name is on another page, to be read along with the table: {page}"
    return "no SoC of CANN 8.1 is called that; a newer CANN may know it"

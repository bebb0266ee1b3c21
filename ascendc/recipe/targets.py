"""Targets as they are written become targets as the plan reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascendc.cann import images, opset
from ascendc.cann.atc import extra as atc_extra
from ascendc.cann.version import Cann
from ascendc.document import Document, Loc, Problem
from ascendc.errors import UsageError
from ascendc.probe.board import Board
from ascendc.probe.board import read as read_board
from ascendc.recipe.paths import named
from ascendc.target import Batch, PartTarget, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ascendc.cann.soc import Soc
    from ascendc.recipe.schema import PartFields, TargetFields


@dataclass
class Decoded:
    """Targets, what was assumed on the way, and what is wrong."""

    targets: dict[int, Target] = field(default_factory=dict)
    """By their index in the recipe."""
    notes: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def decode(fields: Mapping[int, TargetFields], document: Document, folder: Path) -> Decoded:
    """Targets by their index in a recipe that lies in `folder`; one that is not right is left out."""
    decoded = Decoded()
    for index, target in fields.items():
        _decode(target, index, document, folder, decoded)
    _check_names(decoded)
    _check_opset(document.value(("export", "opset")), decoded)
    return decoded


def _decode(fields: TargetFields, index: int, document: Document, folder: Path, decoded: Decoded) -> None:
    """Add one target to `decoded`, or say why not."""
    loc = ("targets", index)
    board = _board(fields, loc, folder, decoded)
    soc = _soc(fields, board, loc, document, decoded)
    if soc is None:
        return
    defaults = _part(fields, PartTarget(Batch((1,))))
    parts = tuple((name, _part(part, defaults)) for name, part in fields.parts.items())
    for place, part in ((loc, fields), *((((*loc, "parts", name)), part) for name, part in fields.parts.items())):
        if part.aipp == "rgb" and not soc.static_aipp:
            text = f"must not be rgb: {soc.name} has no static AIPP; allowed: none"
            decoded.problems.append(Problem("ASC1124", (*place, "aipp"), text))
    _check_atc(fields, loc, decoded)
    cann = _cann(fields, board, loc, decoded)
    _note_newer(cann, document.where((*loc, "cann" if "cann" in fields.model_fields_set else "board")), decoded)
    decoded.targets[index] = Target(
        name=fields.name or soc.name.lower(),
        soc=soc,
        cann=cann,
        parts=parts,
        toolchain=fields.toolchain,
        python=fields.python,
        atc_options=tuple(fields.atc.items()),
        defaults=defaults,
    )


def _board(fields: TargetFields, loc: Loc, folder: Path, decoded: Decoded) -> Board | None:
    if fields.board is None:
        return None
    try:
        return read_board(named(fields.board, folder))
    except UsageError as error:
        decoded.problems.append(Problem("ASC1121", (*loc, "board"), error.message, error.hint))
        return None


def _soc(fields: TargetFields, board: Board | None, loc: Loc, document: Document, decoded: Decoded) -> Soc | None:
    """The target's SoC: what it says, or what its board says; both must agree."""
    if fields.soc is None:
        if board is not None and board.soc is not None:
            return board.soc
        if board is not None or fields.board is None:
            why = f"must be given: {fields.board} does not know it" if fields.board else "must be given"
            text = f"{why}; allowed: an exact SoC name such as Ascend310P3{'' if fields.board else ', or `board`'}"
            decoded.problems.append(Problem("ASC1122", (*loc, "soc"), text))
        return None
    soc = fields.soc.soc
    decoded.notes += tuple(f"{document.where((*loc, 'soc'))}: {note}" for note in fields.soc.notes)
    if board is not None and board.soc not in (None, soc):
        text = f"must not be {soc.name}: {fields.board} says {board.soc.name}; allowed: one of the two"
        decoded.problems.append(Problem("ASC1123", (*loc, "soc"), text))
    return soc


def _cann(fields: TargetFields, board: Board | None, loc: Loc, decoded: Decoded) -> Cann | None:
    """The target's CANN, likewise."""
    if board is None or board.cann is None:
        return fields.cann
    if fields.cann is not None and fields.cann.version != board.cann.version:
        text = f"must not be {fields.cann}: {fields.board} says {board.cann}; allowed: one of the two"
        decoded.problems.append(Problem("ASC1127", (*loc, "cann"), text))
    return fields.cann if "cann" in fields.model_fields_set else board.cann


def _note_newer(cann: Cann | None, where: str, decoded: Decoded) -> None:
    newest = images.newest()
    if cann is not None and cann.version > newest.version:
        known = f"CANN {cann} is newer than what ascendc's tables know (newest: {newest})"
        decoded.notes += (f"{where}: {known}; the rules of {newest} are assumed",)


def _part(fields: PartFields, defaults: PartTarget) -> PartTarget:
    return PartTarget(
        fields.batch or defaults.batch, fields.precision or defaults.precision, fields.aipp or defaults.aipp
    )


def _check_atc(fields: TargetFields, loc: Loc, decoded: Decoded) -> None:
    """Each option by itself, so that the error names its line; then all of them together."""
    options = tuple(fields.atc.items())
    before = len(decoded.problems)
    for name, value in options:
        try:
            atc_extra.check([(name, value)], ())
        except UsageError as error:
            if error.id not in atc_extra.TOGETHER:
                decoded.problems.append(Problem(error.id, (*loc, "atc", name), error.message, error.hint))
    if len(decoded.problems) == before:
        try:
            atc_extra.check(options, ())
        except UsageError as error:
            decoded.problems.append(Problem(error.id, (*loc, "atc"), error.message, error.hint))


def _check_names(decoded: Decoded) -> None:
    """Targets name files side by side."""
    first: dict[str, int] = {}
    for index, target in decoded.targets.items():
        other = first.setdefault(target.name.lower(), index)
        if other != index:
            text = f"must differ from that of targets[{other}], `{target.name.lower()}`; allowed: another name"
            decoded.problems.append(Problem("ASC1125", ("targets", index, "name"), text))


def _check_opset(asked: Any, decoded: Decoded) -> None:
    if not isinstance(asked, int):  # auto, or nothing
        return
    for target in decoded.targets.values():
        taken = opset.taken(target.cann.version if target.cann else None)
        if asked not in taken:
            which = f"CANN {target.cann}" if target.cann else "an unknown CANN"
            text = f"must not be {asked}: target `{target.name}` has {which}; allowed: {taken} ({taken.source}), auto"
            decoded.problems.append(Problem("ASC1126", ("export", "opset"), text))

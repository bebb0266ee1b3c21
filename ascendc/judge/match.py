"""Which part and which output of one side is which of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascendc.judge.side import Arrays, Face, Side


@dataclass(frozen=True)
class Pair:
    """A part of the reference, and of the candidate."""

    reference: Face
    candidate: Face

    @property
    def part(self) -> str:
        """Its name, by the side that has one."""
        return self.reference.part or self.candidate.part


@dataclass(frozen=True)
class Partner:
    """Of an output of the reference."""

    name: str
    """On the candidate's side; empty: there is none."""
    by_place: bool = False


def parts(reference: Side, candidate: Side, only: str | None) -> tuple[Pair, ...]:
    """Match parts: by name, else by what they take, else by what they give; two single graphs are each other's.

    Args:
        reference: one side.
        candidate: the other.
        only: the part that is meant; None: all.

    Raises:
        UsageError: no part is that of the other side (ASC2803).
    """
    if only is not None and not any(side.faces[0].part for side in (reference, candidate)):
        raise UsageError("ASC2803", f"neither `{reference.name}` nor `{candidate.name}` has parts; --part is for those")
    mine, theirs = (_only(side, only) for side in (reference, candidate))
    if len(mine) == len(theirs) == 1 and (only is not None or not (mine[0].part and theirs[0].part)):
        alone = len(reference.faces) == len(candidate.faces) == 1
        if alone:
            return (Pair(mine[0], theirs[0]),)
        if only is not None or _alike(mine[0], theirs[0]):
            return (Pair(_narrowed(mine[0], theirs[0]), _narrowed(theirs[0], mine[0])),)
    found = [
        Pair(_narrowed(one, other), _narrowed(other, one)) for one in mine for other in theirs if _alike(one, other)
    ]
    if not found:
        said = [f"`{side.name}` has {', '.join(map(_said, side.faces))}" for side in (reference, candidate)]
        raise UsageError(
            "ASC2803",
            f"no part of one side is a part of the other: {'; '.join(said)}",
            hint="--part NAME says which part of a recipe or bundle a single graph is",
        )
    return tuple(found)


def outputs(reference: Arrays, candidate: Arrays) -> dict[str, Partner]:
    """Match outputs: by name; where no name is shared and they are equally many, by place."""
    if not set(reference) & set(candidate) and len(reference) == len(candidate):
        return {name: Partner(other, by_place=True) for name, other in zip(reference, candidate, strict=True)}
    return {name: Partner(name if name in candidate else "") for name in reference}


def _only(side: Side, only: str | None) -> Sequence[Face]:
    if only is None or not side.faces[0].part:
        return side.faces
    found = [face for face in side.faces if face.part == only]
    if not found:
        said = ", ".join(face.part for face in side.faces)
        raise UsageError("ASC2803", f"`{side.name}` has no part `{only}`; it has {said}")
    return found


def _alike(one: Face, other: Face) -> bool:
    if one.part and other.part:
        return one.part == other.part
    if one.inputs and other.inputs:
        return set(one.inputs) == set(other.inputs)
    return bool(set(one.outputs) & set(other.outputs))


def _narrowed(face: Face, other: Face) -> Face:
    """Of saved outputs those that belong to the other side's part."""
    if face.inputs or not other.part:
        return face
    return replace(face, outputs=tuple(name for name in face.outputs if name in other.outputs))


def _said(face: Face) -> str:
    takes = f" from {', '.join(face.inputs)}" if face.inputs else ""
    return f"{face.part or 'one graph'} ({', '.join(face.outputs) or 'outputs'}{takes})"

"""The file beside a recipe that keeps the precision plans which were found for it.

A build that finds a plan there searches no more, on any machine, and what somebody changes in it holds.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ascendc.document import Document, Problem, check, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SUFFIX = ".precision.json"
"""Of the file; the recipe's name stands before it."""

Rung = Literal["force_fp16", "allow_mix_precision", "must_keep_origin_dtype"]
"""Values of ``--precision_mode`` that plans end in."""

_CONFIG = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True)
class Rewrite:
    """A pass that changes the graph first."""

    __pydantic_config__ = _CONFIG

    name: str
    options: str = "{}"
    """JSON."""


@dataclass(frozen=True)
class Chosen:
    """How one part is computed on one chip.

    Errors are relative to the median distance between samples, and estimated on the host that searched.
    """

    __pydantic_config__ = _CONFIG

    part: str
    soc: str
    """Value of ``--soc_version``: what a chip cannot compute in float32 is not kept."""
    limit: Annotated[float, Field(gt=0)]
    """What an output may differ."""
    graph: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Digest of the graph that was searched; of another graph the plan says nothing."""
    mode: Rung
    """ATC's ``--precision_mode``."""
    keep: tuple[Annotated[str, Field(pattern=r"^[^\x00-\x20][^\x00-\x1f]*$")], ...]
    """ONNX nodes that stay in float32: ``--keep_dtype``."""
    types: tuple[Annotated[str, Field(pattern="^[A-Z][A-Za-z0-9]*$")], ...]
    """GE's types of operators that do: the black list of ``--modify_mixlist``, in mixed precision."""
    uses: tuple[Rewrite, ...]
    """Passes that rewrite the graph before; usually none."""
    before: float | None
    """Error with nothing in float32; null: numbers are lost."""
    after: float
    """With the plan."""
    nodes: int
    """Of the graph, that float16 could change."""
    trials: int
    """Runs of the model that the search took."""
    ascendc: str
    """Version that searched."""
    origin: Literal["estimated"] = "estimated"

    @property
    def subject(self) -> tuple[str, str, float]:
        """What it is for: part, chip and limit. Targets of one chip may differ in their graphs, by CANN or batch."""
        return self.part, self.soc, self.limit

    @property
    def key(self) -> tuple[str, str, float, str]:
        """What there is one plan for."""
        return (*self.subject, self.graph)

    @property
    def kept(self) -> str:
        """``force_fp16, 8 of 312 nodes in float32``."""
        if self.types:
            return f"{self.mode}, {' and '.join(self.types)} in float32"
        return f"{self.mode}, {len(self.keep)} of {self.nodes} nodes in float32" if self.keep else self.mode

    @property
    def summary(self) -> str:
        """The same, with what it does."""
        before = "lost numbers" if self.before is None else f"{self.before:.1e}"
        return f"{self.kept}; error {self.after:.1e} instead of {before}, estimated"


class Lock(BaseModel):
    """Precision plans that `ascendc build` found for a recipe (``precision: auto``)."""

    model_config = _CONFIG

    version: Literal[1]
    """Of this format."""
    plans: tuple[Chosen, ...]
    """One for each part, chip, limit and graph."""


@dataclass(frozen=True)
class Locked:
    """A plan that was found in the file."""

    plan: Chosen
    where: str
    """``tiny-clip.precision.json:4: plans[0]``."""


def path_of(recipe: Path) -> Path:
    """Where the plans of a recipe are."""
    return recipe.with_name(recipe.stem + SUFFIX)


def load(path: Path) -> tuple[Locked, ...]:
    """The plans in a file; none, if there is no file.

    Raises:
        UsageError: it is none of ours (ASC11xx): the message has file, line and field, and what is allowed.
    """
    if not path.exists():
        return ()
    document = read(path)
    lock, problems = check(Lock, document)
    problems += document.problems
    if lock is None or problems:
        raise document.error(problems)
    if contradictions := list(_contradictions(lock.plans)):
        raise document.error(contradictions)
    return tuple(Locked(plan, _where(document, i)) for i, plan in enumerate(lock.plans))


def save(path: Path, found: Iterable[Chosen]) -> bool:
    """Put plans into a file, all at once, in place of all for the same part, chip and limit; whether it changed.

    Raises:
        OSError: it cannot be written.
        UsageError: what is there is none of ours.
    """
    fresh = {plan.key: plan for plan in found}
    replaced = {plan.subject for plan in fresh.values()}
    others = (locked.plan for locked in load(path) if locked.plan.subject not in replaced)
    plans = {**{plan.key: plan for plan in others}, **fresh}
    text = to_json(plans[key] for key in sorted(plans))
    if not plans or (path.exists() and path.read_text(encoding="utf-8") == text):
        return False
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return True


def to_json(plans: Iterable[Chosen]) -> str:
    """The text of the file."""
    return json.dumps({"version": 1, "plans": [asdict(plan) for plan in plans]}, indent=1, ensure_ascii=False) + "\n"


def schema_text() -> str:
    """The JSON Schema of the file, as docs/precision.schema.json holds it."""
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Lock.model_json_schema()}
    return json.dumps({**schema, "title": "ascendc precision plans"}, indent=1, ensure_ascii=False) + "\n"


def _contradictions(plans: Sequence[Chosen]) -> Iterator[Problem]:
    first: dict[tuple[str, str, float, str], int] = {}
    for i, plan in enumerate(plans):
        if plan.types and plan.mode != "allow_mix_precision":
            text = f"must be empty in {plan.mode}; allowed: types in allow_mix_precision alone"
            yield Problem("ASC1651", ("plans", i, "types"), text)
        for j, use in enumerate(plan.uses):
            if not _is_mapping(use.options):
                text = f"must not be the text `{use.options:.60}`; allowed: a mapping in JSON, as {{}}"
                yield Problem("ASC1655", ("plans", i, "uses", j, "options"), text)
        other = first.setdefault(plan.key, i)
        if other != i:
            text = f"must not be for the same part, chip, limit and graph as plans[{other}]; allowed: one plan for each"
            yield Problem("ASC1653", ("plans", i), text)


def _is_mapping(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _where(document: Document, index: int) -> str:
    return f"{document.where(('plans', index))}: plans[{index}]"

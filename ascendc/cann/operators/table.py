"""What is known of operators: kernels in stores, stores in engines, and what ATC's ONNX parser makes of an operator.

Two tables ship as data (`data/operators.json`, `data/operators_onnx.json`); `live` reads the same from an installed
CANN.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ascendc.errors import UsageError

DATA = Path(__file__).parent.parent / "data"

UNKNOWN_FAMILY = "ASC2321"
"""The id of the error that nothing is known of a family."""

Types = frozenset[str]
"""Element types by numpy's names; bfloat16 by its own."""


@dataclass(frozen=True)
class Kernel:
    """One operator of the graph engine (GE) in one store. Positions are those of GE's inputs and outputs."""

    inputs: tuple[Types | None, ...]
    """What each input may hold; None: the operator's own code says, at compile time."""
    outputs: tuple[Types | None, ...]
    variadic: tuple[int, ...] = ()
    """Inputs that stand for any number of tensors."""
    dynamic: bool = False
    """Whether it has a kernel for shapes that are not known at compile time (AI Core; the AI CPU always has)."""
    black: bool = False
    """Whether the mixed precision modes leave its floats as they are."""
    computed: bool = False
    """Whether its types come from running its `op_select_format` outside of CANN: not confirmed on a device."""
    choosy: bool = False
    """Whether its own `check_supported` may still refuse, by shape or attribute."""

    def takes(self, index: int, count: int) -> Types | None:
        """The types of input `index` of `count`; None if they are not known."""
        if self.variadic:
            first, more = self.variadic[0], count - len(self.inputs)
            if len(self.variadic) > 1:  # which of several takes how many, no store says
                return self.inputs[index] if index < first else None
            if index > first:
                index = max(first, index - max(more, 0))
        return self.inputs[min(index, len(self.inputs) - 1)] if self.inputs else None

    def gives(self, index: int) -> Types | None:
        """The types of output `index`; the last entry stands for all further ones."""
        return self.outputs[min(index, len(self.outputs) - 1)] if self.outputs else None


Store = Mapping[str, Kernel]
"""Kernels by GE type."""


@dataclass(frozen=True)
class Engine:
    """What can run operators; the graph engine asks one after the other, and the first that takes a node gets it."""

    kind: Literal["aicore", "aicpu"]
    name: str
    """For people: ``AI Core``."""
    store: Store


@dataclass(frozen=True)
class Limit:
    """What the parser, or the AI Core, does not take of an ONNX operator that it knows."""

    attribute: str
    """Its name; ``outputs``: their number."""
    rule: Literal["required", "refused", "ignored", "most", "least", "product"]
    """required: it must be given; refused, ignored: these values are; most, least: of each of its numbers; product:
    the most that its numbers may multiply to."""
    values: tuple[int | str, ...] = ()
    outcome: Literal["unknown", "aicpu"] = "unknown"
    """What it means for a node beyond the limit."""


@dataclass(frozen=True)
class Mapped:
    """An ONNX operator that ATC's parser knows."""

    opsets: frozenset[int]
    """Versions of its domain that it is registered for: exactly these, whatever version the operator is from."""
    ge: Mapping[str, tuple[int, ...]]
    """The GE types that take its tensors, each with the ranks of the first input that it is for (none: any). Several
    for one rank are forms of it: which one, its attributes decide. Empty: known to be registered, but not as what."""
    takes: tuple[int | None, ...] | None = None
    """By input of the GE type, the ONNX input that goes there; None: each its own. Empty: types cannot be compared."""
    beside: tuple[str, ...] = ()
    """Further GE types that it is made of."""
    limits: tuple[Limit, ...] = ()


_NOWHERE = Mapped(frozenset(), {})


@dataclass(frozen=True)
class Operators:
    """All that is known for the SoCs of one family."""

    family: str
    """The folder of its operators in CANN: ``ascend310p``."""
    engines: tuple[Engine, ...]
    """In the order in which they are asked."""
    onnx: Mapping[tuple[str, str], Mapped]
    """By domain (empty: ONNX's own) and operator."""
    local: frozenset[str]
    """GE types that need no kernel."""
    becomes: Mapping[str, tuple[str, ...]]
    """GE types that ATC's fusion passes rewrite before an engine is chosen, and what into."""
    source: str
    """Where this comes from."""
    live: bool = False
    """Whether it was read from an installed CANN."""
    unregistered: frozenset[str] = frozenset()
    """Operators of ONNX's own domain that no plugin of CANN registers. What is neither here nor in `onnx` may be
    registered by a plugin of the user's."""
    fused: Mapping[str, str] = field(default_factory=dict)
    """GE types that CANN 8.1 has a fusion pass for, and its name (empty: only that there is one is known)."""

    @property
    def last_opset(self) -> int:
        """Beyond it the parser knows none of ONNX's own operators: where Identity ends, which every release has."""
        return max(self.onnx.get(("", "Identity"), _NOWHERE).opsets, default=0)


def bundled(family: str) -> Operators:
    """What ships with ascendc: op stores of CANN 8.1.RC1, ONNX mapping of 2026-08.

    Args:
        family: ``Soc.short_opp``.

    Raises:
        UsageError: nothing is known of the family (ASC2321).
    """
    stores, types = document("operators.json"), _types()
    if family not in stores["stores"]:
        known = ", ".join(name for name in stores["stores"] if name not in AICPU)
        raise UsageError(
            UNKNOWN_FAMILY,
            f"no operators of `{family}` are in ascendc's tables; there are: {known}",
            hint="on a machine with its CANN, source set_env.sh: then CANN's own files are read",
        )
    engines = [Engine("aicore", "AI Core", _store(stores["stores"][family], types))]
    engines += [Engine("aicpu", name, _store(stores["stores"][key], types)) for key, name in AICPU.items()]
    mapping = document("operators_onnx.json")
    source = f"bundled: {stores['version']} op stores, ONNX mapping of {mapping['version']}"
    return Operators(
        family, tuple(engines), onnx(), local(), becomes(), source, unregistered=unregistered(), fused=fused()
    )


AICPU = {"aicpu": "AI CPU", "aicpu_tf": "AI CPU (TF kernels)"}
"""Stores of the AI CPU, which serve every family in CANN 8.1; the latter needs the TF kernel package on the device."""


@cache
def onnx() -> Mapping[tuple[str, str], Mapped]:
    """The ONNX operators that the parser of 2026-08 knows."""
    entries = document("operators_onnx.json")["operators"].items()
    return {_key(name): _mapped(entry) for name, entry in entries}


@cache
def local() -> frozenset[str]:
    """GE types that the graph engine handles itself, without a kernel and for all types."""
    return frozenset(document("operators.json")["local"])


@cache
def becomes() -> Mapping[str, tuple[str, ...]]:
    """GE types that fusion passes rewrite, and what into, as far as it is known."""
    return {name: tuple(into) for name, into in document("operators_onnx.json")["rewritten"].items()}


@cache
def unregistered() -> frozenset[str]:
    """ONNX's own operators that the parser of 2026-08 does not know."""
    return frozenset(document("operators_onnx.json")["unregistered"])


@cache
def fused() -> Mapping[str, str]:
    """GE types that a fusion pass of CANN 8.1 is for, with its name."""
    found: Mapping[str, str] = document("operators_onnx.json")["fused"]
    return found


@cache
def document(name: str) -> Mapping[str, Any]:
    """One of the two data files as it is."""
    found: Mapping[str, Any] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return found


@cache
def _types() -> tuple[Types, ...]:
    return tuple(frozenset(text.split()) for text in document("operators.json")["types"])


def _store(entries: Mapping[str, Any], types: tuple[Types, ...]) -> Store:
    return {name: _kernel(entry, types) for name, entry in entries.items()}


def _kernel(entry: Mapping[str, Any], types: tuple[Types, ...]) -> Kernel:
    flags = entry.get("flags", "")
    return Kernel(
        tuple(None if i is None else types[i] for i in entry["in"]),
        tuple(None if i is None else types[i] for i in entry["out"]),
        tuple(entry.get("variadic", ())),
        dynamic="d" in flags,
        black="b" in flags,
        computed="p" in flags,
        choosy="c" in flags,
    )


def _key(name: str) -> tuple[str, str]:
    domain, _, op = name.rpartition("::")
    return domain, op


def _mapped(entry: Mapping[str, Any]) -> Mapped:
    first, _, last = str(entry["opsets"]).partition("-")
    opsets = frozenset(range(int(first), int(last or first) + 1)) - frozenset(entry.get("except", ()))
    takes = entry.get("takes")
    return Mapped(
        opsets | frozenset(entry.get("also", ())),
        {name: tuple(ranks) for name, ranks in entry["ge"].items()},
        None if takes is None else tuple(takes),
        tuple(entry.get("beside", ())),
        tuple(_limit(*limit) for limit in entry.get("limits", ())),
    )


def _limit(attribute: str, rule: Any, values: list[int | str], outcome: Any = "unknown") -> Limit:
    return Limit(attribute, rule, tuple(values), outcome)

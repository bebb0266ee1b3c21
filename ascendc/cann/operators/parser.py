"""What ATC's ONNX parser stops at, before any engine is asked.

Source: the open parser and the checks that it begins with (graph engine, August 2026). It reads every node that the
file has, those too that constant folding removes later, and looks each up under the version that the model imports of
its domain, exactly.
"""

from __future__ import annotations

from ascendc.cann.operators.table import Mapped, Operators
from ascendc.cann.operators.verdict import Call, Remedy, Setting, Verdict

_ELSEWHERE = frozenset(
    [
        "ai.onnx.ml",
        "ai.onnx.preview.training",
        "ai.onnx.training",
        "com.microsoft",
        "com.microsoft.nchwc",
        "com.ms.internal.nhwc",
    ]
)
"""Domains of ONNX and onnxruntime of which no plugin of CANN has a part."""


def refusal(call: Call, setting: Setting, operators: Operators) -> Verdict | None:
    """Why the parser stops at a node; None if it takes it, or may."""
    found = _unread(call, setting, operators)
    if found is None and call.twin:
        return Verdict("name", "another node, or an input, has its name; ATC wants names to differ (E13009)")
    return found


def _unread(call: Call, setting: Setting, operators: Operators) -> Verdict | None:
    if call.op == "Constant":  # the one that is never looked up
        return None
    opset = setting.opsets.get(call.domain)
    if opset is None:
        return Verdict("unmapped", f"the model does not import the domain `{call.domain or 'ai.onnx'}` (E19999)")
    mapped, key = operators.onnx.get((call.domain, call.op)), _key(call, opset)
    if mapped is None:
        if (call.domain, call.op) in setting.functions:
            return Verdict(
                "unmapped", f"the model defines it as a function, which ATC does not look into (E16002, {key})"
            )
        if is_foreign(call, operators):
            return None
        return Verdict("unmapped", f"ATC's ONNX parser knows no `{call.op}` at any opset (E16002, {key})")
    return None if opset in mapped.opsets else _wrong_opset(call, opset, mapped, operators)


def _wrong_opset(call: Call, opset: int, mapped: Mapped, operators: Operators) -> Verdict:
    last = operators.last_opset
    if not call.domain and opset > last >= max(mapped.opsets):
        said = f"ATC's ONNX parser knows ONNX's operators up to opset {last}, not at {opset} (E16002)"
    else:
        known, key = _ranges(mapped.opsets), _key(call, opset)
        said = f"ATC's ONNX parser knows `{call.op}` at opset {known}, not at {opset} (E16002, {key})"
    return Verdict("opset", said, remedy=Remedy("opset", str(_nearest(mapped.opsets, opset))))


def is_foreign(call: Call, operators: Operators) -> bool:
    """Whether neither ONNX nor CANN defines the operator: a plugin of the user's may, which tables cannot know of."""
    known = (call.domain, call.op) in operators.onnx or call.domain in _ELSEWHERE
    return not (operators.live or known or (not call.domain and call.op in operators.unregistered))


def undecided(call: Call, setting: Setting, operators: Operators) -> Verdict | None:
    """What tables cannot tell of a node that the parser may take; None where they can."""
    opset, documented = setting.opsets.get(call.domain, 0), setting.documented
    if is_foreign(call, operators):
        key = _key(call, opset)
        said = f"`{call.op}` is neither ONNX's nor CANN's; ATC takes it only where a plugin of yours registers {key}"
        return Verdict("unknown", said, remedy=Remedy("custom-operator"))
    if documented and not call.domain and opset > documented.highest:
        said = f"CANN {setting.cann} takes opsets {documented} ({documented.source}); it may not know {opset}"
        return Verdict("unknown", said, remedy=Remedy("opset", str(documented.highest)))
    if not operators.onnx[call.domain, call.op].ge:
        return Verdict("unknown", f"a plugin registers `{call.op}`; what it becomes is in no file")
    return None


def _key(call: Call, opset: int) -> str:
    """What the parser looks up, and names in its errors: ``ai.onnx::18::ReduceL2``."""
    return f"{call.domain or 'ai.onnx'}::{opset}::{call.op}"


def _nearest(known: frozenset[int], opset: int) -> int:
    """The opset to export at: 17 where it is known, which more operators are at than at 18."""
    return 17 if 17 in known and opset > 17 else min(known, key=lambda other: (abs(other - opset), other))


def _ranges(numbers: frozenset[int]) -> str:
    """``8 to 17``, or ``11 and 16 to 18``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " and ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)

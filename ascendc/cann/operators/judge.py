"""The verdict on one node: parser, then engines, as CANN's graph engine goes about it.

Sources: the open graph engine (ONNX parser, engine manager, fusion engine's op stores) and the files of CANN 8.1.RC1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ascendc.cann.operators import limits, parser, remedies
from ascendc.cann.operators.table import Engine, Kernel, Mapped, Operators, Types
from ascendc.cann.operators.verdict import WORST_FIRST, Call, Setting, Verdict
from ascendc.cann.outline import Port

_GOOD = Verdict("aicore")
_CONDITIONAL = Verdict("aicore", "CANN's own check of it, by shape or attribute, may still refuse")


@dataclass(frozen=True)
class _Tensors:
    """The tensors of a GE node, by its own positions."""

    inputs: tuple[Port | None, ...] = ()
    outputs: tuple[Port, ...] = ()


@dataclass(frozen=True)
class _Refusal:
    """Why a kernel does not take a node."""

    port: Port
    said: str
    """``takes float16, not int64``."""


def judge(call: Call, setting: Setting, operators: Operators) -> Verdict:
    """What becomes of a node of an ONNX graph."""
    verdict = parser.refusal(call, setting, operators) or _taken(call, setting, operators)
    return verdict if verdict.status == "aicore" else replace(verdict, remedy=remedies.of(call, setting, verdict))


def read(call: Call, setting: Setting, operators: Operators) -> Verdict | None:
    """What the parser says of a node that constant folding removes before engines are asked; None: nothing."""
    verdict = parser.refusal(call, setting, operators)
    return verdict and replace(verdict, remedy=remedies.of_gone(call, setting))


def _taken(call: Call, setting: Setting, operators: Operators) -> Verdict:
    """What becomes of a node that the parser does not refuse."""
    if call.op == "Constant":
        return _GOOD
    undecided = parser.undecided(call, setting, operators)
    if undecided is not None:
        return undecided
    mapped = operators.onnx[call.domain, call.op]
    beyond = limits.beyond(call, mapped.limits)
    if beyond is not None and beyond.status == "unknown":
        return beyond
    found = _routed(call, mapped, setting, operators)
    return min(found, beyond or _GOOD, key=_goodness)


def _goodness(verdict: Verdict) -> int:
    return WORST_FIRST.index(verdict.status)


def _routed(call: Call, mapped: Mapped, setting: Setting, operators: Operators) -> Verdict:
    """The worst of all GE types that it becomes; where one of several forms is chosen, the best of those."""
    rank = _rank(call.inputs[0] if call.inputs else None)
    forms = [name for name, ranks in mapped.ge.items() if not ranks or rank is None or rank in ranks]
    if not forms:
        return Verdict("unknown", f"ATC makes nothing of `{call.op}` of rank {rank} that ascendc knows of")
    if not any(port.dtype for port in (*filter(None, call.inputs), *call.outputs)):
        return Verdict("unknown", "no element type of its tensors can be inferred")
    tensors = _tensors(call, mapped)
    chosen = max((_route(name, tensors, setting, operators) for name in forms), key=_goodness)
    beside = (_route(name, _Tensors(), setting, operators) for name in mapped.beside)
    return min((chosen, *beside), key=_goodness)


def _tensors(call: Call, mapped: Mapped) -> _Tensors:
    if mapped.takes is None:
        return _Tensors(call.inputs, call.outputs)
    if not mapped.takes:
        return _Tensors()
    placed = (None if index is None or index >= len(call.inputs) else call.inputs[index] for index in mapped.takes)
    return _Tensors(tuple(placed), call.outputs)


def _route(name: str, tensors: _Tensors, setting: Setting, operators: Operators) -> Verdict:
    """Ask the engines one after the other for a GE type, and for what fusion passes make of it."""
    if name in operators.local:
        return _GOOD
    names = (*operators.becomes.get(name, ()), name)
    found = [(engine, kernel) for engine in operators.engines for n in names if (kernel := engine.store.get(n))]
    if not found:
        return Verdict("unknown", f"{_of(operators)} list no kernel for GE's {name}{_why(name, operators)}")
    is_open = _open(tensors, setting)
    refusals: list[tuple[Engine, _Refusal]] = []
    static = None
    for engine, kernel in found:
        refused = _refused(kernel, tensors, setting.precision if engine.kind == "aicore" else None)
        if refused is not None:
            refusals.append((engine, refused))
        elif engine.kind == "aicpu":
            return static or _slow(name, engine, refusals, setting)
        elif is_open is None or kernel.dynamic:
            return _CONDITIONAL if kernel.choosy else _GOOD
        else:
            said = f"{setting.soc}: {engine.name} kernels of these are for shapes that are known when ATC runs"
            static = Verdict("static", said, is_open)
    if static:
        return static
    engine, first = refusals[0]
    all_of_them = ", nor does the AI CPU take it" if any(e.kind == "aicpu" for e, _ in refusals[1:]) else ""
    return Verdict("cast", f"{engine.name}: {name} {first.said}{all_of_them}", first.port)


def _why(name: str, operators: Operators) -> str:
    """Why a GE type may be in no store, although ATC's plugins make nodes of it."""
    fused = operators.fused.get(name)
    if fused is None:
        return ": a fusion pass may rewrite it, or it is newer than that"
    return f", but CANN 8.1 has a fusion pass for it{f' ({fused})' if fused else ''}, so that ATC may well take it"


def _slow(name: str, engine: Engine, refusals: list[tuple[Engine, _Refusal]], setting: Setting) -> Verdict:
    """On the AI CPU, and why not on the AI Core."""
    core = [(refuser, refusal) for refuser, refusal in refusals if refuser.kind == "aicore"]
    if not core:
        return Verdict("aicpu", f"{setting.soc} has no AI Core kernel for {name}; {engine.name} has one")
    refuser, refusal = core[0]
    return Verdict("aicpu", f"{refuser.name}: {name} {refusal.said}; {engine.name} takes it", refusal.port)


def _refused(kernel: Kernel, tensors: _Tensors, precision: str | None) -> _Refusal | None:
    """The first tensor that `kernel` does not take.

    Args:
        kernel: of the AI Core, or of the AI CPU.
        tensors: the node's.
        precision: the precision mode; None: types must be the same (AI CPU).
    """
    count = len(tensors.inputs)
    asked = [(port, kernel.takes(i, count), "takes") for i, port in enumerate(tensors.inputs) if port]
    asked += [(port, kernel.gives(i), "gives") for i, port in enumerate(tensors.outputs)]
    for port, types, verb in asked:
        if types is not None and port.dtype is not None and not _converts(port.dtype, types, precision, kernel.black):
            computed = " (computed, not confirmed)" if kernel.computed else ""
            return _Refusal(port, f"{verb} {', '.join(sorted(types)) or 'nothing'}{computed}, not {port.dtype}")
    return None


def _converts(dtype: str, types: Types, precision: str | None, black: bool) -> bool:
    """Whether a tensor of `dtype` is taken where `types` are, by the Casts between floats that ATC inserts.

    Nothing converts int64 to int32, or float64 to float32.
    """
    if dtype in types:
        return True
    if precision is None:
        return False
    if dtype in ("float16", "bfloat16") and "float32" in types:
        return True
    if precision == "must_keep_origin_dtype" or (black and precision.startswith("allow_mix_precision")):
        return False
    return (dtype in ("float32", "bfloat16") and "float16" in types) or (dtype == "float32" and "bfloat16" in types)


def _open(tensors: _Tensors, setting: Setting) -> Port | None:
    """The first tensor whose shape is not known at compile time."""
    for port in (*tensors.inputs, *tensors.outputs):
        if port is not None and (
            setting.dynamic if port.shape is None else not all(type(n) is int for n in port.shape)
        ):
            return port
    return None


def _rank(port: Port | None) -> int | None:
    return None if port is None or port.shape is None else len(port.shape)


def _of(operators: Operators) -> str:
    return "the files of this CANN" if operators.live else "the op stores of CANN 8.1.RC1"

"""Which remedy a verdict calls for. Codes only: who offers passes or exports a model knows what they are there."""

from __future__ import annotations

from ascendc.cann.operators.verdict import Call, Remedy, Setting, Verdict

HIGHEST_OPSET = 18
"""Of ONNX's own domain, beyond which ATC's parser knows Constant alone (8.1 to 2026-08)."""

_QUANTIZED = frozenset(
    [
        "ConvInteger",
        "DequantizeLinear",
        "DynamicQuantizeLinear",
        "MatMulInteger",
        "QLinearConv",
        "QLinearMatMul",
        "QuantizeLinear",
    ]
)
_LOOPS = frozenset(("Loop", "Scan", "SequenceMap"))
_COMPOSED = frozenset(["Attention", "Gelu", "GroupNormalization", "RMSNormalization", "RotaryEmbedding", "Swish"])
"""Functions of ONNX's that an exporter at an older opset writes as operators that ATC knows."""


def of(call: Call, setting: Setting, verdict: Verdict) -> Remedy | None:
    """What helps against `verdict`; None: nothing that is known."""
    if verdict.status == "unmapped":
        return Remedy("functions") if (call.domain, call.op) in setting.functions else _unmapped(call)
    if verdict.status == "name":
        return Remedy("node-names")
    if verdict.status == "opset":
        if (call.domain, call.op) == ("", "ReduceL2") and setting.opsets[""] == HIGHEST_OPSET:
            return Remedy("reduce-l2-attribute")
        return verdict.remedy if not call.domain else None
    if verdict.status == "static":
        return Remedy("static-shape")
    if verdict.status in ("aicpu", "cast"):
        return _types(call, setting, verdict)
    return verdict.remedy


def of_gone(call: Call, setting: Setting) -> Remedy:
    """What helps against a refusal of a node that constant folding would remove."""
    return Remedy("inline") if (call.domain, call.op) in setting.functions else Remedy("fold")


def _unmapped(call: Call) -> Remedy | None:
    if call.domain:
        return None
    if call.op in _QUANTIZED:
        return Remedy("quantization")
    if call.op in _LOOPS:
        return Remedy("loop")
    return Remedy("decompose") if call.op in _COMPOSED else None


def _types(call: Call, setting: Setting, verdict: Verdict) -> Remedy | None:
    dtype = verdict.tensor.dtype if verdict.tensor else None
    if call.op == "IsNaN":
        return Remedy("nan-guard")
    if call.op == "ArgMax":
        return Remedy("argmax-pool")
    if dtype == "float64":
        return Remedy("float32")
    if dtype == "int64":
        return Remedy("int32-ids")
    if dtype == "float32" and setting.precision == "must_keep_origin_dtype":
        return Remedy("fp16")
    return None

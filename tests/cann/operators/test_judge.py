"""Every rule with a node that it refuses and one that it lets pass."""

from __future__ import annotations

import dataclasses

import pytest

from ascendc.cann.operators import table
from ascendc.cann.operators.judge import judge, read
from ascendc.cann.operators.table import Engine, Kernel, Mapped, Operators
from ascendc.cann.operators.verdict import Call, Remedy, Setting
from ascendc.cann.opset import taken
from ascendc.cann.outline import Port

CONDITIONAL = "CANN's own check of it, by shape or attribute, may still refuse"


def call(op, *dtypes, gives="float32", shape=(1, 4), domain="", outputs=1, twin=False, **attributes):
    inputs = tuple(Port(f"x{i}", dtype, shape) if dtype else None for i, dtype in enumerate(dtypes))
    given = {name: value if isinstance(value, tuple) else (value,) for name, value in attributes.items()}
    return Call("node", op, domain, inputs, tuple(Port(f"y{i}", gives, shape) for i in range(outputs)), given, twin)


def ask(node, family="ascend310p", opset=13, **setting):
    opsets = setting.pop("opsets", {"": opset, "npu": 1, "ai.onnx.ml": 3})
    return judge(node, Setting(family.replace("ascend", "Ascend"), opsets, **setting), table.bundled(family))


@pytest.mark.parametrize(
    ("node", "opset", "status", "reason"),
    [
        (call("Add", "float32", "float32"), 13, "aicore", ""),
        (call("Constant"), 21, "aicore", ""),
        (call("ReduceL2", "float32"), 17, "aicore", ""),
        (
            call("ReduceL2", "float32"),
            18,
            "opset",
            "ATC's ONNX parser knows `ReduceL2` at opset 8 to 17, not at 18 (E16002, ai.onnx::18::ReduceL2)",
        ),
        (
            call("GridSample", "float32", "float32"),
            13,
            "opset",
            (
                "ATC's ONNX parser knows `GridSample` at opset 11 and 16 to 18, not at 13 "
                "(E16002, ai.onnx::13::GridSample)"
            ),
        ),
        (
            call("Add", "float32", "float32"),
            20,
            "opset",
            "ATC's ONNX parser knows ONNX's operators up to opset 18, not at 20 (E16002)",
        ),
        (
            call("QuantizeLinear", "float32", "float32", gives="uint8"),
            13,
            "unmapped",
            "ATC's ONNX parser knows no `QuantizeLinear` at any opset (E16002, ai.onnx::13::QuantizeLinear)",
        ),
        (call("NPUFastGelu", "float32", domain="npu"), 13, "aicore", ""),
        (
            call("Gelu", "float32", domain="com.microsoft"),
            13,
            "unmapped",
            "the model does not import the domain `com.microsoft` (E19999)",
        ),
        (
            call("Scaler", "float32", domain="ai.onnx.ml"),
            13,
            "unmapped",
            "ATC's ONNX parser knows no `Scaler` at any opset (E16002, ai.onnx.ml::3::Scaler)",
        ),
        (
            call("Discount", "float32"),
            13,
            "unknown",
            (
                "`Discount` is neither ONNX's nor CANN's; ATC takes it only where a plugin of yours registers "
                "ai.onnx::13::Discount"
            ),
        ),
        (
            call("NPUFoldable", "float32", domain="npu"),
            13,
            "unknown",
            (
                "`NPUFoldable` is neither ONNX's nor CANN's; ATC takes it only where a plugin of yours registers "
                "npu::1::NPUFoldable"
            ),
        ),
        (
            call("NPUFastGelu", "float32", domain="npu", twin=True),
            13,
            "name",
            "another node, or an input, has its name; ATC wants names to differ (E13009)",
        ),
        (
            call("Loop", "int64", twin=True),
            13,
            "unmapped",
            "ATC's ONNX parser knows no `Loop` at any opset (E16002, ai.onnx::13::Loop)",
        ),
    ],
)
def test_the_parser(node, opset, status, reason):
    verdict = ask(node, opset=opset)
    assert (verdict.status, verdict.reason) == (status, reason)


@pytest.mark.parametrize(
    ("node", "family", "status", "reason"),
    [
        (call("Equal", "int64", "int64", gives="bool"), "ascend310p", "aicore", ""),
        (
            call("Equal", "int64", "int64", gives="bool"),
            "ascend310",
            "aicpu",
            "AI Core: Equal takes bool, float16, float32, int32, int8, uint8, not int64; AI CPU takes it",
        ),
        (call("IsNaN", "float32", gives="bool"), "ascend310b", "aicore", ""),
        (
            call("IsNaN", "float32", gives="bool"),
            "ascend910",
            "aicpu",
            "Ascend910 has no AI Core kernel for IsNan; AI CPU (TF kernels) has one",
        ),
        (
            call("ArgMax", "int32", gives="int64"),
            "ascend310b",
            "aicpu",
            "AI Core: ArgMaxV2 gives int32, not int64; AI CPU (TF kernels) takes it",
        ),
        (call("ArgMax", "int32", gives="int64"), "ascend910b", "aicore", ""),
        (call("Gather", "float32", "int64"), "ascend310", "aicore", CONDITIONAL),
        (call("Reshape", "float64", "int64", gives="float64"), "ascend310", "aicore", ""),
        (call("Concat", *["int64"] * 5, gives="int64"), "ascend310", "aicore", ""),
        (
            call("Compress", "float32", "bool"),
            "ascend910b",
            "aicpu",
            "Ascend910b has no AI Core kernel for Where; AI CPU has one",
        ),
        (
            call("Conv", "float64", "float64", gives="float64", shape=(1, 3, 4, 4)),
            "ascend910b",
            "cast",
            "AI Core: Conv2D takes bfloat16, float16, float32, int8 (computed, not confirmed), not float64",
        ),
        (
            call("Mul", "bool", "bool", gives="bool"),
            "ascend310",
            "cast",
            (
                "AI Core: Mul takes float16, float32, int32, int8, uint8 (computed, not confirmed), not bool, "
                "nor does the AI CPU take it"
            ),
        ),
        (
            call("NonMaxSuppression", "float32", "float32", "int64", "float32", "float32", gives="int64"),
            "ascend310",
            "unknown",
            (
                "the op stores of CANN 8.1.RC1 list no kernel for GE's NonMaxSuppressionV6: "
                "a fusion pass may rewrite it, or it is newer than that"
            ),
        ),
        (call("Slice", "float32", "int64", "int64", "int64", "int64"), "ascend310", "aicore", CONDITIONAL),
        (call("Softmax", None, gives=None), "ascend310", "unknown", "no element type of its tensors can be inferred"),
        (
            call("Conv", "float32", "float32", shape=(1, 2)),
            "ascend310",
            "unknown",
            "ATC makes nothing of `Conv` of rank 2 that ascendc knows of",
        ),
    ],
)
def test_the_engines(node, family, status, reason):
    verdict = ask(node, family)
    assert (verdict.status, verdict.reason) == (status, reason)


@pytest.mark.parametrize(
    ("rank", "family", "status"),
    [(4, "ascend310", "aicore"), (5, "ascend310p", "aicore"), (5, "ascend310", "unknown")],
)
def test_the_rank_chooses_the_form(rank, family, status):
    """310 has no AvgPool3D."""
    assert ask(call("AveragePool", "float32", shape=(1,) * rank), family).status == status


@pytest.mark.parametrize(
    ("mode", "takes", "dtype", "black", "accepted"),
    [
        ("force_fp16", "float16", "float32", False, True),
        ("force_fp16", "bfloat16", "float32", False, True),
        ("force_fp16", "float16", "bfloat16", False, True),
        ("force_fp16", "bfloat16", "float16", False, False),
        ("force_fp16", "float32", "float16", False, True),
        ("must_keep_origin_dtype", "float32", "bfloat16", False, True),
        ("must_keep_origin_dtype", "float16", "float32", False, False),
        ("must_keep_origin_dtype", "float16", "float16", False, True),
        ("allow_mix_precision", "float16", "float32", False, True),
        ("allow_mix_precision", "float16", "float32", True, False),
        ("force_fp16", "float16", "float32", True, True),
        ("force_fp16", "int32", "int64", False, False),
        ("force_fp16", "int64", "int32", False, False),
        ("force_fp16", "float32", "float64", False, False),
        ("force_fp16", "uint8", "bool", False, False),
    ],
)
def test_the_conversions_that_atc_inserts(mode, takes, dtype, black, accepted):
    types = frozenset({takes})
    store = {"Exp": Kernel((types,), (types,), black=black)}
    operators = Operators("f", (Engine("aicore", "AI Core", store),), table.onnx(), frozenset(), {}, "here")
    verdict = judge(call("Exp", dtype, gives=takes), Setting("S", {"": 13}, mode), operators)
    assert verdict.status == ("aicore" if accepted else "cast")
    exact = dataclasses.replace(operators, engines=(Engine("aicpu", "AI CPU", store),))
    verdict = judge(call("Exp", dtype, gives=takes), Setting("S", {"": 13}, mode), exact)
    assert verdict.status == ("aicpu" if dtype == takes else "cast")


@pytest.mark.parametrize(
    ("shape", "dynamic", "family", "status"),
    [
        ((1, 4), False, "ascend310", "aicore"),
        (("batch", 4), True, "ascend310", "static"),
        (("batch", 4), True, "ascend310p", "aicore"),
        (None, False, "ascend310", "aicore"),
        (None, True, "ascend310", "static"),
        (("n", 4), False, "ascend310", "static"),
    ],
)
def test_open_shapes(shape, dynamic, family, status):
    verdict = ask(call("Relu", "float32", shape=shape), family, dynamic=dynamic)
    assert verdict.status == status
    if status == "static":
        assert verdict.reason == "Ascend310: AI Core kernels of these are for shapes that are known when ATC runs"
        assert verdict.remedy == Remedy("static-shape")


def test_the_tensor_is_named():
    verdict = ask(call("Equal", "int32", "int64", gives="bool"), "ascend310")
    assert verdict.tensor == Port("x1", "int64", (1, 4))


def test_a_custom_engine_is_asked_first_and_cann_next():
    int8, fp16 = frozenset({"int8"}), frozenset({"float16"})
    engines = (
        Engine("aicore", "AI Core (shop)", {"Exp": Kernel((int8,), (int8,))}),
        Engine("aicore", "AI Core", {"Exp": Kernel((fp16,), (fp16,))}),
    )
    operators = Operators("f", engines, table.onnx(), frozenset(), {}, "here")
    assert judge(call("Exp", "float16", gives="float16"), Setting("S", {"": 13}), operators).status == "aicore"
    refused = judge(call("Exp", "int64", gives="int64"), Setting("S", {"": 13}), operators)
    assert (refused.status, refused.reason) == ("cast", "AI Core (shop): Exp takes int8, not int64")


def test_a_constant_is_never_looked_up():
    assert ask(call("Constant"), opsets={}).status == "aicore"


def test_a_name_of_onnx_in_another_domain_is_not_onnx():
    assert ask(call("Attention", "float32", domain="npu")).status == "unknown"
    assert ask(call("Attention", "float32")).status == "unmapped"


def test_a_function_of_the_model_is_not_looked_into():
    node = call("Twice", "float32", domain="mine")
    verdict = ask(node, opsets={"": 13, "mine": 1}, functions=frozenset({("mine", "Twice")}))
    assert (verdict.status, verdict.reason, verdict.remedy) == (
        "unmapped",
        "the model defines it as a function, which ATC does not look into (E16002, mine::1::Twice)",
        Remedy("functions"),
    )
    assert ask(node, opsets={"": 13, "mine": 1}).status == "unknown"


@pytest.mark.parametrize(
    ("node", "remedy"),
    [
        (call("Relu", "int64"), None),
        (call("Discount", "float32"), None),
        (call("ReduceL2", "float32"), Remedy("fold")),
        (call("Relu", "float32", twin=True), Remedy("fold")),
        (call("Twice", "float32", domain="npu"), Remedy("inline")),
    ],
)
def test_of_what_folding_removes_only_the_parser_is_asked(node, remedy):
    setting = Setting("Ascend310", {"": 18, "npu": 1}, functions=frozenset({("npu", "Twice")}))
    verdict = read(node, setting, table.bundled("ascend310"))
    assert (verdict and verdict.remedy) == remedy


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (
            call("GlobalAveragePool", "float32", shape=(1, 3, 4, 4)),
            "it (Globalavgpoolpass), so that ATC may well take it",
        ),
        (call("Dropout", "float32"), "it, so that ATC may well take it"),
    ],
)
def test_a_fusion_pass_that_is_known_is_named(node, why):
    verdict = ask(node)
    assert verdict.status == "unknown"
    assert verdict.reason == (
        f"the op stores of CANN 8.1.RC1 list no kernel for GE's {node.op}, but CANN 8.1 has a fusion pass for {why}"
    )


@pytest.mark.parametrize(("op", "reason"), [("Relu", ""), ("Softmax", CONDITIONAL)])
def test_an_operator_with_a_check_of_its_own(op, reason):
    types = frozenset({"float32"})
    store = {"Relu": Kernel((types,), (types,)), "SoftmaxV2": Kernel((types,), (types,), choosy=True)}
    operators = Operators("f", (Engine("aicore", "AI Core", store),), table.onnx(), frozenset(), {}, "here")
    verdict = judge(call(op, "float32"), Setting("S", {"": 13}), operators)
    assert (verdict.status, verdict.reason, verdict.remedy) == ("aicore", reason, None)


def test_a_plugin_that_is_installed_is_known_to_register_nothing_else():
    operators = Operators("f", (), table.onnx(), frozenset(), {}, "live: /opp", live=True)
    assert judge(call("Discount", "float32"), Setting("S", {"": 13}), operators).status == "unmapped"


def test_an_operator_whose_target_nobody_knows():
    onnx = {("shop", "Discount"): Mapped(frozenset({2}), {})}
    operators = Operators("f", (), onnx, frozenset(), {}, "live: /opp", live=True)
    verdict = judge(call("Discount", "float32", domain="shop"), Setting("S", {"shop": 2}), operators)
    assert (verdict.status, verdict.reason) == (
        "unknown",
        "a plugin registers `Discount`; what it becomes is in no file",
    )


def test_the_opsets_that_the_documents_of_an_older_cann_name():
    node = call("Add", "float32", "float32")
    documented = {"cann": "6.0.1", "documented": taken((6, 0))}
    assert ask(node, opset=13, **documented).status == "aicore"
    verdict = ask(node, opset=14, **documented)
    assert verdict.status == "unknown"  # documents end builds no more than they make them
    assert verdict.reason == (
        "CANN 6.0.1 takes opsets 9 to 13 (ATC documents of CANN 5.0.4 to 6.0.1, onnx 1.8); it may not know 14"
    )
    assert verdict.remedy == Remedy("opset", "13")


@pytest.mark.parametrize(
    ("node", "family", "setting", "remedy"),
    [
        (call("ReduceL2", "float32"), "ascend310", {"opset": 18}, Remedy("reduce-l2-attribute")),
        (call("ReduceL1", "float32"), "ascend310", {"opset": 18}, Remedy("opset", "17")),
        (call("ReduceL2", "float32"), "ascend310", {"opset": 20}, Remedy("opset", "17")),
        (call("Trilu", "float32"), "ascend310", {"opset": 13}, Remedy("opset", "14")),
        (call("QuantizeLinear", "float32"), "ascend310", {}, Remedy("quantization")),
        (call("Loop", "int64"), "ascend310", {}, Remedy("loop")),
        (call("Gelu", "float32"), "ascend310", {"opset": 20}, Remedy("decompose")),
        (call("NonsenseOp", "float32"), "ascend310", {}, Remedy("custom-operator")),
        (call("Relu", "float32", twin=True), "ascend310", {}, Remedy("node-names")),
        (call("Gelu", "float32", domain="com.microsoft"), "ascend310", {}, None),
        (call("IsNaN", "float32", gives="bool"), "ascend310", {}, Remedy("nan-guard")),
        (call("ArgMax", "int32", gives="int64"), "ascend310", {}, Remedy("argmax-pool")),
        (call("Equal", "int64", "int64", gives="bool"), "ascend310", {}, Remedy("int32-ids")),
        (call("Add", "float64", "float64", gives="float64"), "ascend310", {}, Remedy("float32")),
        (call("ReduceMean", "float32"), "ascend310", {"precision": "must_keep_origin_dtype"}, Remedy("fp16")),
        (call("NonZero", "bool", gives="int64"), "ascend310", {}, None),
        (call("Add", "float32", "float32"), "ascend310", {}, None),
    ],
)
def test_what_helps(node, family, setting, remedy):
    assert ask(node, family, **setting).remedy == remedy

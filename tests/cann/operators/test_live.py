import pytest

from ascendc.cann.operators import installed, live, table
from ascendc.errors import UsageError

FP16 = frozenset({"float16"})


def store(opp, engine="AI Core"):
    operators = live.read(installed.find(opp.environment), "ascend310p")
    return next(found.store for found in operators.engines if found.name == engine)


def test_a_family_whose_operators_are_not_installed(opp, kernel):
    opp.core({"Exp": kernel("float16", "float16")})
    install = installed.find(opp.environment)
    assert installed.families(install) == ("ascend310p",)
    assert live.read(install, "ascend310") is None
    assert live.read(install, "ascend310p").source == f"live: {opp.path}"


def test_every_file_is_read_legacy_first_then_shorter_names_and_the_last_one_wins(opp, kernel):
    opp.core({"A": kernel("int8", "int8"), "B": kernel("int8", "int8")}, "aic-ascend310p-ops-info-legacy-and-long.json")
    opp.core({"A": kernel("float16", "float16"), "C": kernel("int8", "int8")}, "aic-ascend310p-ops-info.json")
    opp.core({"C": kernel("float16", "float16")}, "aic-ascend310p-ops-info-math.json")
    assert {name: entry.inputs for name, entry in store(opp).items()} == {
        "A": (FP16,),
        "B": (frozenset({"int8"}),),
        "C": (FP16,),
    }


def test_types_and_flags_of_an_entry(opp, kernel):
    exp = kernel("float16,float,double;bf16", "bool", dynamicShapeSupport="True", needCheckSupport="true")
    exp["input1"]["paramType"] = "dynamic"
    opp.core({"Exp": exp, "Log": kernel("float16", "float16", precision_reduce="false", dynamicShapeSupport="False")})
    assert store(opp)["Exp"] == table.Kernel(
        (frozenset({"float16", "float32", "float64"}), frozenset({"bfloat16"})),
        (frozenset({"bool"}),),
        variadic=(1,),
        dynamic=True,
        choosy=True,
    )
    assert store(opp)["Log"] == table.Kernel((FP16,), (FP16,), black=True)


def test_a_type_without_code_is_no_kernel(opp, kernel):
    opp.core({"Reshape": {**kernel("float16", "float16"), "opFile": {"value": "Null"}}, "Exp": kernel("int8", "int8")})
    assert set(store(opp)) == {"Exp"}


def test_where_the_code_decides_the_types_are_those_of_the_table(opp):
    add = {"input0": {"name": "x1"}, "input1": {"name": "x2"}, "output0": {"name": "y"}}
    opp.core({"Add": {**add, "dynamicFormat": {"flag": "true"}}, "Own": add})
    assert store(opp)["Add"].computed
    assert "float16" in store(opp)["Add"].inputs[0]
    assert store(opp)["Own"].inputs == (None, None)


def test_both_layouts_of_the_ai_cpu_and_its_tf_kernels(opp, kernel):
    opp.core({"Exp": kernel("float16", "float16")})
    entry = {
        "input0": {"type": "DT_INT64,DT_FLOAT"},
        "dynamic_input0": {"type": "DT_BOOL"},
        "output0": {"type": "DT_INT64"},
    }
    opp.cpu({"Equal": entry})
    opp.cpu({"Less": entry}, "config/aicpu_math.json")
    opp.cpu({"IsNan": entry}, "tf_kernel/config/tf_kernel.json")
    assert set(store(opp, "AI CPU")) == {"Equal", "Less"}
    assert set(store(opp, "AI CPU (TF kernels)")) == {"IsNan"}
    assert store(opp, "AI CPU")["Equal"] == table.Kernel(
        (frozenset({"int64", "float32"}), frozenset({"bool"})), (frozenset({"int64"}),), variadic=(1,)
    )


def test_vendors_are_asked_in_their_order_before_cann(opp, kernel, tmp_path):
    opp.core({"Exp": kernel("float16", "float16")})
    for vendor in ("a", "b"):
        opp.core({"Own": kernel("int8", "int8")}, root=f"vendors/{vendor}")
    opp.write("vendors/config.ini", "load_priority=b,a\n")
    opp.write("op_impl/custom/ai_core/tbe/config/ascend310p/x.json", {"Old": kernel("int8", "int8")})
    package = tmp_path / "mine"
    file = package / "op_impl/cpu/config/cust_aicpu_kernel.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"Mine": {"input0": {"type": "DT_INT8"}}}')
    environment = {**opp.environment, "ASCEND_CUSTOM_OPP_PATH": f"{package}:"}
    operators = live.read(installed.find(environment), "ascend310p")
    assert [(engine.name, sorted(engine.store)) for engine in operators.engines] == [
        ("AI Core (b)", ["Own"]),
        ("AI Core (a)", ["Own"]),
        ("AI Core (custom)", ["Old"]),
        ("AI Core", ["Exp"]),
        ("AI CPU (mine)", ["Mine"]),
    ]


def test_the_onnx_operators_are_those_that_the_plugins_name(opp, kernel):
    opp.core({"Exp": kernel("float16", "float16")})
    opp.plugin("ai.onnx::13::Exp", "ai.onnx::14::Exp", "npu::1::NPUFastGelu", "std::vector", "x::y::z")
    opp.write("vendors/config.ini", "load_priority=shop")
    opp.plugin("shop.ops::2::Discount", name="vendors/shop/framework/onnx/libcust.so")
    onnx = live.read(installed.find(opp.environment), "ascend310p").onnx
    assert {key: sorted(mapped.opsets) for key, mapped in onnx.items()} == {
        ("", "Exp"): [13, 14],
        ("npu", "NPUFastGelu"): [1],
        ("shop.ops", "Discount"): [2],
    }
    assert set(onnx[("", "Exp")].ge) == {"Exp"}
    assert onnx[("shop.ops", "Discount")].ge == {}


def test_without_a_plugin_to_read_the_mapping_is_the_table(opp, kernel):
    opp.core({"Exp": kernel("float16", "float16")})
    opp.write("built-in/framework/onnx/empty.so", b"")
    assert live.read(installed.find(opp.environment), "ascend310p").onnx == table.onnx()


@pytest.mark.parametrize("text", ["{", "[]", '{"Exp": ', "\0", "[" * 100_000])
def test_a_broken_file_is_named(opp, text):
    file = opp.core(text)
    with pytest.raises(UsageError) as caught:
        live.read(installed.find(opp.environment), "ascend310p")
    assert caught.value.id == "ASC2322"
    assert caught.value.message.startswith(f"CANN's `{file}` is no ")


@pytest.mark.parametrize("entry", [1, None, [], {"input0": 3}, {"input0": {"dtype": 7}}, {"needCheckSupport": "true"}])
def test_odd_entries_are_read_as_far_as_they_go(opp, entry):
    opp.core({"Exp": entry, "Log": {}})
    assert "Log" in store(opp)

import json
import subprocess
import sys

import pytest

from ascendc.cann.operators import rebuild, table


@pytest.fixture
def installed(opp, kernel):
    opp.core(
        {
            "Exp": kernel("float16,float", "float16", dynamicShapeSupport="true"),
            "NoOnnxOperator": kernel("int8", "int8"),
        }
    )
    opp.core({"Equal": kernel("int8,uint1;int8", "bool", needCheckSupport="true")}, root="vendors/shop")
    opp.write("vendors/config.ini", "load_priority=shop")
    opp.cpu({"Equal": {"input0": {"type": "DT_INT64"}, "input1": {"type": "DT_INT64"}, "output0": {"type": "DT_BOOL"}}})
    opp.plugin("ai.onnx::13::Exp", "ai.onnx::15::Exp", "shop::1::Discount")
    return opp


@pytest.fixture
def rebuilt(installed, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    assert rebuild.main([str(folder)], installed.environment) == 0
    return folder


def test_the_tables_have_the_shape_of_those_that_ship(rebuilt):
    for name in ("operators.json", "operators_onnx.json"):
        made, ours = json.loads((rebuilt / name).read_text()), table.document(name)
        assert list(made) == list(ours)
        assert made["schema"] == ours["schema"]


def test_what_they_say(rebuilt, installed):
    made = json.loads((rebuilt / "operators.json").read_text())
    assert made["version"] == f"CANN at {installed.path}"
    lists = made["types"]
    assert lists == ["bool", "float16", "int64", "int8", "float16 float32"]
    assert made["stores"] == {
        "ascend310p": {
            "Equal": {"in": [3, 3], "out": [0], "flags": "c"},
            "Exp": {"in": [4], "out": [1], "flags": "d"},
        },
        "aicpu": {"Equal": {"in": [2, 2], "out": [0]}},
        "aicpu_tf": {},
    }
    operators = json.loads((rebuilt / "operators_onnx.json").read_text())["operators"]
    assert operators == {
        "Exp": {"opsets": "13-15", "except": [14], "ge": {"Exp": []}},
        "shop::Discount": {"opsets": "1-1", "ge": {}},
    }


def test_they_are_read_as_ours_are(rebuilt, monkeypatch):
    monkeypatch.setattr(table, "DATA", rebuilt)
    for cached in (table.document, table.onnx, table.local, table.becomes, table._types):
        cached.cache_clear()
    try:
        operators = table.bundled("ascend310p")
        assert operators.engines[0].store["Exp"] == table.Kernel(
            (frozenset({"float16", "float32"}),), (frozenset({"float16"}),), dynamic=True
        )
        assert sorted(operators.onnx[("", "Exp")].opsets) == [13, 15]
    finally:
        monkeypatch.undo()
        for cached in (table.document, table.onnx, table.local, table.becomes, table._types):
            cached.cache_clear()


def test_written_anew_from_itself_our_table_stays_the_same():
    stores = {
        name: table._store(entries, table._types())
        for name, entries in table.document("operators.json")["stores"].items()
    }
    ours = table.document("operators.json")
    assert rebuild.stores_text(stores, ours["version"], ours["source"]) == (table.DATA / "operators.json").read_text()


def test_as_a_command_without_cann_it_says_how(tmp_path):
    command = [sys.executable, "-m", "ascendc.cann.operators.rebuild", str(tmp_path)]
    done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "source set_env.sh; python -m ascendc.cann.operators.rebuild FOLDER" in done.stderr

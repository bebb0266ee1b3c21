from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from ascendc import graph, passes
from ascendc.errors import StageError, UsageError
from ascendc.model import Use
from ascendc.passes.base import Pass
from ascendc.registry import Owner, Registered, Registry
from ascendc.stages.fix import FixSpec, fix


class Rename(Pass):
    NAME, WHY = "rename", "for this test"

    def __init__(self, to="renamed", times=1):
        if times != 1:
            raise ValueError(f"times must be 1, not {times}")
        self.to = to

    def rewrite(self, model):
        for node in model.graph:
            node.name = self.to
        return model.graph.num_nodes()


class Raises(Pass):
    NAME, WHY = "raises", "for this test"

    def rewrite(self, model):
        raise KeyError("no such thing")


class Refuses(Pass):
    NAME, WHY = "refuses", "for this test"

    def rewrite(self, model):
        raise StageError("ASC1599", "this graph is not for me", hint="try another")


class Breaks(Pass):
    NAME, WHY = "breaks", "for this test"

    def rewrite(self, model):
        next(iter(model.graph)).op_type = "NoSuchOperator"
        return 1


class Renames(Pass):
    NAME, WHY = "renames", "for this test"

    def rewrite(self, model):
        model.graph.outputs[0].name = "z"
        return 1


@pytest.fixture
def registry():
    guests = {
        cls.NAME: Registered(cls, Owner("ascendc-guest", "0.3")) for cls in (Rename, Raises, Refuses, Breaks, Renames)
    }
    own = {cls.NAME: Registered(cls, Owner("ascendc", "0.1")) for cls in passes.LIBRARY}
    return Registry({}, {**own, **guests}, {})


@pytest.fixture
def source(workspace):
    text = """<ir_version: 7, opset_import: ["": 13]> agraph (float[n, 4] x) => (float[n, 4] y) {
        a = Cast<to = 1>(x)
        y = Abs(a)
    }"""
    return graph.save(ir.from_proto(onnx.parser.parse_model(text)), workspace)


def run(workspace, registry, source, *uses):
    return fix(FixSpec(uses), source, registry, workspace)


def refusal(kind, *arguments):
    with pytest.raises(kind) as caught:
        run(*arguments)
    return caught.value


def test_passes_run_in_order_and_say_what_they_changed(workspace, registry, source):
    fixed = run(workspace, registry, source, Use.of("name-nodes"), Use.of("drop-casts"), Use.of("rename", to="z"))
    assert fixed.changes == (("name-nodes", 2), ("drop-casts", 1), ("rename", 1))
    assert [(node.op_type, node.name) for node in graph.load(fixed.graph, workspace).graph] == [("Abs", "z")]


def test_no_passes_no_change(workspace, registry, source):
    fixed = run(workspace, registry, source)
    assert fixed.changes == ()
    assert fixed.graph.skeleton == source.skeleton


def test_an_unknown_pass(workspace, registry, source):
    error = refusal(UsageError, workspace, registry, source, Use.of("drop-cast"))
    assert error.id == "ASC1301"
    assert error.message.startswith("unknown pass `drop-cast` (did you mean `drop-casts`?); allowed: assert-static, ")


def test_an_unknown_option(workspace, registry, source):
    error = refusal(UsageError, workspace, registry, source, Use.of("rename", name="z"))
    assert (error.id, error.message) == ("ASC1501", "pass `rename` takes no option `name`; allowed: to, times")
    error = refusal(UsageError, workspace, registry, source, Use.of("drop-casts", to=1))
    assert error.message == "pass `drop-casts` takes no option `to`; allowed: none"


def test_a_value_that_the_pass_refuses(workspace, registry, source):
    error = refusal(UsageError, workspace, registry, source, Use.of("rename", times=2))
    assert (error.id, error.message) == ("ASC1505", "pass `rename` cannot take its options: times must be 1, not 2")


def test_a_pass_that_raises_is_named_with_its_owner_and_what_ran_before(workspace, registry, source):
    error = refusal(StageError, workspace, registry, source, Use.of("name-nodes"), Use.of("raises"))
    assert error.id == "ASC1502"
    assert error.message == (
        "pass `raises` of ascendc-guest 0.3 raised KeyError: 'no such thing'; before it ran name-nodes"
    )
    assert isinstance(error.__cause__, KeyError)


def test_a_pass_that_refuses_keeps_its_id_and_hint(workspace, registry, source):
    error = refusal(StageError, workspace, registry, source, Use.of("refuses"))
    assert (error.id, error.hint) == ("ASC1599", "try another")
    assert error.message == "pass `refuses` of ascendc-guest 0.3: this graph is not for me"


def test_a_pass_that_breaks_the_graph(workspace, registry, source):
    error = refusal(StageError, workspace, registry, source, Use.of("name-nodes"), Use.of("breaks"))
    assert error.id == "ASC1503"
    assert error.message.startswith("ONNX refuses the graph that name-nodes, breaks made: No Op registered for NoSuch")


def test_passes_that_rename_an_output(workspace, registry, source):
    error = refusal(StageError, workspace, registry, source, Use.of("name-nodes"), Use.of("renames"))
    assert error.id == "ASC1506"
    assert error.message == "the outputs of the graph must stay y; name-nodes, renames made them z"


def test_a_contradiction_is_told_before_the_end(workspace, registry):
    text = """<ir_version: 7, opset_import: ["": 13]> agraph (float[2, 3] a, float[2, 3] b) => (float[2, 2] y) {
        c = Cast<to = 1>(a)
        y = MatMul(c, b)
    }"""
    broken = graph.save(ir.from_proto(onnx.parser.parse_model(text)), workspace)
    error = refusal(StageError, workspace, registry, broken, Use.of("drop-casts"))
    assert error.id == "ASC1504"
    assert error.message.startswith("pass `drop-casts` of ascendc 0.1: the graph contradicts itself: ")


def test_every_pass_of_the_library_says_why(registry):
    names = [cls.NAME for cls in passes.LIBRARY]
    assert names == sorted(set(names))
    for cls in passes.LIBRARY:
        assert cls.WHY.endswith(".")
        assert cls.__doc__


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_weight_that_holds_nan_is_named_whatever_the_samples_meet(workspace, registry, dtype):
    weight = np.ones((64, 64), dtype)
    weight[3, 5] = np.nan
    kind = "float" if dtype is np.float32 else "float16"
    text = f"""<ir_version: 7, opset_import: ["": 13]> agraph ({kind}[n, 64] x) => ({kind}[n, 64] y) {{
        y = MatMul(x, w)
    }}"""
    model = onnx.parser.parse_model(text)
    model.graph.initializer.append(onnx.numpy_helper.from_array(weight, "w"))
    error = refusal(StageError, workspace, registry, graph.save(ir.from_proto(model), workspace))
    assert (error.id, error.message) == ("ASC1416", "the weight `w` holds NaN")


def test_infinities_that_cancel_are_no_nan(workspace, registry):
    mask = np.zeros((64, 64), np.float32)
    mask[0, :2] = np.inf, -np.inf
    text = (
        """<ir_version: 7, opset_import: ["": 13]> agraph (float[n, 64] x) => (float[n, 64] y) { y = MatMul(x, w) }"""
    )
    model = onnx.parser.parse_model(text)
    model.graph.initializer.append(onnx.numpy_helper.from_array(mask, "w"))
    assert run(workspace, registry, graph.save(ir.from_proto(model), workspace)).changes == ()

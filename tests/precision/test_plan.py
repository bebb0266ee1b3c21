"""The ladder: the lowest rung that suffices, what it keeps, and searches that are interrupted."""

import os
import signal
import subprocess
import sys

import numpy as np
import onnx_ir as ir
import pytest

from ascendc.errors import GateError, StageError
from ascendc.model import Use
from ascendc.precision.forecaster import Forecaster
from ascendc.precision.kept import Found
from ascendc.precision.ladder import FEW, Ladder, reasonable
from ascendc.precision.plan import PrecisionPlan, find_plan

LIMIT = 3e-2

OFFSET = "g (float[n,8] x) => (float[n,8] y) { a = MatMul(x, w) b = Add(a, big) y = Sub(b, big) }"


@pytest.fixture
def offset(graph, w):
    """Two nodes that must be kept: an offset takes what lies below it."""
    return graph(OFFSET, w=w, big=np.float32(4000))


def test_nothing_is_kept_where_nothing_is_lost(graph, x, w):
    plan = find_plan(graph("g (float[n,8] x) => (float[n,8] y) { y = MatMul(x, w) }", w=w), x, LIMIT)
    assert plan == PrecisionPlan("force_fp16", (), (), (), plan.before, plan.before, LIMIT, units=1, trials=1)
    assert 0 < plan.before < LIMIT


def test_few_nodes_are_kept_in_the_fastest_mode(offset, x):
    said = []
    plan = find_plan(offset, x, LIMIT, say=said.append)
    assert (plan.mode, sorted(plan.keep), plan.types, plan.uses) == ("force_fp16", ["b", "y"], (), ())
    assert plan.after <= LIMIT < plan.before
    assert (plan.units, plan.trials) == (3, len(said))
    assert said[0].startswith("force_fp16, trial 1: nothing in float32: error ")


def test_a_set_is_reasonable_by_number_or_by_share():
    def found(kept, units):
        return Found("force_fp16", "fused", LIMIT, None, 0, (), (None,) * kept, units, kept, 0, 1)

    assert [reasonable(found(*one)) for one in ((FEW, 20), (FEW + 1, 219), (FEW + 1, 220), (12, 239))] == [
        True,
        False,
        True,
        False,
    ]


def offsets(count):
    """As many chains that lose as wanted, each in an output of its own."""
    made = ", ".join(f"float[n,8] y{i}" for i in range(count))
    chains = " ".join(f"b{i} = Add(a, big) y{i} = Sub(b{i}, big)" for i in range(count))
    return f"g (float[n,8] x) => ({made}) {{ a = MatMul(x, w) {chains} }}"


def test_where_much_would_be_kept_the_next_rung_is_tried(graph, x, w):
    """Twelve nodes are many; in mixed precision two types are, and as much is in float32."""
    said = []
    model = graph(offsets(6), w=w, big=np.float32(4000))
    plan = find_plan(model, x, LIMIT, say=said.append)
    assert any(line.startswith("allow_mix_precision, trial ") for line in said)
    assert (plan.mode, len(plan.keep), plan.types) == ("force_fp16", 12, ()), "no fewer are in float32 there"
    assert plan.trials == len(said)


CHAIN = """g (float[n,8] x) => (float[n,8] y) {{ {loops} y = Relu(d7) }}"""
LOOP = "b{i} = Add({before}, big) c{i} = Sub(b{i}, big) d{i} = {after}"


def chain(after):
    """Eight times two nodes that lose and one that does not: every change of type is a cast."""
    loops = [LOOP.format(i=i, before=f"d{i - 1}" if i else "x", after=after.format(f"c{i}")) for i in range(8)]
    return CHAIN.format(loops=" ".join(loops))


def test_where_much_would_be_cast_to_and_fro_more_is_in_float32(graph, x):
    plan = find_plan(graph(chain("Tanh({})"), big=np.float32(4000)), x, LIMIT)
    assert (plan.mode, plan.keep, plan.types, plan.units) == ("allow_mix_precision", (), (), 0)
    assert plan.after == 0 < LIMIT < plan.before


def test_the_last_rung_keeps_every_type(graph, x):
    model = graph(chain("MatMul({}, w)"), big=np.float32(4000), w=np.eye(8, dtype=np.float32))
    found, _ = Ladder(Forecaster(model, x), x, LIMIT).climb(("force_fp16", "must_keep_origin_dtype"))
    assert (found.mode, found.keep, found.exact, found.casts) == ("must_keep_origin_dtype", (), 25, 0)
    fixed, _ = Ladder(Forecaster(model, x), x, LIMIT, fixed=lambda unit: unit.kind == "MatMul").climb()
    assert (fixed.mode, len(fixed.keep), fixed.casts) == ("force_fp16", 16, 15), "there is none where a type is missing"


def test_types_are_named_in_mixed_precision(offset, x):
    found, _ = Ladder(Forecaster(offset, x), x, LIMIT).climb(("allow_mix_precision", "must_keep_origin_dtype"))
    assert (found.mode, found.types, found.keep, found.exact, found.casts) == (
        "allow_mix_precision",
        ("Add",),
        (),
        2,
        1,
    )


def test_what_cannot_be_kept_is_never_kept(offset, x):
    with pytest.raises(GateError) as caught:
        find_plan(offset, x, LIMIT, fixed=lambda unit: unit.name == "b")
    assert caught.value.id == "ASC2705"
    assert caught.value.message == (
        "no precision mode keeps the outputs within 0.03 of the distance between samples: the chip computes `b` (Add) "
        "in float16 only, and numbers are lost there or become too coarse"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [(None, "without a name"), ("two\nlines", r"by the name 'two\nlines'"), (" first", "by the name ' first'")],
)
def test_a_node_that_no_line_of_a_file_names_cannot_be_kept(offset, x, name, said):
    offset.graph.node(1).name = name
    with pytest.raises(StageError) as caught:
        find_plan(offset, x, LIMIT)
    assert (caught.value.id, caught.value.message) == (
        "ASC2716",
        f"a Add {said} must stay in float32, and --keep_dtype takes names, one a line",
    )


def test_a_limit_that_float32_does_not_keep(offset, x):
    """Against answers of another program, which adds up in another order."""
    samples = x["x"].astype(np.float64)
    exact = {"y": (samples @ offset.graph.initializers["w"].const_value.numpy()).astype(np.float32) + np.float32(1e-3)}
    with pytest.raises(GateError) as caught:
        Ladder(Forecaster(offset, x, exact=exact), x, 1e-6).climb()
    assert caught.value.message == (
        "no precision mode keeps the outputs within 1e-06 of the distance between samples: in float32 they are not "
        "either: that is less than two programs differ by"
    )


def test_a_search_that_is_known_runs_nothing(offset, x, tmp_path):
    said = []
    first = find_plan(offset, x, LIMIT, cache=tmp_path / "notes", say=said.append)
    heard = len(said)
    again = find_plan(offset, x, LIMIT, cache=tmp_path / "notes", say=said.append)
    assert (again, len(said)) == (first, heard)
    other = find_plan(offset, {"x": x["x"] + 1}, LIMIT, cache=tmp_path / "notes", say=said.append)
    assert (other.before != first.before, len(said) > heard) == (True, True), "other samples are another search"
    heard = len(said)
    find_plan(offset, x, LIMIT / 2, cache=tmp_path / "notes", say=said.append)
    assert len(said) > heard, "another limit is another search"


KILLED = """
import os, signal, sys
import numpy as np
import onnx_ir as ir
from pathlib import Path
from ascendc.precision.plan import find_plan

folder, count = Path(sys.argv[1]), 0

def say(line):
    global count
    count += 1
    if count == 3:
        os.kill(os.getpid(), signal.SIGKILL)

x = np.load(folder / "x.npy")
find_plan(ir.load(folder / "model.onnx"), {"x": x}, 3e-2, cache=folder / "notes", say=say)
"""


def test_notes_are_read_around_a_torn_line(offset, x, tmp_path):
    """A kill tears one; what had been heard of before is known, and so is what follows."""
    whole, rest = [], []
    wanted = find_plan(offset, x, LIMIT, cache=tmp_path / "whole", say=whole.append)
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    (tmp_path / "notes").write_bytes(b"".join(lines[:3]) + lines[3][:20])
    assert find_plan(offset, x, LIMIT, cache=tmp_path / "notes", say=rest.append) == wanted
    assert 0 < len(rest) < len(whole)
    heard = len(rest)
    assert find_plan(offset, x, LIMIT, cache=tmp_path / "notes", say=rest.append) == wanted
    assert len(rest) == heard


@pytest.mark.soak
def test_a_search_that_was_killed_goes_on_where_it_was(offset, x, tmp_path):
    whole = []
    wanted = find_plan(offset, x, LIMIT, say=whole.append)
    ir.save(offset, tmp_path / "model.onnx")
    np.save(tmp_path / "x.npy", x["x"])
    ran = subprocess.run([sys.executable, "-c", KILLED, tmp_path], env={**os.environ}, check=False)
    assert ran.returncode == -signal.SIGKILL
    with (tmp_path / "notes").open("ab") as file:
        file.write(b'{"key": "torn')
    rest = []
    plan = find_plan(ir.load(tmp_path / "model.onnx"), x, LIMIT, cache=tmp_path / "notes", say=rest.append)
    assert plan == wanted
    assert len(rest) == len(whole) - 3, "what was heard was noted before"
    find_plan(ir.load(tmp_path / "model.onnx"), x, LIMIT, cache=tmp_path / "notes", say=rest.append)
    assert len(rest) == len(whole) - 3, "what follows a torn line is read"


MASKED = """g (float[n,8] x) => (float[n,8] y) {
  kept = Greater(x, low) ones = Cast <to = 1> (kept) gone = Sub(one, ones) mask = Mul(gone, floor)
  q = MatMul(x, w) s = Add(q, mask) p = Softmax <axis = -1> (s) z = MatMul(p, w) b = Add(z, big) y = Sub(b, big)
}"""


def masked(graph, w, floor, big):
    """Attention with a mask that is computed, as transformers does, and an offset after it."""
    numbers = {"low": -0.5, "one": 1, "floor": floor, "big": big}
    return graph(MASKED, w=w, **{name: np.float32(number) for name, number in numbers.items()})


def test_a_mask_is_clamped_rather_than_kept(graph, x, w):
    """In float16 it is minus infinity, and nought times that is no number."""
    model = masked(graph, w, floor=np.finfo(np.float32).min, big=0)
    plan = find_plan(model, x, LIMIT)
    assert (plan.mode, plan.keep, plan.uses, plan.before) == ("force_fp16", (), (Use.of("clamp-mask"),), None)
    assert [node.name for node in model.graph][3] == "mask"
    assert model.graph.initializers["floor"].const_value.numpy() == np.finfo(np.float32).min, "the model is as it was"


def test_what_a_rewrite_leaves_is_kept(graph, x, w):
    plan = find_plan(masked(graph, w, floor=np.finfo(np.float32).min, big=9000), x, LIMIT)
    assert (sorted(plan.keep), plan.uses, plan.before) == (["b", "y"], (Use.of("clamp-mask"),), None)


def test_a_rewrite_that_does_not_help_is_left_out(graph, x, w):
    plan = find_plan(masked(graph, w, floor=-20000, big=9000), x, LIMIT)
    assert (sorted(plan.keep), plan.uses) == (["b", "y"], ())
    assert plan.after <= LIMIT < plan.before


NORM = """g (float[n,8] x) => (float[n,8] y) {
  a = MatMul(x, w) b = Mul(a, k) c = Mul(b, b) d = ReduceMean <axes = [-1]> (c) e = Sqrt(d)
  f = Div(b, e) y = MatMul(f, w)
}"""


def test_a_square_is_scaled_rather_than_kept(graph, x, w):
    model = graph(NORM, w=w, k=np.float32(300))
    plan = find_plan(model, x, LIMIT)
    assert (plan.mode, plan.keep, plan.uses) == ("force_fp16", (), (Use.of("rescale", nodes=("c",), by=4),))
    assert plan.before > LIMIT >= plan.after


CONV = """g (float[n,3,4,4] x) => (float[n,4,6] y) {
  c = Conv <strides = [2, 2]> (x, big) f = Reshape(c, rows) t = Transpose <perm = [0, 2, 1]> (f) y = Mul(t, small)
}"""


def test_a_convolution_that_cannot_be_kept_becomes_a_product_that_can(graph, rng):
    weights = (rng.normal(size=(6, 3, 2, 2)) * 1e6).astype(np.float32)
    samples = {"x": rng.normal(size=(6, 3, 4, 4)).astype(np.float32)}
    model = graph(CONV, big=weights, rows=np.array([0, 6, -1]), small=np.float32(1e-6))
    free = find_plan(model, samples, LIMIT)
    assert (set(free.keep), free.uses) == ({"c", "f", "t", "y"}, ()), "where it can be kept, it is"
    plan = find_plan(model, samples, LIMIT, fixed=lambda unit: unit.kind == "Conv")
    assert (set(plan.keep), plan.uses) == ({"c/MatMul", "y"}, (Use.of("patch-matmul"),))
    with pytest.raises(GateError, match="computes `c` \\(Conv\\) in float16 only"):
        find_plan(model, samples, LIMIT, fixed=lambda unit: unit.kind in ("Conv", "MatMul"))

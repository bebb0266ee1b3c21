"""Every check of the conformance suite, against a session that breaks just that rule."""

import time

import numpy as np
import pytest

from ascendc import testing
from ascendc.runtime import Session, SessionError, TensorSpec

FEEDS = {"x": np.array([[1, 2, 3], [4, 5, 6]], np.float32)}


class Doubling(Session):
    """y = 2x for x [?, 3], as it should be."""

    engine, device = "numpy", "cpu"
    inputs = (TensorSpec("x", "float32", (None, 3)),)
    outputs = (TensorSpec("y", "float32", (None, 3)),)

    def _run(self, feeds):
        return [feeds["x"] * 2]


class Static(Doubling):
    """Takes two rows at a time."""

    inputs = (TensorSpec("x", "float32", (2, 3)),)
    outputs = (TensorSpec("y", "float32", (2, 3)),)


class Sum(Doubling):
    """Has no batch axis in its output: `run_batched` cannot cut it."""

    outputs = (TensorSpec("y", "float32", ()),)

    def _run(self, feeds):
        return [np.array(feeds["x"].sum(), np.float32)]


class Nameless(Doubling):
    engine = " "


class UnsortedGears(Doubling):
    inputs = (TensorSpec("x", "float32", (None, 3), (4, 2)),)


class Double(Doubling):
    def _run(self, feeds):
        return [feeds["x"].astype(np.float64)]


class Flat(Doubling):
    def _run(self, feeds):
        return [feeds["x"].ravel()]


class Counting(Doubling):
    count = 0

    def _run(self, feeds):
        self.count += 1
        return [feeds["x"] + np.float32(self.count)]


class Echo(Doubling):
    def _run(self, feeds):
        return [feeds["x"]]


class OneBuffer(Doubling):
    buffer = np.zeros((2, 3), np.float32)

    def _run(self, feeds):
        self.buffer[...] = feeds["x"] * 2
        return [self.buffer]


class InPlace(Doubling):
    def _run(self, feeds):
        feeds["x"] *= 2
        return [feeds["x"].copy()]


class AnyName(Doubling):
    def checked(self, feeds):
        return super().checked({"x": next(iter(feeds.values()), FEEDS["x"])})


class Converting(Doubling):
    def checked(self, feeds):
        return super().checked({name: array.astype(np.float32) for name, array in feeds.items()})


class NativeOrder(Doubling):
    """Compares kind and size of a dtype, and forgets the order of its bytes."""

    def checked(self, feeds):
        same = {name: a.view(np.float32) if a.dtype.str[1:] == "f4" else a for name, a in feeds.items()}
        return super().checked(same)


class Squeezing(Doubling):
    def checked(self, feeds):
        return super().checked({name: array.reshape(-1, 3) for name, array in feeds.items()})


class Raw(Doubling):
    """Reads memory in the order in which it lies."""

    def checked(self, feeds):
        super().checked(feeds)
        return feeds

    def _run(self, feeds):
        x = feeds["x"]
        return [np.frombuffer(x.tobytes("A"), np.float32).reshape(x.shape) * 2]


class AtLeastOne(Doubling):
    def _run(self, feeds):
        return [feeds["x"] * 2 if len(feeds["x"]) else np.zeros((1, 3), np.float32)]


class Sulking(Doubling):
    """Does not work any more once it has refused something."""

    def checked(self, feeds):
        try:
            return super().checked(feeds)
        except SessionError:
            self.outputs = ()
            raise


class Open(Doubling):
    def close(self):
        """Forget to."""


class Shared(Doubling):
    """Keeps what it is at in itself: another thread can change it."""

    def _run(self, feeds):
        self.at = feeds["x"]
        time.sleep(0.001)
        return [self.at * 2]


class Late(Doubling):
    """Gives each answer to the question before."""

    def run_many(self, feeds):
        answers = [self.run(one) for one in feeds]
        yield from [answers[-1], *answers[:-1]]


class Short(Doubling):
    """Loses what is still in the pipeline at the end."""

    def run_many(self, feeds):
        answers = [self.run(one) for one in feeds]
        yield from answers[:-1]


class Mixing(Doubling):
    def _run(self, feeds):
        return [feeds["x"] * 2 + feeds["x"].mean(axis=0)]


class Filled(Static):
    """Gives the answers to the filling away as well."""

    def run_batched(self, feeds):
        missing = -len(feeds["x"]) % 2
        x = np.concatenate([feeds["x"], feeds["x"][-1:].repeat(missing, axis=0)])
        return {"y": x * 2}


BROKEN = [
    (testing.says_what_it_is, Nameless, "engine must name what runs"),
    (testing.says_what_it_is, UnsortedGears, r"gears of x must ascend: \(4, 2\)"),
    (testing.gives_what_it_promises, Double, "y must be float32, not float64"),
    (testing.gives_what_it_promises, Flat, r"y must have the shape \(None, 3\), not \(6,\)"),
    (testing.repeats_itself, Counting, "y"),
    (testing.gives_arrays_away, Echo, "y shares memory with input x"),
    (testing.gives_arrays_away, OneBuffer, "y: a later run wrote into an earlier result"),
    (testing.gives_arrays_away, InPlace, "input x was changed"),
    (testing.refuses_wrong_names, AnyName, r"must be refused: inputs must be \['x'\]; got \[\]"),
    (testing.refuses_wrong_dtypes, Converting, "must be refused: input `x` must be float32, not int16"),
    (testing.refuses_swapped_bytes, NativeOrder, "must be refused: input `x` must be float32, not >f4"),
    (testing.refuses_wrong_shapes, Squeezing, "must be refused: input `x` must have the shape"),
    (testing.takes_any_layout, Raw, r"y \(column_major feeds\)"),
    (testing.takes_or_refuses_no_rows, AtLeastOne, "y: no rows went in, and 1 came out"),
    (testing.goes_on_after_errors, Sulking, r"results must be \['y'\], not \[\] \(after an error\)"),
    (testing.closes_for_good, Open, "must be refused: the session is closed"),
    (testing.answers_every_thread, Shared, r"y \(while another thread runs\)"),
    (testing.runs_many_in_order, Late, r"y \(by run_many\)"),
    (testing.runs_many_in_order, Short, "3 went in, and 2 came out"),
    (testing.takes_any_number_of_rows, Mixing, "y"),
    (testing.takes_any_number_of_rows, Filled, "y: 1 rows went in, and 2 came out"),
]


@pytest.mark.parametrize(("check", "broken", "message"), BROKEN, ids=lambda value: getattr(value, "__name__", None))
def test_a_broken_session_is_caught(check, broken, message):
    with pytest.raises(AssertionError, match=message):
        check(broken, FEEDS)


@pytest.mark.parametrize("session", [Doubling, Static, Sum])
@pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
def test_a_session_that_keeps_the_rules_passes(check, session):
    check(session, FEEDS)


def test_every_check_has_a_session_that_it_catches():
    assert {check for check, *_ in BROKEN} == set(testing.SESSION_CHECKS)


def test_an_input_that_is_a_scalar_has_no_rows_to_cut():
    class Scaled(Doubling):
        inputs = (*Doubling.inputs, TensorSpec("by", "float32", ()))

        def _run(self, feeds):
            assert feeds["by"].shape == ()
            return [feeds["x"] * feeds["by"]]

    for check in testing.SESSION_CHECKS:
        check(Scaled, {**FEEDS, "by": np.array(3, np.float32)})

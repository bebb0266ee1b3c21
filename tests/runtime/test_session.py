import numpy as np
import pytest

from ascendc.runtime import Session, SessionError, TensorSpec


class Doubling(Session):
    """y = 2x for x [?, 2]; keeps the batches that it was run with."""

    engine = "numpy"

    def __init__(self, shape=(None, 2), gears=()):
        self.inputs = (TensorSpec("x", "float32", shape, gears),)
        self.outputs = (TensorSpec("y", "float32", shape),)
        self.seen = []

    def _run(self, feeds):
        self.seen.append(feeds["x"])
        return [feeds["x"] * 2]


class Two(Doubling):
    """Two inputs of the given first dimensions; the output counts rows, and has no batch axis."""

    def __init__(self, first, second):
        super().__init__((first, 2))
        self.inputs += (TensorSpec("z", "float32", (second,)),)
        self.outputs = (TensorSpec("count", "int64", ()),)

    def _run(self, feeds):
        return [np.array(len(feeds["x"]))]


def rows(n):
    return np.arange(2 * n, dtype=np.float32).reshape(n, 2)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (rows(3).astype(np.float64), "input `x` must be float32, not float64"),
        (rows(3)[0], "input `x` must have the shape ?×2, not 2"),
        (rows(3).reshape(2, 3), "input `x` must have the shape ?×2, not 2×3"),
        (np.float32(1), "input `x` must be a numpy array, not float32"),
        ([[1.0, 2.0]], "input `x` must be a numpy array, not list"),
    ],
)
def test_wrong_arrays_are_refused(array, message):
    with pytest.raises(SessionError) as error:
        Doubling().run({"x": array})
    assert str(error.value) == message


@pytest.mark.parametrize("feeds", [{}, {"y": rows(1)}, {"x": rows(1), "y": rows(1)}])
def test_wrong_names_are_refused(feeds):
    with pytest.raises(SessionError) as error:
        Doubling().run(feeds)
    assert str(error.value) == f"inputs must be ['x']; got {sorted(feeds)}"


def test_a_batch_between_gears_is_refused():
    with pytest.raises(SessionError) as error:
        Doubling(gears=(1, 2, 4)).run({"x": rows(3)})
    assert str(error.value) == "input `x` must have one of 1, 2, 4 rows, not 3"


def test_a_closed_session_is_refused():
    session = Doubling()
    with session:
        session.run({"x": rows(1)})
    with pytest.raises(SessionError, match=r"^the session is closed$"):
        session.run({"x": rows(1)})


def test_the_backend_gets_contiguous_arrays():
    session = Doubling()
    session.run({"x": np.asfortranarray(rows(3))})
    assert session.seen[0].flags.c_contiguous


def test_an_input_without_axes_gets_none():
    session = Doubling(())
    session.run({"x": np.array(3, np.float32)})
    assert session.seen[0].shape == ()


@pytest.mark.parametrize(
    ("shape", "gears", "n", "batches"),
    [
        ((None, 2), (), 5, [5]),
        ((4, 2), (), 4, [4]),
        ((4, 2), (), 1, [4]),
        ((4, 2), (), 9, [4, 4, 4]),
        ((None, 2), (1, 2, 4, 8), 1, [1]),
        ((None, 2), (1, 2, 4, 8), 3, [4]),
        ((None, 2), (1, 2, 4, 8), 8, [8]),
        ((None, 2), (1, 2, 4, 8), 11, [8, 4]),
        ((None, 2), (2, 4), 17, [4, 4, 4, 4, 2]),
    ],
)
def test_run_batched_cuts_and_fills(shape, gears, n, batches):
    session = Doubling(shape, gears)
    result = session.run_batched({"x": rows(n)})
    np.testing.assert_array_equal(result["y"], 2 * rows(n))
    assert [len(batch) for batch in session.seen] == batches


def test_batches_are_filled_up_with_the_last_row():
    session = Doubling((4, 2))
    session.run_batched({"x": rows(2)})
    np.testing.assert_array_equal(session.seen[0], rows(2)[[0, 1, 1, 1]])


def test_run_many_asks_for_inputs_as_it_goes():
    session, asked = Doubling(), []
    answers = session.run_many({"x": asked.append(n) or rows(n)} for n in (1, 3, 2))
    np.testing.assert_array_equal(next(answers)["y"], 2 * rows(1))
    assert asked == [1]
    assert [len(answer["y"]) for answer in answers] == [3, 2]


@pytest.mark.parametrize(
    ("shape", "gears", "batches"),
    [((None, 2), (), [4, 3, 1]), ((4, 2), (), [4, 4, 4]), ((None, 2), (1, 2, 4), [4, 4, 1])],
)
def test_run_many_batched_fills_and_cuts(shape, gears, batches):
    session = Doubling(shape, gears)
    found = [answer["y"].tolist() for answer in session.run_many_batched({"x": rows(n)} for n in (4, 3, 1))]
    assert found == [(2 * rows(n)).tolist() for n in (4, 3, 1)]
    assert [len(batch) for batch in session.seen] == batches


def test_a_piece_larger_than_the_largest_batch_is_refused():
    with pytest.raises(SessionError) as error:
        list(Doubling((4, 2)).run_many_batched([{"x": rows(5)}]))
    assert str(error.value) == "input `x` must have the shape 4×2, not 5×2"


@pytest.mark.parametrize(
    ("first", "second", "sizes"),
    [(None, None, ()), (4, 4, (4,)), (4, None, (4,)), (None, 4, (4,)), (4, 2, ())],
)
def test_batch_sizes_are_those_that_the_inputs_share(first, second, sizes):
    assert Two(first, second).batch_sizes == sizes


def test_inputs_without_a_common_batch_go_in_as_they_are():
    feeds = {"x": rows(4), "z": np.zeros(2, np.float32)}
    assert Two(4, 2).run_batched(feeds)["count"] == 4


@pytest.mark.parametrize(
    ("x", "z", "message"),
    [
        (3, 2, "inputs must have the same number of rows, one or more; got x 3×2, z 2"),
        (0, 0, "inputs must have the same number of rows, one or more; got x 0×2, z 0"),
        (8, 8, "output `count` has no batch axis: 4 rows went in and its shape is ()"),
        (3, 3, "output `count` has no batch axis: 4 rows went in and its shape is ()"),
    ],
)
def test_run_batched_refuses_what_it_cannot_cut(x, z, message):
    with pytest.raises(SessionError) as error:
        Two(4, 4).run_batched({"x": rows(x), "z": np.zeros(z, np.float32)})
    assert str(error.value) == message

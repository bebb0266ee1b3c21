"""The conformance suite of runtime sessions, for authors of runtimes.

Every check opens a session of its own and raises AssertionError where the contract is broken::

    @pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
    def test_my_runtime_conforms(check):
        check(lambda: MySession("model.bin"), {"x": np.ones((1, 3), np.float32)})

Python 3.7: the suite runs on boards too.
"""

from __future__ import annotations

from typing import Callable, Dict  # noqa: UP035 - Python 3.7

import numpy as np

from ascendc.runtime import Session, SessionError

Open = Callable[[], Session]
"""Opens a new session."""
Feeds = Dict[str, np.ndarray]  # noqa: UP006 - Python 3.7
"""Valid inputs: what `Session.run` takes."""


def says_what_it_is(make: Open, feeds: Feeds) -> None:
    """Inputs, outputs and the engine are known as soon as the session is open."""
    with make() as session:
        assert session.engine.strip(), "engine must name what runs"
        assert session.device in ("npu", "cuda", "cpu"), "device must be npu, cuda or cpu"
        assert {spec.name for spec in session.inputs} == set(feeds), "inputs must be those that were fed"
        assert session.outputs, "there must be an output"
        for spec in (*session.inputs, *session.outputs):
            assert np.dtype(spec.dtype).name == spec.dtype, f"dtype of {spec.name} must be numpy's name: {spec.dtype}"
            assert list(spec.gears) == sorted(set(spec.gears)), f"gears of {spec.name} must ascend: {spec.gears}"


def gives_what_it_promises(make: Open, feeds: Feeds) -> None:
    """Results have the names, order, dtypes and shapes of `outputs`."""
    with make() as session:
        results = session.run(feeds)
        assert list(results) == [spec.name for spec in session.outputs], "results must come in the order of outputs"
        for spec in session.outputs:
            array = results[spec.name]
            assert isinstance(array, np.ndarray), f"{spec.name} must be an array, not {type(array)}"
            assert array.dtype == np.dtype(spec.dtype), f"{spec.name} must be {spec.dtype}, not {array.dtype}"
            fits = len(array.shape) == len(spec.shape) and all(
                want in (None, have)
                for want, have in zip(spec.shape, array.shape)  # noqa: B905 - Python 3.7
            )
            assert fits, f"{spec.name} must have the shape {spec.shape}, not {array.shape}"


def repeats_itself(make: Open, feeds: Feeds) -> None:
    """The same feeds give the same results, whatever their memory layout; a second session agrees."""
    with make() as session, make() as other:
        first, again = session.run(feeds), session.run(feeds)
        strided = {name: np.repeat(array, 2, axis=-1)[..., ::2] for name, array in feeds.items() if array.ndim}
        third = session.run({**feeds, **strided})
        fourth = other.run(feeds)
        for name, array in first.items():
            for found in (again, third, fourth):
                np.testing.assert_array_equal(array, found[name], err_msg=name)


def gives_arrays_away(make: Open, feeds: Feeds) -> None:
    """Results belong to the caller: writable, touched by no later run, not even by close; feeds are left alone."""
    with make() as session:
        given = {name: array.copy() for name, array in feeds.items()}
        mine = session.run(given)
        kept = {name: array.copy() for name, array in mine.items()}
        for name, array in mine.items():
            array[...] = np.zeros_like(array)
            for other, input_ in given.items():
                assert not np.shares_memory(array, input_), f"{name} shares memory with input {other}"
        for name, array in given.items():
            np.testing.assert_array_equal(array, feeds[name], err_msg=f"input {name} was changed")
        later = session.run(given)
        for name, array in later.items():
            np.testing.assert_array_equal(array, kept[name], err_msg=f"{name}: changing a result changed the next")
            assert not mine[name].any(), f"{name}: a later run wrote into an earlier result"
    for name, array in later.items():
        np.testing.assert_array_equal(array, kept[name], err_msg=f"{name}: close took the result away")


def refuses_wrong_names(make: Open, feeds: Feeds) -> None:
    """A missing and an unknown input are errors that list the inputs."""
    with make() as session:
        names = [spec.name for spec in session.inputs]
        for wrong in ({}, {**feeds, "no such input": next(iter(feeds.values()))}):
            _refused(session, wrong, f"inputs must be {names}; got {sorted(wrong)}")


def refuses_wrong_dtypes(make: Open, feeds: Feeds) -> None:
    """An array of another dtype is an error: nothing is converted in silence."""
    with make() as session:
        for spec in session.inputs:
            other = "int16" if spec.dtype != "int16" else "int8"
            wrong = {**feeds, spec.name: feeds[spec.name].astype(other)}
            _refused(session, wrong, f"input `{spec.name}` must be {spec.dtype}, not {other}")


def refuses_wrong_shapes(make: Open, feeds: Feeds) -> None:
    """An array of another rank is an error."""
    with make() as session:
        for spec in session.inputs:
            wrong = {**feeds, spec.name: feeds[spec.name][None]}
            _refused(session, wrong, f"input `{spec.name}` must have the shape ")


def closes_for_good(make: Open, feeds: Feeds) -> None:
    """A closed session refuses to run and may be closed again; leaving a `with` block closes it."""
    with make() as session:
        session.run(feeds)
    session.close()
    _refused(session, feeds, "the session is closed")


def takes_any_number_of_rows(make: Open, feeds: Feeds) -> None:
    """`run_batched` gives each row the answer that it gets among others."""
    with make() as session:
        rows = {name: np.concatenate([array] * 3)[:5] for name, array in feeds.items()}
        count = len(next(iter(rows.values())))
        together = session.run_batched(rows)
        for i in range(count):
            alone = session.run_batched({name: array[i : i + 1] for name, array in rows.items()})
            for name, array in alone.items():
                np.testing.assert_allclose(together[name][i : i + 1], array, rtol=1e-3, atol=1e-3, err_msg=name)


SESSION_CHECKS = (
    says_what_it_is,
    gives_what_it_promises,
    repeats_itself,
    gives_arrays_away,
    refuses_wrong_names,
    refuses_wrong_dtypes,
    refuses_wrong_shapes,
    closes_for_good,
    takes_any_number_of_rows,
)
"""Every check, each a function of `Open` and `Feeds`."""


def _refused(session: Session, feeds: Feeds, message: str) -> None:
    """Running on `feeds` must raise SessionError with a text that starts with `message`."""
    said = None
    try:
        session.run(feeds)
    except SessionError as error:
        said = str(error)
    assert said is not None, f"must be refused: {message}"
    assert said.startswith(message), f"must say {message!r}, not {said!r}"

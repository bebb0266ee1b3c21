"""The conformance suite of runtime sessions, for authors of runtimes.

Every check opens a session of its own and raises AssertionError where the contract is broken::

    @pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
    def test_my_runtime_conforms(check):
        check(lambda: MySession("model.bin"), {"x": np.ones((1, 3), np.float32)})

Python 3.7: the suite runs on boards too.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Dict, List  # noqa: UP035 - Python 3.7

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
    """The same feeds give the same results; a second session agrees."""
    with make() as session, make() as other:
        first = session.run(feeds)
        _same(first, session.run(feeds))
        _same(first, other.run(feeds))


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


def refuses_swapped_bytes(make: Open, feeds: Feeds) -> None:
    """An array in the other byte order is an error too: read as it is, its numbers would be others."""
    with make() as session:
        for spec in session.inputs:
            array = feeds[spec.name]
            swapped = array.astype(array.dtype.newbyteorder())
            if swapped.dtype != array.dtype:  # a single byte has no order
                wrong = {**feeds, spec.name: swapped}
                _refused(session, wrong, f"input `{spec.name}` must be {spec.dtype}, not {swapped.dtype}")


def refuses_wrong_shapes(make: Open, feeds: Feeds) -> None:
    """An array of another rank is an error."""
    with make() as session:
        for spec in session.inputs:
            wrong = {**feeds, spec.name: feeds[spec.name][None]}
            _refused(session, wrong, f"input `{spec.name}` must have the shape ")


def takes_any_layout(make: Open, feeds: Feeds) -> None:
    """Arrays may lie in memory as they like, and may be read-only."""
    with make() as session:
        first = session.run(feeds)
        for layout in (_strided, _column_major, _reversed, _read_only, _unaligned):
            laid_out = {name: layout(array) for name, array in feeds.items()}
            _same(first, session.run(laid_out), f" ({layout.__name__.strip('_')} feeds)")


def takes_or_refuses_no_rows(make: Open, feeds: Feeds) -> None:
    """Arrays of zero rows are a SessionError, or get answers of zero rows; the session goes on."""
    with make() as session:
        wanted = session.run(feeds)
        empty = {name: array[:0] if array.ndim else array for name, array in feeds.items()}
        for run in (session.run, session.run_batched):
            try:
                results = run(empty)
            except SessionError:
                results = {}
            for spec in session.outputs:
                if spec.name in results and spec.shape[:1] == (None,):
                    rows = len(results[spec.name])
                    assert rows == 0, f"{spec.name}: no rows went in, and {rows} came out"
            _same(wanted, session.run(feeds), " (after zero rows)")


def goes_on_after_errors(make: Open, feeds: Feeds) -> None:
    """What was refused leaves no trace: the next run is right."""
    with make() as session:
        wanted = session.run(feeds)
        name = session.inputs[0].name
        for wrong in ({}, {**feeds, name: feeds[name].astype(np.complex64)}, {**feeds, name: feeds[name][None]}):
            for run in (session.run, session.run_batched, lambda feeds: list(session.run_many([feeds]))):
                _refused_by(run, wrong, "")
                _same(wanted, session.run(feeds), " (after an error)")


def closes_for_good(make: Open, feeds: Feeds) -> None:
    """A closed session refuses to run and may be closed again; leaving a `with` block closes it."""
    with make() as session:
        session.run(feeds)
    session.close()
    _refused(session, feeds, "the session is closed")


def answers_every_thread(make: Open, feeds: Feeds) -> None:
    """Two threads may run one session at once: each gets the answers to its own feeds."""
    with make() as session:
        both = (feeds, _others(feeds))
        wanted = [session.run(one) for one in both]
        begin = threading.Barrier(2)

        def work(one: Feeds) -> List[Feeds]:  # noqa: UP006 - Python 3.7
            begin.wait(60)
            return [session.run(one) for _ in range(10)]

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(work, both))
        for right, answers in zip(wanted, found):  # noqa: B905 - Python 3.7
            for answer in answers:
                _same(right, answer, " (while another thread runs)")


def runs_many_in_order(make: Open, feeds: Feeds) -> None:
    """`run_many` gives the answers that `run` does, one for one, and gives them away."""
    with make() as session:
        stream = [feeds, _others(feeds), feeds]
        wanted = [session.run(one) for one in stream]
        found = list(session.run_many(iter(stream)))
        assert len(found) == len(stream), f"{len(stream)} went in, and {len(found)} came out"
        for right, answer in zip(wanted, found):  # noqa: B905 - Python 3.7
            _same(right, answer, " (by run_many)")


def takes_any_number_of_rows(make: Open, feeds: Feeds) -> None:
    """Where there is a batch axis, `run_batched` gives each row the answer that it gets among others."""
    with make() as session:
        if not _has_batch_axis(session):
            return
        others = _others(feeds)
        few = {name: np.concatenate([array[:2], others[name][:2]]) for name, array in feeds.items()}
        count = len(next(iter(few.values())))
        alone = [session.run_batched({name: array[i : i + 1] for name, array in few.items()}) for i in range(count)]
        for rows in (1, 3, 2 * max(session.batch_sizes, default=2) + 1):
            picked = np.arange(rows) % count
            together = session.run_batched({name: array[picked] for name, array in few.items()})
            for name, array in together.items():
                right = np.concatenate([alone[i][name] for i in picked])
                assert len(array) == rows, f"{name}: {rows} rows went in, and {len(array)} came out"
                np.testing.assert_allclose(array, right, rtol=1e-3, atol=1e-3, err_msg=name)


SESSION_CHECKS = (
    says_what_it_is,
    gives_what_it_promises,
    repeats_itself,
    gives_arrays_away,
    refuses_wrong_names,
    refuses_wrong_dtypes,
    refuses_swapped_bytes,
    refuses_wrong_shapes,
    takes_any_layout,
    takes_or_refuses_no_rows,
    goes_on_after_errors,
    closes_for_good,
    answers_every_thread,
    runs_many_in_order,
    takes_any_number_of_rows,
)
"""Every check, each a function of `Open` and `Feeds`."""


def _has_batch_axis(session: Session) -> bool:
    """Whether all inputs and outputs have one, of sizes that they share."""
    firsts = {spec.gears or spec.shape[:1] for spec in session.inputs}
    sizes = session.batch_sizes
    return (
        all(spec.shape for spec in session.inputs)
        and (bool(sizes) or firsts == {(None,)})
        and all(spec.shape and spec.shape[0] in (None, *sizes) for spec in session.outputs)
    )


def _others(feeds: Feeds) -> Feeds:
    """Other feeds of the same values, which are valid wherever those are: back to front."""
    return {name: np.ascontiguousarray(np.flip(array)).reshape(array.shape) for name, array in feeds.items()}


def _strided(array: np.ndarray) -> np.ndarray:
    return np.repeat(array[..., None], 2, axis=-1)[..., 0]


def _column_major(array: np.ndarray) -> np.ndarray:
    return np.array(array, order="F")


def _reversed(array: np.ndarray) -> np.ndarray:
    return np.asarray(np.flip(np.flip(array).copy()))  # flip makes a number of an array without axes


def _read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def _unaligned(array: np.ndarray) -> np.ndarray:
    buffer = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    buffer[...] = array
    return buffer


def _same(wanted: Feeds, found: Feeds, when: str = "") -> None:
    assert list(found) == list(wanted), f"results must be {list(wanted)}, not {list(found)}{when}"
    for name, array in wanted.items():
        np.testing.assert_array_equal(array, found[name], err_msg=name + when)


def _refused(session: Session, feeds: Feeds, message: str) -> None:
    """Running on `feeds` must raise SessionError with a text that starts with `message`."""
    _refused_by(session.run, feeds, message)


def _refused_by(run: Callable[[Feeds], object], feeds: Feeds, message: str) -> None:
    said = None
    try:
        run(feeds)
    except SessionError as error:
        said = str(error)
    assert said is not None, f"must be refused: {message or sorted(feeds)}"
    assert said.startswith(message), f"must say {message!r}, not {said!r}"

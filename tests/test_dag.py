from __future__ import annotations

from dataclasses import dataclass

import pytest

from ascendc import keys
from ascendc.dag import Crew, Step, Torch, blobs, execute, order
from ascendc.errors import EnvironmentLacksError, StageError
from ascendc.events import StepFinished
from ascendc.store import Blob


@dataclass(frozen=True)
class Spec:
    factor: int


@dataclass(frozen=True)
class Number:
    value: int
    file: Blob | None = None


def number(value, calls, *, label="n", reads=()):
    def run(workspace):
        calls.append(label)
        return Number(value, workspace.put_text(str(value)))

    return Step("number", Spec(value), (), reads, label, Number, run)


def double(source, calls):
    def run(source, workspace):
        calls.append("double")
        return Number(source.value * 2)

    return Step("double", Spec(2), (source,), (), "twice", Number, run)


def test_inputs_come_first_and_equal_steps_once():
    calls = []
    a = double(number(3, calls, label="for one target"), calls)
    b = double(number(3, calls, label="for another"), calls)

    assert a == b
    assert [step.stage for step in order([a, b])] == ["number", "double"]


def test_what_the_store_has_does_not_run_again(store):
    calls, heard = [], []
    for _ in range(2):
        steps = order([double(number(3, calls), calls)])
        done = execute(steps, store, heard.append)
    assert calls == ["n", "double"]
    assert done[steps[-1]].result == Number(6)
    assert [e.cached for e in heard if isinstance(e, StepFinished)] == [False, False, True, True]


@pytest.mark.parametrize(
    "other",
    [
        lambda calls: number(4, calls),
        lambda calls: number(3, calls, reads=(("weights", "other digest"),)),
    ],
    ids=["spec", "reads"],
)
def test_another_ingredient_is_another_key(store, other):
    calls = []
    execute((number(3, calls),), store, lambda _: None)
    execute((other(calls),), store, lambda _: None)
    assert calls == ["n", "n"]


def test_other_code_is_another_key(store, monkeypatch):
    calls = []
    execute((number(3, calls),), store, lambda _: None)
    monkeypatch.setattr(keys, "code", lambda package: "edited")
    execute((number(3, calls),), store, lambda _: None)
    assert calls == ["n", "n"]


def test_an_entry_whose_file_is_gone_runs_again(store):
    calls = []
    steps = (number(3, calls),)
    blob = execute(steps, store, lambda _: None)[steps[0]].result.file
    store.path(blob).unlink()
    execute(steps, store, lambda _: None)
    assert calls == ["n", "n"]
    assert store.holds(blob)


def test_two_files_of_one_name_are_both_in_the_key(store):
    calls = []
    execute((number(3, calls, reads=(("w.bin", "1"), ("w.bin", "2"))),), store, lambda _: None)
    execute((number(3, calls, reads=(("w.bin", "9"), ("w.bin", "2"))),), store, lambda _: None)
    assert calls == ["n", "n"]


@pytest.mark.parametrize("table", ["tools", "code"])
def test_other_tools_and_templates_are_other_keys(store, monkeypatch, table):
    calls = []
    execute((number(3, calls),), store, lambda _: None)
    if table == "tools":
        monkeypatch.setattr(keys, "tools", lambda: (("torch", "9.9"),))
    else:
        real = keys.code
        monkeypatch.setattr(keys, "code", lambda p: "edited" if p == "ascendc_templates" else real(p))
    execute((number(3, calls),), store, lambda _: None)
    assert calls == ["n", "n"]


def test_a_result_is_what_the_next_build_reads(store):
    @dataclass(frozen=True)
    class Figure:
        value: float

    step = Step("figure", Spec(0), (), (), "x", Figure, lambda ws: Figure(1))
    first = execute((step,), store, lambda _: None)[step].result
    again = execute((step,), store, lambda _: None)[step].result
    assert type(first.value) is type(again.value) is float


def test_a_full_disk_is_said_in_words(store):
    import errno
    import os

    def fill(workspace):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    step = Step("export", Spec(0), (), (), "image", Number, fill)
    with pytest.raises(EnvironmentLacksError) as caught:
        execute((step,), store, lambda _: None)
    assert caught.value.message == "export image cannot write its results: No space left on device"


def test_an_interrupt_stops_what_runs(store):
    stopped = []

    def interrupt(workspace):
        raise KeyboardInterrupt

    step = Step("compile", Spec(0), (), (), "x", Number, interrupt)
    with pytest.raises(KeyboardInterrupt):
        execute((step,), store, lambda _: None, stop=lambda: stopped.append(True))
    assert stopped == [True]


@pytest.mark.parametrize(
    ("torch", "most"),
    [
        ((Torch.RUNS,), 4),
        ((Torch.TRACES,), 1),
        ((Torch.OWNS,), 1),
        ((Torch.RUNS, Torch.TRACES), 3),
        ((Torch.RUNS, Torch.OWNS), 2),
        ((Torch.UNUSED, Torch.OWNS), 3),
    ],
)
def test_what_may_share_torch(store, torch, most):
    """Four steps, as the tuple says in turn."""
    assert most_at_once(store, Crew(4), torch=torch) == most


def test_the_first_failure_is_raised_and_nothing_of_it_is_kept(store):
    def fail(workspace):
        raise StageError("ASC9999", "no")

    step = Step("fails", Spec(0), (), (), "x", Number, fail)
    with pytest.raises(StageError, match="no"):
        execute((step,), store, lambda _: None)
    assert not (store.root / "entries" / "fails").exists()


def test_jobs_run_side_by_side(store):
    import threading

    barrier = threading.Barrier(2, timeout=10)

    def meet(value):
        def run(workspace):
            barrier.wait()
            return Number(value)

        return Step("meet", Spec(value), (), (), str(value), Number, run)

    done = execute((meet(1), meet(2)), store, lambda _: None, Crew(2))
    assert sorted(d.result.value for d in done.values()) == [1, 2]


def most_at_once(store, crew, *, memory=0, torch=(Torch.UNUSED,)):
    import threading

    inside, most = [], []

    def work(value):
        def run(workspace):
            inside.append(value)
            most.append(len(inside))
            threading.Event().wait(0.05)
            inside.remove(value)
            return Number(value)

        return Step(
            "work",
            Spec(value),
            (),
            (),
            str(value),
            Number,
            run,
            torch=torch[value % len(torch)],
            memory=lambda _=0: memory,
        )

    execute(tuple(map(work, range(4))), store, lambda _: None, crew)
    return max(most)


def test_no_more_steps_run_together_than_there_is_memory_for(store):
    assert most_at_once(store, Crew(4, memory=100), memory=40) == 2


def test_a_step_that_needs_more_than_there_is_runs_alone(store):
    assert most_at_once(store, Crew(4, memory=100), memory=101) == 1


@pytest.mark.parametrize(
    ("torch", "memory", "most"), [(Torch.RUNS, 1 << 30, 1), (Torch.RUNS, (1 << 30) - 1, 4), (Torch.UNUSED, 1 << 30, 4)]
)
def test_large_modules_take_turns_and_nothing_else_does(store, torch, memory, most):
    assert most_at_once(store, Crew(4), memory=memory, torch=(torch,)) == most


def test_memory_is_asked_for_with_the_results_of_the_inputs(store):
    seen = []
    first = number(3, [])
    second = Step(
        "double", Spec(2), (first,), (), "twice", Number, lambda n, ws: n, memory=lambda n: seen.append(n.value) or 0
    )
    execute(order([second]), store, lambda _: None)
    assert seen == [3]


def test_what_torch_loaded_is_released_after_the_last_step_that_uses_it(store):
    calls = []

    def step(name, inputs=(), **how):
        return Step(name, Spec(0), inputs, (), name, Number, lambda *_: calls.append(name) or Number(0), **how)

    first = step("first", torch=Torch.RUNS)
    last = step("last", (step("second", (first,), torch=Torch.RUNS),))
    execute(order([last]), store, lambda _: None, release=lambda: calls.append("released"))
    assert calls == ["first", "second", "released", "last"]


def test_blobs_finds_them_all():
    one, two = Blob("1", 1), Blob("2", 2)
    assert list(blobs(Number(0, one))) == [one]
    assert list(blobs((Number(0, one), (Number(1, two), "text")))) == [one, two]


def test_a_source_that_changes_under_a_step_leaves_no_entry(store, tmp_path):
    source = tmp_path / "model.onnx"
    source.write_text("one")
    store.digest(source)

    def run(workspace):
        source.write_text("two")
        return Number(2)

    step = Step("export", Spec(0), (), (), "image", Number, run)
    with pytest.raises(StageError, match=f"{source} changed while it was used"):
        execute((step,), store, lambda _: None)
    assert list(store.entries()) == []


def test_a_short_write_of_numpy_s_is_a_full_disk(store):
    def fill(workspace):
        raise OSError("49152 requested and 7136 written")

    step = Step("golden", Spec(0), (), (), "image", Number, fill)
    with pytest.raises(EnvironmentLacksError) as caught:
        execute((step,), store, lambda _: None)
    assert caught.value.message == "golden image cannot write its results: No space left on device"

from __future__ import annotations

import pytest

from ascendc.attribution import Attributed
from ascendc.errors import StageError, UsageError
from ascendc.model import Judgement, Model, Options, Part, Samples, Source, Weights
from ascendc.registry import Owner

OWNER = Owner("ascendc-guest", "0.2")


class Guest(Model):
    NAME = "guest"
    DEVICE = "guest_device"

    def parts(self):
        return (Part("main", (), ()),)

    def samples(self, n, seed):
        raise ValueError("cannot draw")

    def inputs(self, part, samples, weights):
        return ["not a mapping"]

    def judge(self, reference, candidate):
        return "fine"

    def fixes(self, part):
        return ("fold-constants",)

    def assets(self, folder, weights):
        raise UsageError("ASC1399", "labels.txt is missing")


@pytest.fixture
def model():
    return Attributed.build(Guest, OWNER, Source("somewhere"), Options())


def test_it_delegates_and_shows_the_guest_s_names(model):
    assert model.parts() == (Part("main", (), ()),)
    assert (model.NAME, model.DEVICE) == ("guest", "guest_device")
    assert model.onnx("main") is None


def test_a_guest_that_raises_is_named(model):
    with pytest.raises(StageError) as caught:
        model.samples(1, 0)
    assert caught.value.message == (
        "model plugin `guest` of ascendc-guest 0.2 raised in samples(): ValueError: cannot draw"
    )
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda m: m.inputs("main", Samples(), Weights()), "inputs() must return Mapping, not list"),
        (lambda m: m.judge({}, {}), "judge() must return Judgement, not str"),
        (lambda m: m.fixes("main"), "fixes() must return a tuple of Use, not str"),
    ],
)
def test_a_guest_that_returns_the_wrong_type_is_named(model, call, text):
    with pytest.raises(StageError) as caught:
        call(model)
    assert caught.value.message == f"model plugin `guest` of ascendc-guest 0.2: {text}"


@pytest.mark.parametrize(
    ("change", "call", "text"),
    [
        ({"parts": lambda self: ()}, lambda m: m.parts(), "parts() must return at least one Part, not tuple"),
        (
            {"parts": lambda self: (Part("main", [], []),)},
            lambda m: m.parts(),
            "parts() must return a Part of tuples, not list",
        ),
        (
            {"module": lambda self, *a: None},
            lambda m: m.module("main", Weights()),
            "module() must return Module, not NoneType",
        ),
        (
            {"inputs": lambda self, *a: {"x": [1, 2]}},
            lambda m: m.inputs("main", Samples(), Weights()),
            "inputs() must return numpy arrays, not list",
        ),
    ],
)
def test_what_would_fail_later_is_refused_at_once(change, call, text):
    model = Attributed.build(type("Other", (Guest,), change), OWNER, Source("x"), Options())
    with pytest.raises(StageError) as caught:
        call(model)
    assert caught.value.message == f"model plugin `guest` of ascendc-guest 0.2: {text}"


def test_numpy_s_booleans_are_taken():
    import numpy as np

    said = Judgement(np.bool_(True), "fine", (("n", np.float32(1)),))
    model = Attributed.build(type("Other", (Guest,), {"judge": lambda self, r, c: said}), OWNER, Source("x"), Options())
    judged = model.judge({}, {})
    assert type(judged.ok) is bool
    assert [type(value) for _, value in judged.figures] == [float]


def test_a_guest_s_own_error_reaches_the_user_as_it_is(model, tmp_path):
    with pytest.raises(UsageError, match=r"labels\.txt is missing"):
        model.assets(tmp_path, Weights())


def test_a_constructor_that_raises_is_named():
    class Bad(Guest):
        def __init__(self, source, options):
            raise KeyError("hidden_size")

    with pytest.raises(StageError, match=r"raised in __init__\(\): KeyError: 'hidden_size'"):
        Attributed.build(Bad, OWNER, Source("x"), Options())


def test_an_abstract_model_names_what_it_lacks():
    class Lacking(Model):
        NAME = "lacking"
        DEVICE = "d"

    with pytest.raises(StageError, match=r"raised in __init__\(\): TypeError: .*abstract method"):
        Attributed.build(Lacking, OWNER, Source("x"), Options())

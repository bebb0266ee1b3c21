"""What a device half does wrongly is said as its doing; what the user or an engine does, as theirs."""

from types import SimpleNamespace

import numpy as np
import pytest

from ascendc.runtime import Answer, InputError, SessionError
from ascendc.runtime import __main__ as runtime
from ascendc.runtime.service import HalfError, ask, ask_each


def half(run, open_service=None):
    return SimpleNamespace(open_service=open_service or (lambda sessions, assets: SimpleNamespace(run=run)))


def answer(lines=("a",), results=({"a": 1},), arrays=()):
    return Answer(list(lines), list(results), dict(arrays))


def fail(error):
    def run(**question):
        raise error

    return run


def complaint(module):
    with pytest.raises(HalfError) as caught:
        ask(module, {}, "assets", {"top_k": 3})
    return str(caught.value)


def test_a_right_answer_is_given():
    said = ask(half(lambda **question: answer(lines=[str(question)])), {}, "assets", {"top_k": 3})
    assert said.lines == ["{'top_k': 3}"]


def test_what_it_raises_is_named_by_the_call():
    assert complaint(half(fail(KeyError("x")))) == "failed in run(): KeyError: 'x'"
    assert complaint(half(None, lambda sessions, assets: {}["y"])) == "failed in open_service(): KeyError: 'y'"
    assert complaint(SimpleNamespace()) == (
        "failed in open_service(): AttributeError: 'types.SimpleNamespace' object has no attribute 'open_service'"
    )


@pytest.mark.parametrize("error", [InputError("a"), SessionError("b")])
def test_what_is_not_its_fault_passes(error):
    with pytest.raises(type(error)) as caught:
        ask(half(fail(error)), {}, "assets", {})
    assert caught.value is error


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lines": []}, "it returned dict, not ascendc_runtime.Answer"),
        (Answer(None, [], {}), "Answer.lines must be a list, not NoneType"),
        (Answer([], {}, {}), "Answer.results must be a list, not dict"),
        (Answer([], [], []), "Answer.arrays must be a dict, not list"),
        (answer(lines=[1.5]), "Answer.lines must hold text, not float"),
        (answer(arrays=[("e", [1.0])]), "Answer.arrays must hold arrays; `e` is of type list"),
        (answer(arrays=[("e", np.array([{}]))]), "Answer.arrays must hold numbers or text; `e` holds objects"),
        (
            answer(results=[{"p": np.float32(1)}]),
            "Answer.results must be JSON-able: Object of type float32 is not JSON serializable",
        ),
    ],
)
def test_an_answer_that_is_none_is_refused(wrong, message):
    assert complaint(half(lambda **question: wrong)) == "failed in run(): " + message


@pytest.mark.parametrize("call", ["run()", "answers()"])
def test_answers_hold_the_same_arrays(call):
    each = [answer(arrays=[("a", np.ones(1)), *more]) for more in ([], [("b", np.ones(1))])]
    left = iter(each)
    service = SimpleNamespace(run=lambda **question: next(left))
    if call == "answers()":
        service.answers = lambda images, on_broken: (one for one in each)
    found = ask_each(SimpleNamespace(open_service=lambda sessions, assets: service), {}, "assets", "xy", {})
    assert next(found).lines == ["a"]
    with pytest.raises(HalfError) as caught:
        next(found)
    assert str(caught.value) == f"failed in {call}: Answer.arrays held ['a'] and now ['a', 'b']"


def test_an_output_cannot_pass_for_the_names_of_pictures():
    said = half(lambda **question: answer(arrays=[("names", np.ones(1))]))
    with pytest.raises(InputError, match="called `names`, which stands for the pictures"):
        list(ask_each(said, {}, "assets", ["a.png"], {}))


# -- in a bundle --------------------------------------------------------------------------------------------------


@pytest.fixture
def run(write_bundle, capsys, monkeypatch):
    """Run a bundle whose device half is `text`; its exit code and what it said on stderr."""
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "ascendc_device", raising=False)

    def run(text, *args):
        folder = write_bundle()
        (folder / "python/ascendc_device/__init__.py").write_text(text)
        code = runtime.main(["--bundle", str(folder), "run", "--texts", "1", *args])
        return code, capsys.readouterr().err, folder

    yield run
    sys.modules.pop("ascendc_device", None)


RAISES = "def open_service(sessions, assets):\n    return {}['x']\n"


def test_a_half_that_raises_is_no_traceback(run):
    code, err, folder = run(RAISES)
    assert code == 3
    assert err == (
        "error: the bundle's device half failed in open_service(): KeyError: 'x'\n"
        f"  hint: ./deploy.sh, or ascendc bundle verify {folder}, says whether its files are whole; "
        "-v says where it failed\n"
    )


def test_v_shows_the_traceback(run):
    code, err, _ = run(RAISES, "-v")
    assert code == 3
    assert err.startswith("Traceback (most recent call last):\n")
    assert "    return {}['x']\n" in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (\n", "failed in import: SyntaxError: "),
        ("1 / 0\n", "failed in import: ZeroDivisionError: division by zero\n"),
        ("import wordy_host\n", "failed in import: ModuleNotFoundError: No module named 'wordy_host'\n"),
        ("from ascendc_runtime import nothing\n", "failed in import: ImportError: cannot import name 'nothing'"),
    ],
)
def test_a_half_that_cannot_be_imported_is_not_to_be_installed(run, text, message):
    code, err, _ = run(text)
    assert code == 3
    assert err.startswith("error: the bundle's device half " + message)
    assert "pip" not in err


def test_what_the_manifest_names_is_to_be_installed(run):
    code, err, _ = run("from no_such_module.inner import x\n")
    assert (code, err) == (5, "error: No module named 'no_such_module': python3 -m pip install no_such_module\n")


# -- how it was started -------------------------------------------------------------------------------------------


def test_the_usage_names_what_was_started(capsys, monkeypatch):
    monkeypatch.setenv("ASCENDC_STARTED_AS", "./deploy.sh")
    with pytest.raises(SystemExit):
        runtime.main(["run", "--help"])
    said = capsys.readouterr().out
    assert said.startswith("usage: ./deploy.sh run [-h] ")
    assert ".npz or .npy, for models with other inputs" in said
    monkeypatch.delenv("ASCENDC_STARTED_AS")
    with pytest.raises(SystemExit):
        runtime.main(["run", "--help"])
    assert capsys.readouterr().out.startswith("usage: python3 python run [-h] ")


def test_a_wrong_option_is_said_as_other_errors_are(capsys):
    with pytest.raises(SystemExit) as caught:
        runtime.main(["run", "--top-k", "many"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("\nerror: argument --top-k: invalid int value: 'many'\n")

"""The tiny CLIP, measured by real engines; no figure is asserted, only what it is of."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from ascendc.bench import measure as measuring
from ascendc.bench import subject
from ascendc.bench.feeds import Given
from ascendc.bench.measure import Asked, measure
from ascendc.bench.result import to_json
from ascendc.bench.work import Done, Protocol, Undone
from ascendc.bench.worker import serve
from ascendc.errors import GateError, UsageError
from ascendc.runtime.manifest import DEVICE

ROOT = Path(__file__).parents[2]
TINY = ROOT / "recipes" / "tiny-clip.yaml"
SQUARE = str(ROOT / "recipes" / "tiny-clip" / "red-square.png")
SCHEMA = json.loads((ROOT / "docs" / "bench.schema.json").read_text(encoding="utf-8"))
GIVEN = Given((SQUARE,), ("a red square", "a blue circle"))


def asked(what, **changes):
    protocol = {"batches": (1, 4), "runs": 10, "warmup": 1, "clients": (2,), "rounds": 1}
    protocol.update({name: changes.pop(name) for name in tuple(changes) if name in protocol})
    fields = {"runtimes": (), "devices": ("npu", "cpu"), "precisions": (), "given": GIVEN, **changes}
    return Asked(what=what, command="ascendc bench", protocol=Protocol(**protocol), **fields)


@pytest.fixture
def in_this_process(monkeypatch):
    """What a measuring process does, here: torch need not be imported once more. `test_child` is about the process.

    Such a process knows no other bundle's device half.
    """
    monkeypatch.setattr(measuring, "ask", serve)
    monkeypatch.setattr(sys, "path", [one for one in sys.path if not (Path(one) / DEVICE).is_dir()])
    for name in _device_modules():
        monkeypatch.delitem(sys.modules, name)
    yield
    for name in _device_modules():
        del sys.modules[name]


def _device_modules():
    return [name for name in sys.modules if name.split(".")[0] == DEVICE]


@pytest.fixture(scope="module")
def of_bundle(tiny_build):
    kept = []
    asking = asked(tiny_build, runs=20, rounds=2, parts=("text",))
    results = measure(asking, lambda so_far, _: kept.append(so_far))
    return results, kept


def test_every_row_is_measured_and_right(of_bundle):
    results, _ = of_bundle
    rows = [case for case in results.cases if case.state == "measured"]
    assert [(c.runtime, c.device, c.precision, c.part, c.batch) for c in rows] == [
        ("onnx", "cpu", "fp32", "text", batch) for batch in (1, 4)
    ]
    for case in rows:
        assert case.engine.startswith("onnxruntime ")
        assert (case.origin, case.inputs) == ("measured", "given")
        assert [len(one) for one in case.samples_ms] == [10, 10]
        assert case.latency.runs == case.compute.runs == case.whole.runs == 20
        assert case.validation.ok
        assert case.validation.samples == 16
        assert 0 < case.validation.error < 1e-5
        assert (case.memory.allocated, case.memory.peak) == (None, None)
        assert len(case.cold_starts) == 2
        assert [load.clients for load in case.loads] == [2]
        assert case.roofline is None
    assert [(s.part, [p.batch for p in s.points]) for s in results.scaling] == [("text", [1, 4])]
    assert (results.complete, results.rounds, results.model.name) == (True, 2, "tiny-clip")


def test_what_is_not_there_is_a_row_with_the_reason(of_bundle):
    results, _ = of_bundle
    reasons = {(c.runtime, c.device): c.reason for c in results.cases if c.state == "unavailable"}
    assert set(reasons) == {("onnx", "npu"), ("om", "npu")}
    assert reasons["onnx", "npu"].startswith("device `npu` needs CANNExecutionProvider, which onnxruntime ")
    assert reasons["om", "npu"] == "the bundle holds no OM for it: it was deferred, ./compile.sh ascend310 makes it"
    assert len([case for case in results.cases if case.state == "unavailable"]) == 4


def test_results_fit_the_schema_and_are_kept_row_by_row(of_bundle):
    results, kept = of_bundle
    jsonschema.validate(json.loads(to_json(results)), SCHEMA)
    assert [len(one.cases) for one in kept[:3]] == [1, 2, 3]
    assert not any(one.complete for one in kept)
    assert results.setting.load_after is not None


def test_pytorch_of_a_recipe_is_held_against_what_it_answers_in_fp32(tiny_build, in_this_process, monkeypatch):
    """In the cache of the bundle's build nothing has to be made: the golden record is there."""
    monkeypatch.setenv("ASCENDC_CACHE", str(tiny_build.parent / "store"))
    results = measure(asked(TINY, precisions=("fp32", "fp16"), batches=(1,), parts=("image",)))
    rows = {(c.device, c.precision): c for c in results.cases}
    assert {rows["npu", precision].reason for precision in ("fp32", "fp16")} == {
        "torch_npu is not installed (pip install 'ascendc[npu]')"
    }
    for precision in ("fp32", "fp16"):
        case = rows["cpu", precision]
        assert case.state == "measured", case.reason
        assert case.engine.startswith("torch ")
        assert (case.part, case.inputs) == ("image", "given")
        assert case.compute is not None
        assert case.whole is not None
        assert (case.validation.error > 1e-4) == (precision == "fp16")


def test_a_bundle_has_no_pytorch(tiny_build):
    results = measure(asked(tiny_build, runtimes=("torch",), batches=(1,)))
    assert {case.reason for case in results.cases} == {subject.NO_PYTORCH}


def test_an_om_needs_an_npu_and_that_is_said(tiny_build):
    results = measure(asked(tiny_build, runtimes=("om",), devices=("cpu",)))
    assert results.cases == ()
    assert results.notes == ("no OM was tried: an OM runs on an NPU, and --devices names none",)


def test_a_wrong_picture_is_an_error(tiny_build):
    with pytest.raises(UsageError) as error:
        measure(asked(tiny_build, devices=("cpu",), given=Given(("no.png",))))
    assert (error.value.id, error.value.message) == ("ASC2603", "image no.png does not exist")


def test_a_picture_that_is_wrong_only_in_a_larger_batch_is_an_error_too(tiny_build, in_this_process):
    with pytest.raises(UsageError) as error:
        measure(asked(tiny_build, devices=("cpu",), given=Given((SQUARE, "no.png")), parts=("image",), clients=()))
    assert (error.value.id, error.value.message) == ("ASC2603", "image no.png does not exist")


def test_a_picture_that_is_wrong_in_the_first_batch_is_an_error_too(tiny_build, in_this_process):
    with pytest.raises(UsageError) as error:
        measure(asked(tiny_build, devices=("cpu",), given=Given((SQUARE, "no.png")), parts=("image",), batches=(2,)))
    assert (error.value.id, error.value.message) == ("ASC2603", "image no.png does not exist")


def test_what_was_given_and_not_used_is_told(tiny_build, in_this_process):
    asking = asked(tiny_build, devices=("cpu",), given=Given((SQUARE,)), parts=("text",), batches=(1,), clients=())
    [row] = (found := measure(asking)).cases
    assert row.inputs == "golden"
    assert found.notes[-1] == "what was given was not used: no row is made from it alone, so all ran on golden inputs"


def test_what_failed_once_is_not_tried_again_and_stays_failed(tiny_build, monkeypatch):
    tried = []

    def first_fails(request):
        tried.append((request.parts[0].part, request.protocol.batches))
        for answer in serve(request):
            fails = isinstance(answer, Done) and answer.batch == 4 and len(tried) == 1
            yield Undone(4, "failed", "planted") if fails else answer

    monkeypatch.setattr(measuring, "ask", first_fails)
    found = measure(
        asked(tiny_build, devices=("cpu",), parts=("text",), runs=20, rounds=2, clients=(), runtimes=("onnx",))
    )
    assert tried == [("text", (1, 4)), ("text", (1,))]
    assert [(row.batch, row.state, len(row.samples_ms)) for row in found.cases] == [
        (1, "measured", 2),
        (4, "failed", 0),
    ]


def test_what_is_wrong_with_one_part_is_not_said_of_another(tiny_build, monkeypatch):
    def image_is_missing(request):
        if request.parts[0].part == "image":
            yield Undone(None, "unavailable", "planted")
        else:
            yield from serve(request)

    monkeypatch.setattr(measuring, "ask", image_is_missing)
    found = measure(
        asked(tiny_build, devices=("cpu",), parts=("image", "text"), batches=(1,), clients=(), runtimes=("onnx",))
    )
    assert [(row.part, row.state) for row in found.cases] == [("image", "unavailable"), ("text", "measured")]


def test_a_model_alone_is_not_measured(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"")
    with pytest.raises(UsageError) as error:
        measure(asked(tmp_path / "m.onnx"))
    assert (error.value.id, error.value.message) == (
        "ASC2613",
        f"`{tmp_path}/m.onnx` is a model alone: a bundle or a recipe is measured, which know what it must answer",
    )


def test_an_unknown_part_is_an_error(tiny_build):
    with pytest.raises(UsageError) as error:
        measure(asked(tiny_build, parts=("text", "towers")))
    assert (error.value.id, error.value.message) == (
        "ASC2612",
        "--parts must be among image, text, image+text; not `towers`",
    )


def test_an_unknown_target_is_an_error(tiny_build):
    with pytest.raises(UsageError) as error:
        measure(asked(tiny_build, target="card"))
    assert (error.value.id, error.value.message) == (
        "ASC2605",
        "--target must be one of the bundle's targets: ascend310; not `card`",
    )


def test_an_interrupt_keeps_what_was_measured(tiny_build, in_this_process):
    def interrupted(*_):
        raise KeyboardInterrupt

    results = measure(asked(tiny_build, devices=("cpu",)), interrupted)
    assert not results.complete
    [case] = results.cases
    assert (case.part, case.batch, case.state) == ("image", 1, "measured")


@pytest.fixture
def copy(tiny_build, tmp_path):
    """A bundle that a test may change."""
    return Path(shutil.copytree(tiny_build, tmp_path / "copy", copy_function=shutil.copy))


def test_wrong_answers_are_refused_and_keep_their_figures(tiny_build, in_this_process, monkeypatch):
    """Those of the text part: so are the rows of both parts together."""
    honest = subject.read_arrays

    def planted(bundle, golden, tensors):
        return {name: -a if name == "text_embeds" else a for name, a in honest(bundle, golden, tensors).items()}

    monkeypatch.setattr(subject, "read_arrays", planted)
    results = measure(asked(tiny_build, devices=("cpu",), clients=()))
    states = {(case.part, case.state) for case in results.cases}
    assert states == {("image", "measured"), ("text", "refused"), ("image+text", "refused")}
    for case in results.cases:
        assert case.reason.startswith("its answers are wrong: ") == (case.state == "refused")
        assert case.latency is not None
    assert [scaling.part for scaling in results.scaling] == ["image"]


def test_parts_together_answer_the_question_that_was_given(tiny_build, in_this_process):
    """As many pictures as the batch, and all texts."""
    asking = asked(tiny_build, devices=("cpu",), batches=(1, 3), clients=(), parts=("image+text",))
    results = measure(asking)
    for row in results.cases:
        assert (row.part, row.inputs, row.latency.runs, row.whole.runs) == ("image+text", "given", 10, 10)
        assert row.validation.ok
    assert results.scaling == ()  # gears are of parts
    asking = replace(asking, protocol=replace(asking.protocol, batches=(1,)))
    [row] = measure(replace(asking, given=Given((SQUARE,)))).cases
    assert (row.inputs, row.whole) == ("golden", None)  # texts are not made from pictures


def test_a_question_is_a_batch_of_what_is_asked_about_and_all_that_is_asked_with():
    given = Given(("a.png", "b.png"), ("one", "two", "three"))
    assert given.question(3) == Given(("a.png", "b.png", "a.png"), ("one", "two", "three"))
    assert given.question(1) == Given(("a.png",), ("one", "two", "three"))
    assert Given((), ("one", "two")).question(1) == Given((), ("one",))
    assert given.batch(2) == Given(("a.png", "b.png"), ("one", "two"))


def test_golden_arrays_that_were_changed_are_refused(copy):
    path = next((copy / "golden" / "image").glob("*.npy"))
    np.save(path, np.zeros_like(np.load(path)))
    with pytest.raises(GateError) as error:
        measure(asked(copy))
    assert error.value.id == "ASC2604"
    assert error.value.message.endswith("its sha256 is not the one in manifest.json")


@pytest.mark.parametrize(
    ("damage", "message"),
    [(Path.unlink, "is missing; manifest.json lists it"), (lambda path: path.write_bytes(b""), "has 0 bytes; ")],
    ids=["missing", "damaged"],
)
def test_a_model_that_is_not_the_bundles_is_refused(copy, damage, message):
    path = copy / "models" / "text.onnx"
    damage(path)
    with pytest.raises(GateError) as error:
        measure(asked(copy))
    assert error.value.id == "ASC2604"
    assert error.value.message.startswith(f"{path}: {message}")


def test_a_command_with_bytes_that_are_no_text_can_be_written(tiny_build):
    odd = replace(asked(tiny_build, runtimes=("om",), devices=("cpu",)), command="ascendc bench na\udcffme")
    assert measure(odd).command == "ascendc bench na\N{REPLACEMENT CHARACTER}me"


def test_an_interrupted_command_writes_what_it_has(tiny_build, tmp_path):
    output = tmp_path / "r.json"
    command = [sys.executable, "-m", "ascendc", "bench", str(tiny_build), "--devices", "cpu", "--output", str(output)]
    with subprocess.Popen(
        [*command, "--parts", "image", "--batches", "1", "64", "--num-runs", "60", "--rounds", "1"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        while b"image, batch 1:" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().endswith(f"ascendc: interrupted; what was measured is in {output}\n")
    assert b"image, batch 1, measured: 60 runs" in out
    document = json.loads(output.read_text())
    jsonschema.validate(document, SCHEMA)
    assert not document["complete"]
    assert [(case["part"], case["batch"]) for case in document["cases"]] == [("image", 1)]

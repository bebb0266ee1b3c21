from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from ascendc.bench.feeds import Given
from ascendc.bench.measure import Asked, measure
from ascendc.bench.result import write
from ascendc.bench.work import Protocol
from ascendc.bench.worker import serve

ROOT = Path(__file__).parents[2]
SQUARE = ROOT / "recipes" / "tiny-clip" / "red-square.png"
SCHEMA = json.loads((ROOT / "docs" / "bench.schema.json").read_text(encoding="utf-8"))
QUICK = ("--num-runs", 10, "--warmup", 1)


@pytest.fixture(scope="module")
def measured(tiny_build, tmp_path_factory):
    """A result's file."""
    output = tmp_path_factory.mktemp("results") / "r.json"
    protocol = Protocol((1,), runs=10, warmup=1, clients=())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ascendc.bench.measure.ask", serve)  # in this process
        asked = Asked(tiny_build, "ascendc bench", (), ("npu", "cpu"), (), protocol, Given(), parts=("image", "text"))
        write(measure(asked), output)
    return output


def test_a_bundle_is_measured(ascendc, tiny_build, tmp_path):
    output = tmp_path / "r.json"
    given = ("--image", SQUARE, "--texts", "a red square", "a blue circle", "--devices", "npu", "cpu")
    ran = ascendc("bench", tiny_build, *given, *QUICK, "--output", output)
    assert ran.code == 0, ran.err
    for part in ("image", "text", "image+text"):
        assert f"{part}, batch 1, measured: 10 runs, on what was given\n" in ran.out
    assert re.search(r"^  onnx cpu fp32( +[\d.]+)+ \([\d.]+-[\d.]+\).*  100\.0 %$", ran.out, re.MULTILINE)
    assert "answers: 3 of 3 rows agree with the golden outputs, at worst " in ran.out
    assert (
        "om npu fp16 @ ascend310: unavailable (image, text, image+text; batch 1): the bundle holds no OM for it: "
        in ran.out
    )
    assert ran.err.splitlines()[0] == "  onnx npu fp32: unavailable"
    assert re.fullmatch(r"  onnx cpu fp32, image, batch 1: [\d.]+ ms", ran.err.splitlines()[1])
    document = json.loads(output.read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["complete"]
    assert document["command"].startswith("ascendc bench ")
    assert document["command"].endswith(f"--output {output}")


def test_json_is_alone_on_stdout(ascendc, tiny_build):
    given = ("--devices", "cpu", "--runtimes", "onnx", "--parts", "text")
    ran = ascendc("bench", "measure", tiny_build, *given, *QUICK, "--json")
    document = json.loads(ran.out)
    jsonschema.validate(document, SCHEMA)
    assert {case["inputs"] for case in document["cases"]} == {"golden"}


def test_a_device_that_is_asked_for_alone_and_is_not_there(ascendc, tiny_build):
    ran = ascendc("bench", tiny_build, "--devices", "npu", *QUICK)
    assert ran.code == 5
    assert "ascendc: ASC2608 nothing could be measured: onnx npu fp32: device `npu` needs CANNExecution" in ran.err
    assert "om npu fp16 @ ascend310: the bundle holds no OM for it: it was deferred, ./compile.sh" in ran.err
    assert "  hint: ascendc doctor says what this machine lacks\n" in ran.err


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A recipe of the small ONNX model, without torch, that says how its bundle is measured."""
    monkeypatch.chdir(tmp_path)
    shipped = (ROOT / "recipes" / "onnx.yaml").read_text().replace("./colors/", f"{ROOT}/recipes/colors/")
    model = shipped[shipped.index("version:") : shipped.index("targets:")]
    targets = "targets:\n  - {soc: Ascend310, batch: [1, 2]}\n"
    path = tmp_path / "colors.yaml"
    path.write_text(f"{model}{targets}benchmark: {{warmup: 1, runs: 10}}\n")
    return path


def test_a_build_measures_its_bundle_if_that_is_asked_for(ascendc, recipe):
    assert ascendc("build", recipe).code == 0
    record = json.loads(Path("build/colors.build.json").read_text())
    assert (record["benchmark"], Path("build/colors.bench.json").exists()) == (None, False)

    ran = ascendc("build", recipe, "--bench", "-o", "build/colors")
    assert ran.code == 0, ran.err
    assert "model, batch 2, measured: 10 runs, on golden inputs\n" in ran.out
    assert "om npu fp16 @ ascend310: unavailable (model; batch 1, 2): the bundle holds no OM for it: " in ran.out
    assert ran.out.index("om npu fp16") < ran.out.index("nothing to do, everything is up to date")
    record = json.loads(Path("build/colors.build.json").read_text())
    assert (record["status"], record["benchmark"]) == ("done", "build/colors.bench.json")
    document = json.loads(Path(record["benchmark"]).read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["command"] == f"ascendc build {recipe} --bench -o build/colors"
    assert {(c["batch"], c["state"]) for c in document["cases"] if c["device"] == "cpu"} == {
        (1, "measured"),
        (2, "measured"),
    }


def test_a_recipe_may_ask_for_it_and_wrong_answers_fail_the_build(ascendc, recipe, monkeypatch):
    monkeypatch.setattr("ascendc.bench.measure.ask", serve)  # in this process
    monkeypatch.setattr("ascendc.bench.judgement.relative_error", lambda *_: 1.0)
    ran = ascendc("build", recipe, "--set", "benchmark.after_build=true", "-q")
    assert (ran.code, ran.out) == (4, "")
    wrong = "its answers are wrong: 1 of the sample distance; allowed: 0.0002"
    assert ran.err.startswith(f"ascendc: ASC2606 refused: onnx cpu fp32, model: {wrong}\n")
    record = json.loads(Path("build/colors.build.json").read_text())
    assert (record["status"], record["error"]["id"], record["benchmark"]) == (
        "failed",
        "ASC2606",
        "build/colors.bench.json",
    )
    assert {c["state"] for c in json.loads(Path(record["benchmark"]).read_text())["cases"]} == {
        "refused",
        "unavailable",
    }


def test_a_build_that_makes_no_bundle_measures_none(ascendc, recipe):
    ran = ascendc("build", recipe, "--bench", "--until", "check")
    assert (ran.code, "--bench measures the bundle, and --dry-run and --until make none" in ran.err) == (2, True)
    assert ascendc("build", recipe, "--set", "benchmark.after_build=true", "--until", "fix").code == 0
    assert not list(Path("build").glob("*.bench.json"))


def test_what_does_not_go_together(ascendc, tiny_build):
    ran = ascendc("bench", tiny_build, "--set", "model.weights=random")
    assert (ran.code, "--set changes a recipe; a bundle is what it is" in ran.err) == (2, True)
    ran = ascendc("bench", tiny_build, "--devices", "gpu")
    assert (ran.code, "'gpu' is not one of 'npu', 'cuda', 'cpu'" in ran.err) == (2, True)
    assert ascendc("bench").code == 2


def test_nothing_that_can_be_run_and_nowhere_to_write(ascendc, tiny_build):
    ran = ascendc("bench", tiny_build, "--runtimes", "om", "--devices", "cpu")
    said = "nothing could be measured: no OM was tried: an OM runs on an NPU, and --devices names none\n"
    assert (ran.code, f"ascendc: ASC2608 {said}" in ran.err) == (5, True)
    ran = ascendc("bench", tiny_build, "--devices", "cpu", "--output", "no/r.json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "ascendc: ASC2610 --output: `no/r.json` cannot be written: No such file or directory\n"


def test_an_item_of_arrays_is_one_sample(ascendc, recipe):
    """Else a batch is larger than it is called."""
    assert ascendc("build", recipe).code == 0
    np.savez("three.npz", pixels=np.zeros((3, 3, 32, 32), np.float32))
    ran = ascendc("bench", "build/colors", "--devices", "cpu", *QUICK, "--arrays", "three.npz")
    assert ran.code == 2
    said = (
        "each file of --arrays must hold one sample, since they make up batches: 1 gave input `pixels` of part `model`"
    )
    assert f"ascendc: ASC2603 {said} 3\n" in ran.err


def slowed(path, factor, **changes):
    document = {**json.loads(path.read_text()), **changes}
    for case in document["cases"]:
        case["samples_ms"] = [[factor * value for value in one] for one in case["samples_ms"]]
        if case["latency"]:
            case["latency"]["p50_ms"] *= factor
    made = path.with_name(f"{factor}-{len(changes)}.json")
    made.write_text(json.dumps(document))
    return made


def test_results_are_compared(ascendc, measured):
    old = measured
    ran = ascendc("bench", "compare", old, old, "--fail-on-slower")
    assert ran.code == 0
    assert ran.out.count("  no difference") == 2
    assert "rows without figures in either: 4\n" in ran.out
    new = slowed(old, 100)
    ran = ascendc("bench", "compare", old, new)
    assert (ran.code, ran.out.count("  slower\n")) == (0, 2)
    assert ascendc("bench", "compare", old, new, "--fail-on-slower").code == 4
    assert ascendc("bench", "compare", new, old, "--fail-on-slower").code == 0
    assert ascendc("bench", "compare", old, new, "--fail-on-slower", "--min-effect", 100).code == 4
    found = json.loads(ascendc("bench", "compare", old, new, "--json").out)
    assert [row["verdict"] for row in found["differences"] if row["ratio"]] == ["slower", "slower"]
    assert found["smallest"] == 0.05


def test_results_of_another_machine_are_not_compared(ascendc, measured):
    other = json.loads(measured.read_text())["machine"]
    new = slowed(measured, 1, machine={**other, "cpu": "another"})
    ran = ascendc("bench", "compare", measured, new)
    assert ran.code == 2
    assert "ASC2620 the results are of different machines (cpu " in ran.err
    assert ascendc("bench", "compare", measured, new, "--across-machines").code == 0


def test_help_shows_the_options_and_names_the_other_verb(ascendc):
    ran = ascendc("bench", "--help")
    assert ran.code == 0
    assert "--batches" in ran.out
    assert "`ascendc bench compare OLD.json NEW.json`" in ran.out
    assert "--fail-on-slower" in ascendc("bench", "compare", "--help").out

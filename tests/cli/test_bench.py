from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
SQUARE = ROOT / "recipes" / "tiny-clip" / "red-square.png"
SCHEMA = json.loads((ROOT / "docs" / "bench.schema.json").read_text(encoding="utf-8"))
QUICK = ("--num-runs", 10, "--warmup", 1)


@pytest.fixture
def measured(ascendc, tiny_build, tmp_path):
    """A result's file, and what was printed."""
    output = tmp_path / "r.json"
    given = ("--image", SQUARE, "--texts", "a red square", "a blue circle")
    return output, ascendc("bench", tiny_build, *given, "--devices", "npu", "cpu", *QUICK, "--output", output)


def test_a_bundle_is_measured(measured):
    output, ran = measured
    assert ran.code == 0, ran.err
    assert "image, batch 1, 10 runs, on what was given:\n" in ran.out
    assert re.search(r"^  onnx cpu fp32( +[\d.]+)+ \([\d.]+-[\d.]+\).*  100\.0 %$", ran.out, re.MULTILINE)
    assert "answers: 2 of 2 rows agree with the golden outputs, at worst " in ran.out
    assert "om npu fp16 @ ascend310: unavailable (image, text; batch 1): the bundle holds no OM for it: " in ran.out
    assert ran.err.splitlines()[0] == "  onnx npu fp32: unavailable"
    assert re.fullmatch(r"  onnx cpu fp32, image, batch 1: [\d.]+ ms", ran.err.splitlines()[1])
    document = json.loads(output.read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["complete"]
    assert document["command"].startswith("ascendc bench ")
    assert document["command"].endswith(f"--output {output}")


def test_json_is_alone_on_stdout(ascendc, tiny_build):
    ran = ascendc("bench", "measure", tiny_build, "--devices", "cpu", "--runtimes", "onnx", *QUICK, "--json")
    document = json.loads(ran.out)
    jsonschema.validate(document, SCHEMA)
    assert {case["inputs"] for case in document["cases"]} == {"golden"}


def test_a_device_that_is_asked_for_alone_and_is_not_there(ascendc, tiny_build):
    ran = ascendc("bench", tiny_build, "--devices", "npu", *QUICK)
    assert ran.code == 5
    assert "ascendc: ASC2608 nothing could be measured: onnx npu fp32: device `npu` needs CANNExecution" in ran.err
    assert "om npu fp16 @ ascend310: the bundle holds no OM for it: it was deferred, ./compile.sh" in ran.err
    assert "  hint: ascendc doctor says what this machine lacks\n" in ran.err


def test_what_does_not_go_together(ascendc, tiny_build):
    ran = ascendc("bench", tiny_build, "--set", "model.weights=random")
    assert (ran.code, "--set changes a recipe; a bundle is what it is" in ran.err) == (2, True)
    ran = ascendc("bench", tiny_build, "--devices", "gpu")
    assert (ran.code, "'gpu' is not one of 'npu', 'cuda', 'cpu'" in ran.err) == (2, True)
    assert ascendc("bench").code == 2


def slowed(path, factor, **changes):
    document = {**json.loads(path.read_text()), **changes}
    for case in document["cases"]:
        case["samples_ms"] = [[factor * value for value in one] for one in case["samples_ms"]]
        if case["latency"]:
            case["latency"]["p50_ms"] *= factor
    made = path.with_name(f"{factor}.json")
    made.write_text(json.dumps(document))
    return made


def test_results_are_compared(ascendc, measured):
    old = measured[0]
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
    other = json.loads(measured[0].read_text())["machine"]
    new = slowed(measured[0], 1, machine={**other, "cpu": "another"})
    ran = ascendc("bench", "compare", measured[0], new)
    assert ran.code == 2
    assert "ASC2620 the results are of different machines (cpu " in ran.err
    assert ascendc("bench", "compare", measured[0], new, "--across-machines").code == 0


def test_help_shows_the_options_and_names_the_other_verb(ascendc):
    ran = ascendc("bench", "--help")
    assert ran.code == 0
    assert "--batches" in ran.out
    assert "`ascendc bench compare OLD.json NEW.json`" in ran.out
    assert "--fail-on-slower" in ascendc("bench", "compare", "--help").out

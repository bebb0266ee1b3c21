from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import jsonschema
import pytest

from ascendc.bench import result
from ascendc.bench.clock import LoadRun, load_of
from ascendc.bench.distribution import distribution
from ascendc.bench.footprint import Footprint
from ascendc.bench.gears import Point, Scaling
from ascendc.bench.roofline import Roofline
from ascendc.errors import UsageError

SCHEMA = Path(__file__).parents[2] / "docs" / "bench.schema.json"


@pytest.fixture
def full(case, results):
    """Results in which everything is there that can be."""
    row = case(
        [1.0, 2.0],
        [3.0],
        compute=distribution([[1.0]], 1),
        whole=distribution([[4.0]], 1),
        loads=(load_of([LoadRun(2, (1.0, 2.0), (1, 1), 0.1)], 1),),
        memory=Footprint("measured", 1, 2, 3, 4, process_peak_of_case=False),
        roofline=Roofline("estimated", "Ascend310P3", 0.5, 0.25),
    )
    scaling = Scaling("measured", "onnx", "cpu", "fp32", "card", "image", (Point(1, 1.0, 1000.0),), (1,), "rule")
    return results(row, case(state="unavailable", origin=None), scaling=(scaling,), notes=("a note",))


def test_the_page_of_the_schema_is_current():
    assert SCHEMA.read_text(encoding="utf-8") == result.schema_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(result.schema_text()))


def test_what_is_written_is_as_the_schema_says_and_is_read_back(full, tmp_path):
    result.write(full, tmp_path / "r.json")
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), json.loads(SCHEMA.read_text()))
    assert result.read(tmp_path / "r.json") == full
    assert (tmp_path / "r.json").stat().st_mode & 0o444 == 0o444
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_it_has_every_field_of_the_original_s(full):
    """Mean, std, min, max, P50, P95, P99, images a second, memory allocated and reserved."""
    row = asdict(full)["cases"][0]
    assert {"mean_ms", "std_ms", "min_ms", "max_ms", "p50_ms", "p95_ms", "p99_ms", "per_second"} <= set(row["latency"])
    assert {"allocated", "reserved"} <= set(row["memory"])
    assert {"device", "precision"} <= set(row)


def test_fields_may_be_added(full, tmp_path):
    document = {**json.loads(result.to_json(full)), "added": 1}
    (tmp_path / "r.json").write_text(json.dumps(document))
    assert result.read(tmp_path / "r.json") == full


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "holds no results: it is not JSON: Expecting property name"),
        ("[]", "holds no results: its schema must be `ascendc/bench/1`"),
        ('{"schema": "ascendc/bundle/1"}', "holds no results: its schema must be `ascendc/bench/1`"),
        ('{"schema": "ascendc/bench/1"}', "holds no results: command: Field required"),
        ('{"schema": NaN}', "holds no results: it is not JSON: NaN is no number of JSON"),
        ("[" * 100_000, "holds no results: it is not JSON: maximum recursion depth exceeded"),
    ],
)
def test_what_holds_no_results_is_refused(tmp_path, text, message):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        result.read(path)
    assert error.value.id == "ASC2611"
    assert error.value.message.startswith(f"`{path}` {message}")
    assert error.value.hint == "ascendc bench BUNDLE --output results.json writes them"


def test_runs_that_took_no_time_are_no_results(full, tmp_path):
    document = json.loads(result.to_json(full))
    document["cases"][0]["samples_ms"] = [[1.0, 0.0]]
    (tmp_path / "r.json").write_text(json.dumps(document))
    with pytest.raises(UsageError) as error:
        result.read(tmp_path / "r.json")
    assert error.value.message.endswith(f"holds no results: {full.cases[0].part}: a run took no time")


def test_what_cannot_be_written_is_known_before(tmp_path):
    result.try_to_write(tmp_path / "r.json")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError) as error:
        result.try_to_write(tmp_path / "no" / "r.json")
    assert str(error.value) == f"--output: `{tmp_path}/no/r.json` cannot be written: No such file or directory"


def test_what_cannot_be_written_is_named_and_leaves_nothing(full, tmp_path):
    with pytest.raises(UsageError) as error:
        result.write(full, tmp_path / "no" / "r.json")
    assert str(error.value) == f"--output: `{tmp_path}/no/r.json` cannot be written: No such file or directory"
    (tmp_path / "r.json").mkdir()
    with pytest.raises(UsageError):
        result.write(full, tmp_path / "r.json")
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]

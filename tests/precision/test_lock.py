"""The plans beside a recipe: written at once, read as something that somebody may have changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from ascendc.errors import UsageError
from ascendc.precision import lock
from ascendc.precision.lock import Chosen, Rewrite

SCHEMA = Path(__file__).parents[2] / "docs" / "precision.schema.json"
PLAN = Chosen(
    part="image",
    soc="Ascend310P3",
    limit=0.03,
    graph="a" * 64,
    mode="force_fp16",
    keep=("/a/Add", "/ü b"),
    types=(),
    uses=(Rewrite("clamp-mask", '{"floor": -10000}'),),
    before=None,
    after=0.012,
    nodes=312,
    trials=17,
    ascendc="0.1.0",
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.precision.json"
    lock.save(path, [PLAN])
    return path


def test_what_is_written_is_read(file):
    [found] = lock.load(file)
    assert found.plan == PLAN
    assert found.where == f"{file}:4: plans[0]"
    assert PLAN.kept == "force_fp16, 2 of 312 nodes in float32"
    assert PLAN.summary == "force_fp16, 2 of 312 nodes in float32; error 1.2e-02 instead of lost numbers, estimated"


def test_a_plan_takes_the_place_of_its_like_and_others_stay(file):
    other = replace(PLAN, soc="Ascend310")
    assert lock.save(file, [replace(PLAN, keep=()), other])
    assert [one.plan for one in lock.load(file)] == [other, replace(PLAN, keep=())]
    assert not lock.save(file, [other])
    assert [path.name for path in file.parent.iterdir()] == [file.name], "no scratch is left"


def test_targets_of_one_chip_may_have_graphs_of_their_own(file):
    """Each has its plan; those for graphs that are no more go."""
    pair = [replace(PLAN, graph=digit * 64) for digit in "ab"]
    assert lock.save(file, pair)
    assert [one.plan for one in lock.load(file)] == pair
    assert not lock.save(file, reversed(pair))


def test_no_plan_makes_no_file(tmp_path):
    assert not lock.save(tmp_path / "x.precision.json", [])
    assert lock.load(tmp_path / "x.precision.json") == ()
    assert not list(tmp_path.iterdir())


def test_the_schema_is_that_of_the_page(file):
    assert SCHEMA.read_text(encoding="utf-8") == lock.schema_text()
    jsonschema.validate(json.loads(file.read_text()), json.loads(SCHEMA.read_text()))


KEYS = "part, soc, limit, graph, mode, keep, types, uses, before, after, nodes, trials, ascendc, origin"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (
            "mode",
            "fp16",
            f"9: plans[0].mode: must not be the text `fp16`; allowed: {', '.join(get_args(lock.Rung))}",
        ),
        ("limit", 0, "7: plans[0].limit: must not be the number 0; allowed: a number above 0"),
        ("keep", "/a", "10: plans[0].keep: must not be the text `/a`; allowed: a list, each text"),
        ("graph", "abc", "8: plans[0].graph: must not be the text `abc`; allowed: text"),
        (
            "types",
            ["Softmax"],
            "14: plans[0].types: must be empty in force_fp16; allowed: types in allow_mix_precision alone",
        ),
        (
            "uses",
            [{"name": "rescale", "options": "{"}],
            "18: plans[0].uses[0].options: must not be the text `{`; allowed: a mapping in JSON, as {}",
        ),
        ("kept", 1, f"27: plans[0].kept: unknown key (did you mean `keep`?); allowed: {KEYS}"),
    ],
)
def test_nonsense_is_told_with_line_field_and_what_is_allowed(file, field, value, said):
    document = json.loads(file.read_text())
    document["plans"][0][field] = value
    file.write_text(json.dumps(document, indent=1))
    with pytest.raises(UsageError) as caught:
        lock.load(file)
    assert caught.value.message == f"{file}:{said}"


def test_two_plans_for_one_thing(file):
    file.write_text(lock.to_json([PLAN, replace(PLAN, keep=())]))
    with pytest.raises(UsageError) as caught:
        lock.load(file)
    assert caught.value.id == "ASC1653"
    assert caught.value.message.endswith(
        "plans[1]: must not be for the same part, chip, limit and graph as plans[0]; allowed: one plan for each"
    )


def test_no_json(file):
    file.write_text("{")
    with pytest.raises(UsageError) as caught:
        lock.load(file)
    assert caught.value.id == "ASC1102"

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from ascendc import events
from ascendc.account import record

DOCS = Path(__file__).parents[1] / "docs"

EXAMPLES = [
    events.BuildStarted("r.yaml", "tiny", "build/tiny", 2),
    events.StepStarted("export", "image", "ab"),
    events.StepSaid("export", "image", "tracing"),
    events.StepFinished("export", "image", False, 1.25, "", "ab"),
    events.BuildFinished(
        "r.yaml",
        "build/tiny",
        True,
        1.3,
        (events.Row("image", "card", "om-deferred", "1", 2, 1e-7, 0.0),),
        ("top-1 agrees 4 of 4",),
        ("weights are random",),
        ("no CANN toolkit was found",),
    ),
    events.BuildFailed("r.yaml", "ASC1606", "wrong", None),
    events.BuildInterrupted("r.yaml", ("export image",), "ascendc build r.yaml", "build/tiny.build.log"),
]


@pytest.mark.parametrize(
    ("file", "text"), [("events.schema.json", events.schema_text), ("build.schema.json", record.schema_text)]
)
def test_the_schema_in_docs_is_the_one_the_code_has(file, text):
    """CONTRIBUTING.md has the line that writes it."""
    assert (DOCS / file).read_text(encoding="utf-8") == text()
    jsonschema.Draft202012Validator.check_schema(json.loads(text()))


def test_there_is_an_example_of_every_event():
    assert {type(event) for event in EXAMPLES} == set(get_args(events.Event))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_every_event_is_a_line_of_the_schema(event):
    line = json.loads(json.dumps(events.as_json(event)))
    jsonschema.validate(line, events.schema())
    assert line["schema"] == "ascendc/events/1"
    jsonschema.validate({**line, "added_later": 1}, events.schema())


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_a_line_that_lost_a_field_is_refused(event):
    line = json.loads(json.dumps(events.as_json(event)))
    for name in line:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({k: v for k, v in line.items() if k != name}, events.schema())


def test_a_state_that_nobody_says_is_refused():
    row = dataclasses.replace(EXAMPLES[4].artefacts[0], state="om-hoped-for")
    line = json.loads(json.dumps(events.as_json(dataclasses.replace(EXAMPLES[4], artefacts=(row,)))))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(line, events.schema())


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", (DOCS / "events.md").read_text(encoding="utf-8"), re.M | re.S)


def test_the_page_s_lines_are_lines_of_the_schema():
    for line in "".join(blocks("json")).splitlines():
        jsonschema.validate(json.loads(line), events.schema())


def test_the_page_names_every_event_and_its_fields():
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    for event in EXAMPLES:
        kind = events.as_json(event)["event"]
        _, _, *fields = events.as_json(event)  # after schema and event
        [row] = re.findall(rf"^\| `{kind}` \|.*\| (.*) \|$", page, re.M)
        assert re.findall(r"`(\w+)`", row) == fields


def test_the_page_s_program_follows_a_build(tmp_path):
    (tmp_path / "recipes").symlink_to(DOCS.parent / "recipes")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    [program] = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    *steps, last = done.stdout.splitlines()
    assert "export model ran" in steps
    assert last == "build/onnx om-deferred"

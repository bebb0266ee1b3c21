from __future__ import annotations

import hashlib
import json

import jsonschema
import pytest

from ascendc.account import record
from ascendc.account.record import Failure, Record, StepRecord

RECORD = Record(
    status="failed",
    ascendc="0.1.0",
    command="ascendc build r.yaml",
    recipe="r.yaml",
    recipe_sha256=None,
    overrides=("model.weights=random",),
    until="package",
    output="build/tiny",
    bundle_digest=None,
    changed=None,
    started="2025-01-01T00:00:00+00:00",
    seconds=1.5,
    peak_rss_bytes=1 << 30,
    machine=record.here(),
    tools={"python": "3.11.7"},
    steps=(StepRecord("export", "image", "failed", False, 1.25, "ab", None),),
    log="build/tiny.build.log",
    benchmark=None,
    error=Failure("ASC1606", "wrong", None),
    notes=(),
)


def test_it_is_written_whole_and_as_its_schema_says(tmp_path):
    path = tmp_path / "tiny.build.json"
    path.write_text("an older one")
    record.write(RECORD, path)
    written = json.loads(path.read_text())
    jsonschema.validate(written, json.loads(record.schema_text()))
    assert written["schema"] == "ascendc/build/1"
    assert written["steps"][0]["state"] == "failed"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path):
    path = tmp_path / "tiny.build.json"
    path.mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        record.write(RECORD, path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_digest_is_of_what_can_be_read(tmp_path):
    (tmp_path / "it").write_bytes(b"content")
    assert record.sha256(tmp_path / "it") == hashlib.sha256(b"content").hexdigest()
    assert record.sha256(tmp_path / "nothing") is None

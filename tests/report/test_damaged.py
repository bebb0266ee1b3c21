"""Files that nobody vouches for: they become a page, or an error that says what is wrong with them."""

from __future__ import annotations

import json
import random

import pytest

from ascendc.account import record as records
from ascendc.bench import result as bench
from ascendc.errors import UsageError
from ascendc.outlook import to_json
from ascendc.report import html, page_of, read

WRONG = [None, -1, 0, "\ud800", "<b>", [], {}, 10**400, [[]], "x" * 10_000, True, 1e308, -1e308, "{0}", "\x00"]


@pytest.fixture
def damaged(record, results, outlook):
    """Make documents in each of which one value does not belong there."""
    whole = [records.as_json(record()), json.loads(bench.to_json(results())), to_json(outlook(), "1")]

    def make(seed):
        draw = random.Random(seed)
        place = document = json.loads(json.dumps(draw.choice(whole)))
        while True:
            key = draw.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if not isinstance(place[key], dict | list) or not place[key] or draw.random() < 0.1:
                break
            place = place[key]
        place[key] = draw.choice(WRONG)
        return document

    return make


def given(path, document):
    """What was read; None where it was refused as what it is."""
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        return read([path])
    except UsageError as error:
        if error.id != "ASC2902":
            raise
        return None


def test_they_are_read_or_refused(tmp_path, damaged):
    found = [given(tmp_path / "f.json", damaged(seed)) for seed in range(300)]
    assert 50 < found.count(None) < 250


def test_what_is_read_becomes_a_page(tmp_path, damaged):
    for seed in range(300):
        if found := given(tmp_path / "f.json", damaged(seed)):
            page_of(found)


def test_a_page_can_be_written(tmp_path, damaged):
    written = 0
    for seed in range(16):
        if found := given(tmp_path / "f.json", damaged(seed)):
            text = html(page_of(found), "en")
            assert len(text.encode()) < 3_000_000
            written += 1
    assert written > 3

from __future__ import annotations

import pytest

from ascendc.account.record import Failure
from ascendc.errors import UsageError
from ascendc.precision.damage import Damage
from ascendc.report.given import Build, Given, read
from ascendc.report.page import Origin
from ascendc.report.sections import page_of
from ascendc.report.words import say


def test_one_sentence_says_what_for_which_chips_valid_and_how_fast(tiny_bundle, outlook, results):
    given = read([tiny_bundle()])
    page = page_of(Given(builds=given.builds, forecasts=(outlook(),), benches=(results(),)))
    assert page.title == "tiny"
    assert say(page.lede, "en") == (
        "tiny (main) for Ascend310P3 agrees with the original model (measured), OM deferred; its float16 error stays "
        "within its limit (0.0021, estimated); at best it takes image 1.05 ms for a batch of 1 (torch, cpu, P50, "
        "measured)."
    )
    assert say(page.lede, "zh") == (
        "面向 Ascend310P3 的 tiny（main）与原模型一致（实测），OM 待编译；其 float16 误差在限值之内（0.0021，估算）；"
        "最快：批大小 1 时 image 1.05 毫秒（torch, cpu，P50，实测）。"
    )
    assert [(say(key.figure, "en"), key.origin) for key in page.keys] == [
        ("1.2×10⁻⁷", Origin.MEASURED),
        ("0.0021", Origin.ESTIMATED),
        ("1.05 ms", Origin.MEASURED),
    ]


def test_only_sections_with_data_are_there(record, outlook):
    ids = [section.id for section in page_of(Given(builds=(Build("tiny", record=record()),))).sections]
    assert ids == ["graphs", "operators", "stages", "environment"]
    assert [section.id for section in page_of(Given(forecasts=(outlook(),))).sections] == ["precision"]


def test_a_build_that_failed_says_why(record):
    failed = record(status="failed", error=Failure("ASC1606", "it differs", None))
    page = page_of(Given(builds=(Build("tiny", record=failed),)))
    assert say(page.lede, "en") == "tiny was not built: ASC1606 it differs."


def test_numbers_that_float16_loses_are_said(outlook):
    page = page_of(Given(forecasts=(outlook(ok=False, end_to_end={"y": Damage(None, None, None, None)}),)))
    assert say(page.lede, "en") == "its float16 error leaves its limit (numbers are lost, estimated)."
    assert say(page.keys[0].figure, "en") == "lost"


def test_nothing_to_report_is_refused():
    with pytest.raises(UsageError, match="nothing was given that a report could show") as caught:
        page_of(Given(builds=(Build("tiny"),)))
    assert caught.value.id == "ASC2904"

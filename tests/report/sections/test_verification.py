from __future__ import annotations

import dataclasses

from ascendc.report.given import Build, Given, read
from ascendc.report.page import Origin
from ascendc.report.sections import page_of
from ascendc.report.sections.verification import verification
from ascendc.report.words import say
from ascendc.sim.toolchain import Simulated


def rows(table):
    return [[say(cell, "en") for cell in row] for row in table.rows]


def test_without_a_bundle_there_is_none(record):
    assert verification(Given(builds=(Build("tiny", record=record()),))) is None


def test_artefacts_errors_and_the_verdict(tiny_bundle):
    made, errors, verdict, *_ = verification(read([tiny_bundle()])).blocks
    assert rows(made) == [["main", "Ascend310P3", "8.1.RC1", "OM deferred", "1", "fp16", "none"]]
    assert rows(errors) == [["main", "5", "1.2×10⁻⁷", "2.0×10⁻⁴", "agrees"]]
    assert (made.origin, errors.origin) == (Origin.RECORDED, Origin.MEASURED)
    assert say(verdict.text, "en") == "Task verdict (measured): top-1 agrees."
    assert say(verdict.text, "zh") == "任务结论（实测）：top-1 agrees。"


def test_random_weights_are_said(tiny_bundle):
    [build] = read([tiny_bundle()]).builds
    model = dataclasses.replace(build.manifest.model, weights="random", notes=("a note",))
    build = dataclasses.replace(build, manifest=dataclasses.replace(build.manifest, model=model))
    *_, remark, note = verification(Given(builds=(build,))).blocks
    assert (say(remark.text, "en"), remark.tone) == ("The weights are random: answers mean nothing.", "warning")
    assert note.text == "a note"


def test_a_simulated_om_is_not_called_compiled(tiny_bundle):
    [build] = read([tiny_bundle()]).builds
    model = dataclasses.replace(build.manifest.model, notes=(Simulated.NOTE,))
    compiled = dataclasses.replace(build.manifest.artefacts[0], state="om-compiled")
    manifest = dataclasses.replace(build.manifest, model=model, artefacts=(compiled,))
    given = Given(builds=(dataclasses.replace(build, manifest=manifest),))
    made, *_, note = verification(given).blocks
    assert rows(made)[0][3] == "OM compiled (simulated)"
    assert (note.text, note.tone) == (Simulated.NOTE, "warning")
    assert say(page_of(given).lede, "en").endswith(
        "agrees with the original model (measured), OM compiled (simulated)."
    )


def test_a_record_of_another_build_is_said(tiny_bundle):
    [build] = read([tiny_bundle()]).builds
    remark, *_ = verification(Given(builds=(dataclasses.replace(build, is_other=True),))).blocks
    assert say(remark.text, "en") == "The record beside tiny is of another build, and left out."

from __future__ import annotations

import resource

import pytest

from ascendc.account.log import Log, line
from ascendc.events import (
    BuildFailed,
    BuildFinished,
    BuildInterrupted,
    BuildStarted,
    StepFinished,
    StepSaid,
    StepStarted,
)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (BuildStarted("r.yaml", "tiny", "build/tiny", 2), "tiny: 2 steps, to build/tiny"),
        (StepStarted("export", "image", "k"), "export image: started"),
        (StepStarted("assets", "", "k"), "assets: started"),
        (StepSaid("compile", "image @ card", "ATC start"), "compile image @ card: ATC start"),
        (StepFinished("fix", "image", False, 1.25, "3 rewrites"), "fix image: done in 1.2 s  3 rewrites"),
        (StepFinished("export", "image", True, 0.0), "export image: stored"),
        (BuildFinished("r.yaml", "build/tiny", True, 1.0), "build/tiny: written"),
        (BuildFinished("r.yaml", "build/tiny", False, 1.0), "build/tiny: nothing to do"),
        (BuildFailed("r.yaml", "ASC1606", "wrong", None), "failed: ASC1606 wrong"),
        (BuildFailed("r.yaml", "ASC1606", "wrong", "mend it"), "failed: ASC1606 wrong\nhint: mend it"),
        (
            BuildInterrupted("r.yaml", ("export image", "fix text"), "ascendc build r.yaml"),
            "interrupted during export image, fix text; what was done is kept. Go on with: ascendc build r.yaml",
        ),
    ],
)
def test_every_event_has_words(event, text):
    assert line(event) == text


def test_a_line_an_event_with_its_time(tmp_path):
    log = Log(tmp_path / "new" / "x.build.log", "ascendc build r.yaml")
    log.add(0.5, StepStarted("export", "image", "k"))
    assert log.path.read_text().endswith("started\n")  # whoever follows sees it now
    log.add(12.5, BuildFailed("r.yaml", "ASC1606", "wrong", "mend it"))
    log.close()
    assert log.problem is None
    assert log.path.read_text() == (
        "ascendc build r.yaml\n"
        "     0.50  export image: started\n"
        "    12.50  failed: ASC1606 wrong\n"
        "           hint: mend it\n"
    )


def test_a_log_of_an_earlier_build_is_replaced(tmp_path):
    for title in ("first, and longer", "second"):
        Log(tmp_path / "x.build.log", title).close()
    assert (tmp_path / "x.build.log").read_text() == "second\n"


def test_odd_bytes_end_nothing(tmp_path):
    log = Log(tmp_path / "x.build.log", "caf\udce9")
    log.close()
    assert (log.problem, log.path.read_text()) == (None, "caf\\udce9\n")


def test_a_disk_that_is_full_midway_becomes_a_note(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
    try:
        log = Log(tmp_path / "x.build.log", "title")
        log.add(0.1, StepStarted("export", "image", "k"))
        log.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.problem == f"the log {tmp_path}/x.build.log cannot be written: File too large"


def test_two_builds_at_one_place_do_not_write_into_each_other_s_log(tmp_path):
    first = Log(tmp_path / "x.build.log", "first")
    second = Log(tmp_path / "x.build.log", "second")
    first.add(1.0, StepStarted("export", "image", "k"))
    first.close()
    second.close()
    assert second.path.read_text() == "second\n"


def test_a_place_where_nothing_can_be_becomes_a_note(tmp_path):
    (tmp_path / "file").touch()
    log = Log(tmp_path / "file" / "x.build.log", "title")
    log.add(0.1, StepStarted("export", "image", "k"))
    assert log.problem.startswith(f"the log {tmp_path}/file/x.build.log cannot be written: ")

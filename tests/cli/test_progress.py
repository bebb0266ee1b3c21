from __future__ import annotations

import io
import json
import sys

import pytest
from rich.console import Console

from ascendc.cli import progress
from ascendc.events import (
    BuildFailed,
    BuildFinished,
    BuildInterrupted,
    BuildStarted,
    StepFinished,
    StepSaid,
    StepStarted,
)

EVENTS = (
    BuildStarted("r.yaml", "tiny", "build/tiny", 2),
    StepStarted("export", "image", "k"),
    StepSaid("export", "image", "tracing"),
    StepFinished("export", "image", False, 1.25, ""),
    StepStarted("compile", "image @ card", "k"),
    StepSaid("compile", "image @ card", "ATC start working now [1/2]"),
    StepFinished("compile", "image @ card", True, 0.0, "2 OMs"),
    BuildFinished("r.yaml", "build/tiny", True, 1.3),
)
PLAIN = """tiny: 2 steps
  export   image                   1.2 s
  compile image @ card: ATC start working now [1/2]
  compile  image @ card           stored  2 OMs
"""


def hear(*events, as_json_lines=False, verbosity=0):
    with progress.listening(as_json_lines=as_json_lines, verbosity=verbosity) as listen:
        for event in events:
            listen(event)


def test_plain_lines_are_finished_steps_and_what_atc_says(capsys):
    hear(*EVENTS)
    assert capsys.readouterr() == ("", PLAIN)


def test_v_adds_what_every_step_says(capsys):
    hear(*EVENTS, verbosity=1)
    assert "  export image: tracing\n" in capsys.readouterr().err


def test_quiet_is_silent(capsys):
    hear(*EVENTS, verbosity=-1)
    assert capsys.readouterr() == ("", "")


def test_json_is_for_programs(capsys):
    hear(EVENTS[3], as_json_lines=True)
    line = capsys.readouterr().out
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "schema": "ascendc/events/1",
        "event": "step-finished",
        "stage": "export",
        "label": "image",
        "cached": False,
        "seconds": 1.25,
        "summary": "",
        "key": "",
    }


def test_a_terminal_sees_the_same_lines_and_what_runs_now():
    screen = io.StringIO()
    live = progress.Live(Console(file=screen, force_terminal=True, width=100, highlight=False))
    seen = []
    for event in EVENTS:
        live(event)
        seen.append(live.running)
    text = screen.getvalue()
    assert "  export   image                   1.2 s" in text
    assert "ATC start working now [1/2]" in text
    assert "tracing" not in text
    assert seen[1:5] == ["export image", "export image", "", "compile image @ card"]


class Interrupting(Console):
    """A terminal on which Ctrl-C comes in the midst of the spinner's start."""

    def push_render_hook(self, hook):
        raise KeyboardInterrupt


def test_an_interrupt_in_the_midst_of_the_spinner_s_start_hides_no_end():
    screen = io.StringIO()
    live = progress.Live(Interrupting(file=screen, force_terminal=True, width=100))
    with pytest.raises(KeyboardInterrupt):
        live(EVENTS[0])
    live(BuildInterrupted("r.yaml", (), "ascendc build r.yaml"))
    live.stop()
    assert screen.getvalue().endswith("\x1b[?25h")  # the cursor shows


def test_what_is_printed_beside_json_goes_to_stderr(capsys):
    with progress.listening(as_json_lines=True, verbosity=0) as listen:
        sys.stdout.write("a plugin talks\n")
        listen(EVENTS[1])
    out, err = capsys.readouterr()
    assert json.loads(out)["event"] == "step-started"
    assert err == "a plugin talks\n"


ENDS = [
    BuildFailed("r.yaml", "ASC1606", "wrong", None, None, ("the log x cannot be written: disk full",)),
    BuildInterrupted("r.yaml", (), "ascendc build r.yaml", None, ("the log x cannot be written: disk full",)),
]


@pytest.mark.parametrize("event", ENDS, ids=["failed", "interrupted"])
def test_what_could_not_be_written_is_a_note_of_a_build_that_ends_early(capsys, event):
    hear(event)
    assert capsys.readouterr() == ("", "note: the log x cannot be written: disk full\n")
    screen = io.StringIO()
    progress.Live(Console(file=screen, width=100))(event)
    assert screen.getvalue() == "note: the log x cannot be written: disk full\n"

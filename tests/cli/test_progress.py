from __future__ import annotations

import io
import json

from rich.console import Console

from ascendc.cli import progress
from ascendc.events import BuildFinished, BuildStarted, StepFinished, StepSaid, StepStarted

EVENTS = (
    BuildStarted("tiny", 2),
    StepStarted("export", "image"),
    StepSaid("export", "image", "tracing"),
    StepFinished("export", "image", False, 1.25, ""),
    StepStarted("compile", "image @ card"),
    StepSaid("compile", "image @ card", "ATC start working now [1/2]"),
    StepFinished("compile", "image @ card", True, 0.0, "2 OMs"),
    BuildFinished("tiny", "build/tiny", True, 1.3),
)
PLAIN = """tiny: 2 steps
  export   image                   1.2 s
  compile image @ card: ATC start working now [1/2]
  compile  image @ card           stored  2 OMs
"""


def test_plain_lines_are_finished_steps_and_what_atc_says(capsys):
    for event in EVENTS:
        progress.listener(as_json_lines=False, verbosity=0)(event)
    assert capsys.readouterr() == ("", PLAIN)


def test_v_adds_what_every_step_says(capsys):
    for event in EVENTS:
        progress.listener(as_json_lines=False, verbosity=1)(event)
    assert "  export image: tracing\n" in capsys.readouterr().err


def test_quiet_is_silent(capsys):
    for event in EVENTS:
        progress.listener(as_json_lines=False, verbosity=-1)(event)
    assert capsys.readouterr() == ("", "")


def test_json_is_for_programs(capsys):
    progress.listener(as_json_lines=True, verbosity=0)(EVENTS[3])
    line = capsys.readouterr().out
    assert line.endswith("}\n")
    assert json.loads(line) == {
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
    progress.stop(live)
    text = screen.getvalue()
    assert "  export   image                   1.2 s" in text
    assert "ATC start working now [1/2]" in text
    assert "tracing" not in text
    assert seen[1:5] == ["export image", "export image", "", "compile image @ card"]


def test_stopping_a_plain_listener_is_fine():
    progress.stop(progress.Plain(0))

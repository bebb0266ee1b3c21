from __future__ import annotations

import hashlib
import json
import threading

import pytest

from ascendc.account import Asked, Journal
from ascendc.errors import EnvironmentLacksError, GateError, Interrupted
from ascendc.events import BuildFailed, BuildInterrupted, StepFinished, StepStarted


@pytest.fixture
def asked(tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("version: 1\n")
    return Asked(recipe, "ascendc build r.yaml", ("model.seed=3",))


@pytest.fixture
def output(tmp_path):
    return tmp_path / "build" / "tiny"


def build(asked, output, listen, *events, error):
    """A build that opens its journal, tells of some events and ends in an error."""
    with Journal(asked, listen) as journal:
        if output is not None:
            journal.open(output)
        for event in events:
            journal(event)
        raise error


def record_of(output):
    return json.loads(output.with_name("tiny.build.json").read_text())


def log_of(output):
    return output.with_name("tiny.build.log").read_text()


def test_a_build_that_is_done(asked, output):
    heard = []
    with Journal(asked, heard.append) as journal:
        journal.open(output)
        journal(StepFinished("export", "image", True, 0.0, "", "k"))
        journal.settle("done", changed=False, bundle_digest="ab")
    record = record_of(output)
    assert record["recipe_sha256"] == hashlib.sha256(b"version: 1\n").hexdigest()
    assert (record["status"], record["changed"], record["bundle_digest"]) == ("done", False, "ab")
    assert (record["command"], record["overrides"]) == ("ascendc build r.yaml", ["model.seed=3"])
    assert (record["error"], record["notes"], record["peak_rss_bytes"]) == (None, [], None)
    assert record["tools"]["python"]
    assert record["started"].endswith("+00:00")
    assert [step["key"] for step in record["steps"]] == ["k"]
    assert heard == [StepFinished("export", "image", True, 0.0, "", "k")]


def test_a_failure_is_recorded_logged_said_and_names_the_log(asked, output):
    heard, log = [], str(output.with_name("tiny.build.log"))
    error = GateError("ASC1606", "wrong", hint="mend it")
    with pytest.raises(GateError) as caught:
        build(asked, output, heard.append, StepStarted("verify", "image", "k"), error=error)
    assert caught.value is error
    assert str(error) == f"wrong\n  hint: mend it\n  log: {log}"
    record = record_of(output)
    assert record["status"] == "failed"
    assert record["error"] == {"id": "ASC1606", "message": "wrong", "hint": "mend it"}
    assert [(step["state"], step["key"]) for step in record["steps"]] == [("failed", "k")]
    assert heard[-1] == BuildFailed(str(asked.recipe), "ASC1606", "wrong", "mend it", log)
    assert "failed: ASC1606 wrong\n           hint: mend it\n" in log_of(output)


def test_an_interrupt_says_during_what_and_how_to_go_on(asked, output):
    heard = []
    with pytest.raises(Interrupted) as caught:
        build(asked, output, heard.append, StepStarted("export", "image", "k"), error=KeyboardInterrupt())
    said = "interrupted during export image; what was done is kept. Go on with: ascendc build r.yaml"
    assert str(caught.value) == said
    record = record_of(output)
    assert (record["status"], record["steps"][0]["state"], record["error"]) == ("interrupted", "running", None)
    log = str(output.with_name("tiny.build.log"))
    assert heard[-1] == BuildInterrupted(str(asked.recipe), ("export image",), "ascendc build r.yaml", log)
    assert said in log_of(output)


def test_a_step_that_is_waited_for_was_interrupted_all_the_same(asked, output):
    with pytest.raises(Interrupted, match=r"^interrupted during export image; "), Journal(asked, id) as journal:
        wait_for_a_step(journal, output)
    assert record_of(output)["steps"][0]["state"] == "done"


def wait_for_a_step(journal, output):
    """As `execute` does on an interrupt."""
    journal.open(output)
    journal(StepStarted("export", "image", "k"))
    journal.interrupted()
    assert record_of(output)["status"] == "interrupted"  # a second interrupt leaves this one
    assert record_of(output)["steps"][0]["state"] == "running"
    journal(StepFinished("export", "image", False, 1.0, "", "k"))
    raise KeyboardInterrupt


def test_an_interrupt_before_anything_ran(asked, tmp_path):
    heard = []
    with pytest.raises(Interrupted, match=r"^interrupted; what was done is kept\. Go on with: ascendc build r\.yaml$"):
        build(asked, None, heard.append, error=KeyboardInterrupt())
    assert heard == [BuildInterrupted(str(asked.recipe), (), "ascendc build r.yaml")]


def test_what_a_step_says_after_the_last_event_is_not_heard(asked, output):
    heard = []
    with Journal(asked, heard.append) as journal:
        journal.open(output)
        journal.settle("interrupted")
    log = log_of(output)
    journal(StepFinished("export", "image", False, 1.0))
    assert (heard, log_of(output)) == ([], log)


def test_a_bug_keeps_its_traceback_and_is_recorded(asked, output):
    heard = []
    with pytest.raises(TypeError, match="of ours"):
        build(asked, output, heard.append, error=TypeError("of ours"))
    assert record_of(output)["error"] == {"id": "ASC1009", "message": "a bug: TypeError: of ours", "hint": None}
    assert heard[-1].id == "ASC1009"


def test_what_the_system_refuses_gets_words(asked, output):
    with pytest.raises(EnvironmentLacksError) as caught:
        build(asked, output, lambda _: None, error=OSError(28, "No space left on device"))
    assert (caught.value.id, caught.value.log) == ("ASC1004", str(output.with_name("tiny.build.log")))
    assert record_of(output)["error"]["message"] == "the operating system refuses: [Errno 28] No space left on device"


def test_an_error_before_the_output_is_known_leaves_no_file(asked, tmp_path):
    heard = []
    with pytest.raises(GateError) as caught:
        build(asked, None, heard.append, error=GateError("ASC1606", "wrong"))
    assert str(caught.value) == "wrong"
    assert heard == [BuildFailed(str(asked.recipe), "ASC1606", "wrong", None)]
    assert list(tmp_path.iterdir()) == [asked.recipe]


def test_the_record_of_an_earlier_build_does_not_pass_for_this_one_s(asked, output):
    with Journal(asked, lambda _: None) as journal:
        journal.open(output)
        journal.settle("done")
    with Journal(asked, lambda _: None) as journal:
        journal.open(output)
        assert not output.with_name("tiny.build.json").exists()  # as if the machine lost power now


def test_log_and_record_that_cannot_be_written_are_notes_and_hide_no_error(asked, output):
    output.with_name("tiny.build.log").mkdir(parents=True)
    output.with_name("tiny.build.json").mkdir()
    heard = []
    with pytest.raises(GateError) as caught:
        build(asked, output, heard.append, error=GateError("ASC1606", "wrong"))
    assert str(caught.value) == "wrong"  # it names no log that is not there
    assert heard[-1].notes == (
        f"the log {output}.build.log cannot be written: Is a directory",
        f"the record {output}.build.json cannot be written: Is a directory",
    )


def test_a_listener_that_fails_ends_the_build_but_not_the_record(asked, output):
    def broken(event):
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        build(asked, output, broken, StepStarted("export", "image", "k"), error=AssertionError("not reached"))
    assert record_of(output)["status"] == "failed"


def test_one_event_at_a_time(asked):
    inside, overlaps = threading.Lock(), []

    def listen(event):
        overlaps.append(not inside.acquire(blocking=False))
        threading.Event().wait(0.001)
        inside.release()

    with Journal(asked, listen) as journal:
        threads = [
            threading.Thread(target=lambda i=i: journal(StepFinished("export", str(i), True, 0.0))) for i in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert overlaps == [False] * 8

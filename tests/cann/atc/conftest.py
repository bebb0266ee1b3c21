"""One ATC command, and what the linter finds in it."""

from typing import NamedTuple

import pytest

from ascendc.cann.atc.lint import lint
from ascendc.cann.atc.script import invocations
from ascendc.cann.version import Cann

COMPLETE = "--framework=5 --model=m.onnx --output=m --soc_version=Ascend310P3"


class Said(NamedTuple):
    """Each finding as ``CODE option: message``."""

    errors: list
    warnings: list

    @property
    def codes(self):
        """What the errors say, without messages."""
        return [text.partition(": ")[0] for text in self.errors]

    @property
    def doubts(self):
        """What the warnings say, without messages."""
        return [text.partition(": ")[0] for text in self.warnings]


@pytest.fixture
def check():
    """Lint one command; options that every command needs are added unless `alone`."""

    def run(text, *, alone=False, cann=None, model=None):
        command = f"atc {text}" if alone else f"atc {_added(text)} {text}"
        [invocation] = invocations(command)
        report = lint(invocation, cann=Cann(cann) if cann else None, model=model)
        return Said(
            *([f"{f.code} {f.option}: {f.message}" for f in found] for found in (report.errors, report.warnings))
        )

    return run


def _added(text):
    """Of the options that a command needs, those that `text` does not give."""
    return " ".join(option for option in COMPLETE.split() if f"{option.partition('=')[0]}=" not in text)

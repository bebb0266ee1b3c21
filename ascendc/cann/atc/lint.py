"""What ATC would say of a command line, before it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from ascendc.cann.atc import against, chip, gears, outputs, shapes, together, values
from ascendc.cann.atc.findings import MOST, Finding, Found, Rule
from ascendc.cann.atc.grammar import Options, parse, words_of
from ascendc.cann.atc.script import Invocation
from ascendc.cann.outline import Outline
from ascendc.cann.version import Cann


@dataclass(frozen=True)
class Report:
    """What was found in one ATC command."""

    ok: bool
    """Whether there is no error; warnings do not count."""
    soc_version: str | None
    """As it is given; null if it is not, or only the shell knows it."""
    options: dict[str, str]
    """Every option by its full name, with the value that ATC would take; shell variables as they are written."""
    errors: tuple[Finding, ...]
    """What ATC would refuse, or what it would make of the command that nobody can have meant."""
    warnings: tuple[Finding, ...]
    """What may be meant all the same, and what could not be judged."""


def lint(invocation: Invocation, *, cann: Cann | None = None, model: Outline | None = None) -> Report:
    """Look at one command of a script.

    Args:
        invocation: from `script.invocations`.
        cann: whose ATC is to take it; None: the newest whose source is known (August 2026).
        model: the ONNX model that it converts; None: nothing is said about names and ranks.
    """
    return _report(parse(invocation.words), invocation.found, cann, model)


def lint_argv(argv: Iterable[str], *, cann: Cann | None = None, model: Outline | None = None) -> Report:
    """Look at arguments that no shell reads any more, without ``atc`` itself."""
    return _report(parse(words_of(argv)), (), cann, model)


def _report(options: Options, before: tuple[Found, ...], cann: Cann | None, model: Outline | None) -> Report:
    found = dict.fromkeys((*before[:MOST], *options.found, *islice(_rules(options, cann, model), MOST)))
    given = {name: one.value for name, one in options.given.items()}
    errors = tuple(one.finding for one in found if one.error)
    warnings = tuple(one.finding for one in found if not one.error)
    return Report(not errors, options.value("soc_version"), given, errors, warnings)


def _rules(options: Options, cann: Cann | None, model: Outline | None) -> Rule:
    yield from values.rules(options, cann)
    yield from together.rules(options)
    yield from chip.rules(options, cann)
    if not together.makes_om(options) or "help" in options.given:
        return
    read = shapes.read(options)
    if read is not None:
        yield from shapes.rules(options, read, chip.named(options))
        yield from gears.rules(options, read, chip.named(options))
    yield from outputs.rules(options, read)
    if model is not None and options.value("framework") in ("5", None):
        yield from against.rules(options, read, model, cann)

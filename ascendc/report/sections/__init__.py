"""The sections of a report, in its order. A new one is a module with one function, and a name in `SECTIONS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.errors import UsageError
from ascendc.report.given import HINT
from ascendc.report.page import Page
from ascendc.report.sections.aipp import aipp
from ascendc.report.sections.benchmark import benchmark
from ascendc.report.sections.clients import clients
from ascendc.report.sections.cold_start import cold_start
from ascendc.report.sections.comparison import comparison
from ascendc.report.sections.environment import environment
from ascendc.report.sections.gears import gears
from ascendc.report.sections.graphs import graphs
from ascendc.report.sections.operators import operators
from ascendc.report.sections.precision import precision
from ascendc.report.sections.stages import stages
from ascendc.report.sections.summary import keys, lede, title
from ascendc.report.sections.verification import verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from ascendc.report.given import Given
    from ascendc.report.page import Section

SECTIONS: tuple[Callable[[Given], Section | None], ...] = (
    verification,
    comparison,
    precision,
    benchmark,
    gears,
    clients,
    cold_start,
    graphs,
    operators,
    aipp,
    stages,
    environment,
)
"""Results first, then how they were come by; each gives None where it has nothing to say."""


def page_of(given: Given) -> Page:
    """The report of what was given.

    Raises:
        UsageError: there is nothing to report (ASC2904).
    """
    sections = tuple(section for make in SECTIONS if (section := make(given)))
    if not sections:
        raise UsageError("ASC2904", "nothing was given that a report could show", hint=HINT)
    return Page(title(given), lede(given), keys(given), sections, given.sources)

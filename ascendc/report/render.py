"""A page as HTML: one file, without a script, without a request."""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import TYPE_CHECKING

from ascendc import __version__
from ascendc.report.charts import draw
from ascendc.report.page import MEANINGS, Page
from ascendc.report.words import Language, Said, Text, say

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from ascendc.report.charts import Chart

LONGEST = 2000
"""Letters of one text: a message that goes on for pages is in the file."""

WORDS = {
    "report": Text("Report", "报告"),
    "contents": Text("Contents", "目录"),
    "auto": Text("as the system", "跟随系统"),
    "light": Text("light", "浅色"),
    "dark": Text("dark", "深色"),
    "colours": Text("Colours", "配色"),
    "made": Text("Made by ascendc {version} of {files}.", "由 ascendc {version} 根据 {files} 生成。"),
    "meaning": Text("What words mean", "用语含义"),
    "figure": Text("Figure", "图"),
    "table": Text("Table", "表"),
}
"""What the page itself says."""


def html(page: Page, language: Language) -> str:
    """The file's content. All that is foreign in it is escaped; the page allows itself no script and no request.

    Raises:
        EnvironmentLacksError: what draws charts is not installed (ASC2903).
    """
    made = WORDS["made"].fill(version=__version__, files=", ".join(page.sources))

    def drawn(chart: Chart) -> dict[str, Markup]:
        from markupsafe import Markup

        svg = draw(chart, language)
        return {"wide": Markup(svg.wide), "narrow": Markup(svg.narrow)}  # noqa: S704 - Vega escapes what it draws

    def spoken(said: Said) -> str:
        text = say(said, language)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

    return (
        _environment()
        .get_template("report.html.j2")
        .render(page=page, lang=language, words=WORDS, meanings=MEANINGS, made=made, say=spoken, draw=drawn, data=_data)
    )


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


@cache
def _environment() -> Environment:
    """Unlike `ascendc.template`, whose files are scripts, this one escapes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("ascendc_templates", "report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    made.tests["block"] = lambda block, name: type(block).__name__ == name  # which of the kinds of page.py
    made.filters["breakable"] = breakable
    return made


def breakable(text: str) -> Markup:
    """A text that may break behind the marks that part a long name."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(?<=\w)([/.])(?=[^\W\d])", r"\1<wbr>", str(escape(text))))  # noqa: S704 - escaped just before

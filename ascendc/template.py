"""The templates of the files a bundle holds: undefined values are errors, shell words are quoted by a filter."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment() -> Environment:
    """The jinja2 environment; made on first use, since jinja2 is not free to import."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("ascendc_templates", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - shell scripts and configurations, not HTML; shell words go through shquote
    )
    made.filters["shquote"] = shquote
    made.filters["oneline"] = oneline
    return made


def shquote(value: object) -> str:
    """`value` as one word of a POSIX shell."""
    return shlex.quote(str(value))


def oneline(value: object) -> str:
    """`value` for a comment: whatever would end the line becomes a space."""
    return " ".join(str(value).split())


def render(name: str, /, **values: Any) -> str:
    """The template `name` (``aipp.cfg.j2``) filled with `values`; a value it needs and lacks is an error."""
    return environment().get_template(name).render(**values)

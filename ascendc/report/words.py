"""What the report says, in both of its languages: a section keeps its words beside what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Text:
    """A text in English and Chinese."""

    en: str
    zh: str

    def fill(self, **values: Said) -> Text:
        """The text with its ``{names}`` filled in, each in the text's own language."""
        en, zh = ({name: say(value, language) for name, value in values.items()} for language in ("en", "zh"))
        return Text(self.en.format(**en), self.zh.format(**zh))


Said = str | Text
"""A name, a number or a message stands as it is, whatever the language."""


def say(said: Said, language: Language) -> str:
    """What stands in a report of that language."""
    if isinstance(said, str):
        return said
    return said.zh if language == "zh" else said.en


def joined(said: Iterable[Said], between: Said = Text(", ", "、")) -> Text:
    """Several, one after the other."""
    items = tuple(said)
    en, zh = (say(between, language).join(say(item, language) for item in items) for language in ("en", "zh"))
    return Text(en, zh)

"""Versions of CANN."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ascendc.errors import UsageError

OLDEST_CANN = (5, 0)
"""The first release whose documents say which opsets it takes (5.0.4: 9 to 13)."""

_CANN = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}([.-][0-9A-Za-z]{1,16}){0,4}")


@dataclass(frozen=True)
class Cann:
    """A CANN version as written (``8.1.RC1``); only its leading two numbers are compared."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Cann:
        """A version somebody wrote.

        Raises:
            UsageError: it is none (ASC1201), or older than any CANN whose rules we know (ASC1202).
        """
        if not _CANN.fullmatch(text):
            raise UsageError("ASC1201", f'must not be `{text}`; allowed: a version such as "8.1" or "8.0.RC2", unknown')
        cann = cls(text)
        if cann.version < OLDEST_CANN:
            raise UsageError("ASC1202", f"must not be {text}; allowed: 5.0 and newer, unknown")
        return cann

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor."""
        major, minor = self.text.split(".")[:2]
        return int(major), int(minor)

    def __str__(self) -> str:
        """As written."""
        return self.text

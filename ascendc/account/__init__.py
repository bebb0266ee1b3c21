"""What a build leaves beside its output however it ends: ``<output>.build.log`` and ``<output>.build.json``."""

from __future__ import annotations

from ascendc.account.journal import Asked, Journal

__all__ = ["Asked", "Journal"]

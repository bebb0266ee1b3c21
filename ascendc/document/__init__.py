"""YAML files that people write: plain values with their lines, and errors that name file, line and field."""

from ascendc.document.check import check
from ascendc.document.override import override
from ascendc.document.reader import read
from ascendc.document.values import Document, Loc, Problem

__all__ = ["Document", "Loc", "Problem", "check", "override", "read"]

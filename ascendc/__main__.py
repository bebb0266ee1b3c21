"""``python -m ascendc``."""

from ascendc.cli import process

process()

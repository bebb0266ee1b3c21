"""Asks a board what it is and has, and keeps the answer as a file that a target can name."""

from ascendc.probe.ask import Report, ask
from ascendc.probe.board import Board, read, render, summary
from ascendc.probe.here import here

__all__ = ["Board", "Report", "ask", "here", "read", "render", "summary"]

"""The report: what was built, checked, forecast and measured, as one HTML file that asks nothing of anybody."""

from ascendc.report.given import Given, read
from ascendc.report.render import html
from ascendc.report.sections import page_of

__all__ = ["Given", "html", "page_of", "read"]

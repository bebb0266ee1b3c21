"""What a model will see through an AIPP configuration: emulated, as a picture and as figures."""

from ascendc.aipp_show.compared import Difference
from ascendc.aipp_show.seen import Channel, Seen, show
from ascendc.aipp_show.wanted import fitting

__all__ = ["Channel", "Difference", "Seen", "fitting", "show"]

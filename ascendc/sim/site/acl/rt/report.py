"""Callbacks of streams, and the threads that run them."""

from collections.abc import Callable
from typing import Any

from ascendc.sim.session import call, machine


@call()
def subscribe_report(thread: int, stream: int) -> None:
    """``aclrtSubscribeReport``."""
    machine().reports.subscribe(thread, machine().contexts.stream(stream))


@call()
def unsubscribe_report(thread: int, stream: int) -> None:
    """``aclrtUnSubscribeReport``."""
    machine().reports.unsubscribe(thread, machine().contexts.stream(stream))


@call()
def launch_callback(function: "Callable[[Any], Any]", data: Any, blocks: int, stream: int) -> None:
    """``aclrtLaunchCallback``: in the thread that is subscribed to the stream, when the stream comes to it."""
    machine().reports.launch(lambda: function(data), machine().contexts.stream(stream), blocks=bool(blocks))


@call()
def process_report(milliseconds: int) -> None:
    """``aclrtProcessReport``: run one callback; -1 waits for ever."""
    machine().reports.process(None if milliseconds < 0 else milliseconds / 1000)

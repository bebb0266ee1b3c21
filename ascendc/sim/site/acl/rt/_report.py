"""Callbacks of streams, and the threads that run them."""

from collections.abc import Callable
from typing import Any

from ascendc.sim.session import call, machine


@call("Kk")
def subscribe_report(thread: int, stream: int) -> None:
    """``aclrtSubscribeReport``."""
    machine().reports.subscribe(thread, machine().contexts.stream(stream))


@call("Kk")
def unsubscribe_report(thread: int, stream: int) -> None:
    """``aclrtUnSubscribeReport``."""
    machine().reports.unsubscribe(thread, machine().contexts.stream(stream))


@call("OOik")
def launch_callback(function: "Callable[[Any], Any]", data: Any, blocks: int, stream: int) -> None:
    """``aclrtLaunchCallback``: in the thread that is subscribed to the stream, when the stream comes to it.

    Raises:
        TypeError: `function` is none.
    """
    if not callable(function):
        raise TypeError("parameter must be callable")
    machine().reports.launch(lambda: function(data), machine().contexts.stream(stream), blocks=bool(blocks))


@call("i")
def process_report(milliseconds: int) -> None:
    """``aclrtProcessReport``: run one callback; -1 waits for ever."""
    machine().reports.process(None if milliseconds < 0 else milliseconds / 1000)

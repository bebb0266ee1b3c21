"""Streams, and events in them."""

from ascendc.sim.device.event import Event
from ascendc.sim.device.stream import Stream
from ascendc.sim.session import call, machine


@call(0)
def create_stream() -> int:
    """``aclrtCreateStream``, in the context of this thread."""
    return machine().create_stream()


@call()
def destroy_stream(stream: int) -> None:
    """``aclrtDestroyStream``: waits for what is in it."""
    machine().contexts.streams.remove(stream).wait()


@call()
def synchronize_stream(stream: int) -> None:
    """``aclrtSynchronizeStream``."""
    machine().wait(machine().contexts.stream(stream))


@call()
def synchronize_stream_with_timeout(stream: int, milliseconds: int) -> None:
    """``aclrtSynchronizeStreamWithTimeout``: the simulator waits as long as it takes."""
    del milliseconds
    machine().wait(machine().contexts.stream(stream))


@call()
def synchronize_device() -> None:
    """``aclrtSynchronizeDevice``: every stream of this thread's device."""
    for stream in machine().contexts.streams_of(machine().contexts.device):
        machine().wait(stream)


@call(0)
def create_event() -> int:
    """``aclrtCreateEvent``."""
    _ = machine().contexts.current
    return machine().events.add(Event())


@call(0)
def create_event_with_flag(flag: int) -> int:
    """``aclrtCreateEventWithFlag``."""
    del flag
    _ = machine().contexts.current
    return machine().events.add(Event())


@call()
def destroy_event(event: int) -> None:
    """``aclrtDestroyEvent``."""
    machine().events.remove(event)


@call()
def record_event(event: int, stream: int) -> None:
    """``aclrtRecordEvent``: behind what is in the stream."""
    machine().events.get(event).record(machine().contexts.stream(stream))


@call()
def reset_event(event: int, stream: int) -> None:
    """``aclrtResetEvent``: when the stream comes to it."""
    found: Event = machine().events.get(event)
    target: Stream = machine().contexts.stream(stream)
    target.put(lambda: setattr(found, "reached", None))


@call()
def stream_wait_event(stream: int, event: int) -> None:
    """``aclrtStreamWaitEvent``: what comes behind in the stream waits until the other stream reached the event."""
    machine().contexts.stream(stream).put(machine().events.get(event).wait)


@call()
def synchronize_event(event: int) -> None:
    """``aclrtSynchronizeEvent``."""
    machine().events.get(event).wait()


@call(0)
def query_event(event: int) -> int:
    """``aclrtQueryEvent``: 0 where it was reached, 1 where not yet."""
    found = machine().events.get(event)
    return int(found.stream is not None and found.reached is None)


query_event_status = query_event


@call(0.0)
def event_elapsed_time(start: int, end: int) -> float:
    """``aclrtEventElapsedTime``: milliseconds on this host, which say nothing of a device."""
    return float(machine().events.get(end).since(machine().events.get(start)))

"""Streams, and events in them."""

from ascendc.sim.device.event import Event
from ascendc.sim.device.stream import Stream
from ascendc.sim.session import call, machine

_RESERVED = 0xFFFF


@call("", 0)
def create_stream() -> int:
    """``aclrtCreateStream``, in the context of this thread."""
    return machine().create_stream()


@call("ii", 0)
def create_stream_with_config(priority: int, flag: int) -> int:
    """``aclrtCreateStreamWithConfig``: a stream like any other."""
    del priority, flag
    return machine().create_stream()


@call("k")
def destroy_stream(stream: int) -> None:
    """``aclrtDestroyStream``: waits for what is in it."""
    machine().contexts.streams.remove(stream).wait()


@call("k")
def synchronize_stream(stream: int) -> None:
    """``aclrtSynchronizeStream``."""
    machine().wait(machine().contexts.stream(stream))


@call("ki")
def synchronize_stream_with_timeout(stream: int, milliseconds: int) -> None:
    """``aclrtSynchronizeStreamWithTimeout``: the simulator waits as long as it takes."""
    del milliseconds
    machine().wait(machine().contexts.stream(stream))


@call("k", _RESERVED)
def stream_query(stream: int) -> int:
    """``aclrtStreamQuery``: 0 where all is done, 1 where not; whoever asks again finds the device one step further."""
    return int(machine().contexts.stream(stream).advance())


@call("I")
def set_op_wait_timeout(seconds: int) -> None:
    """``aclrtSetOpWaitTimeout``: the simulator waits as long as it takes."""
    del seconds
    machine()


@call("")
def synchronize_device() -> None:
    """``aclrtSynchronizeDevice``: every stream of this thread's device."""
    for stream in machine().contexts.streams_of(machine().contexts.device):
        machine().wait(stream)


@call("", 0)
def create_event() -> int:
    """``aclrtCreateEvent``."""
    _ = machine().contexts.current
    return machine().events.add(Event())


@call("I", 0)
def create_event_with_flag(flag: int) -> int:
    """``aclrtCreateEventWithFlag``."""
    del flag
    _ = machine().contexts.current
    return machine().events.add(Event())


@call("k")
def destroy_event(event: int) -> None:
    """``aclrtDestroyEvent``."""
    machine().events.remove(event)


@call("kk")
def record_event(event: int, stream: int) -> None:
    """``aclrtRecordEvent``: behind what is in the stream."""
    machine().events.get(event).record(machine().contexts.stream(stream))


@call("kk")
def reset_event(event: int, stream: int) -> None:
    """``aclrtResetEvent``: when the stream comes to it."""
    found: Event = machine().events.get(event)
    target: Stream = machine().contexts.stream(stream)
    target.put(lambda: setattr(found, "reached", None))


@call("kk")
def stream_wait_event(stream: int, event: int) -> None:
    """``aclrtStreamWaitEvent``: what comes behind in the stream waits until the other stream reached the event."""
    machine().contexts.stream(stream).put(machine().events.get(event).wait)


@call("k")
def synchronize_event(event: int) -> None:
    """``aclrtSynchronizeEvent``."""
    machine().events.get(event).wait()


@call("k", 0)
def query_event(event: int) -> int:
    """``aclrtQueryEvent``: 0 where it was reached or is in no stream, 1 where not yet."""
    return int(machine().events.get(event).ask() == "waits")


@call("k", 0)
def query_event_status(event: int) -> int:
    """``aclrtQueryEventStatus``: 1 where it was reached, 0 where not, and where it is in no stream."""
    return int(machine().events.get(event).ask() == "reached")


@call("kk", 0.0)
def event_elapsed_time(start: int, end: int) -> float:
    """``aclrtEventElapsedTime``: milliseconds on this host, which say nothing of a device."""
    return float(machine().events.get(end).since(machine().events.get(start)))

"""Threads as C starts them."""

import ctypes
import errno
import signal
import threading
import traceback
from collections.abc import Callable
from typing import Any

from ascendc.sim.device.codes import SUCCESS
from ascendc.sim.session import plain


class _Thread(threading.Thread):
    """A thread that shows what its function raises, and keeps it.

    Args:
        function: what is called.
        arguments: for it.
    """

    def __init__(self, function: "Callable[..., object]", *arguments: Any) -> None:
        super().__init__(daemon=True)
        self._function, self._arguments = function, arguments
        self.failure = ""

    def run(self) -> None:
        try:
            self._function(*self._arguments)
        except Exception as error:  # noqa: BLE001  # the program's own: stop_thread raises it again
            traceback.print_exc()
            self.failure = f"exception={type(error).__name__},msg=thread call failed;"


_threads: "dict[int, _Thread]" = {}


@plain("OO")
def start_thread(function: Any, arguments: Any) -> "tuple[int, int]":
    """Call `function` with the whole list of arguments in a thread, or with nothing where that is None.

    From then on an interrupt ends the process as it ends programs in C, without `KeyboardInterrupt`.

    Returns:
        The thread's number, and 0.

    Raises:
        TypeError: `function` is none.
    """
    if not callable(function):
        raise TypeError("parameter must be callable")
    thread = _Thread(function, *(() if arguments is None else (arguments,)))
    thread.start()
    # C's own: Python's would be allowed in the main thread alone.
    ctypes.CDLL(None).signal(int(signal.SIGINT), None)
    number = thread.ident or 0
    _threads[number] = thread
    return number, SUCCESS


@plain("K")
def stop_thread(number: int) -> int:
    """Wait until a thread has ended; the program must have told it to.

    Raises:
        RuntimeError: its function raised.
    """
    thread = _threads.pop(number, None)
    if thread is None:
        return errno.ESRCH
    thread.join()
    if thread.failure:
        raise RuntimeError(thread.failure)
    return SUCCESS

"""Ctrl-C, SIGTERM and a closed terminal: the first stops what runs and says how to go on, the second ends at once."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

INTERRUPTED = 130
"""The exit code, whatever the signal."""

_SHOW_CURSOR = b"\x1b[?25h"


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise KeyboardInterrupt in here for the first signal, and end the process on the next.

    A signal that is ignored stays so: SIGINT in a shell's background job, SIGHUP under nohup.
    """
    heard = False

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        nonlocal heard
        if heard:
            _end()
        heard = True
        _say(b"ascendc: stopping; once more ends at once\n")
        raise KeyboardInterrupt

    ours = [s for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT) if signal.getsignal(s) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end() -> NoReturn:
    # Not imported here: the main thread may be anywhere, and without the module there are no children.
    if process := sys.modules.get("ascendc.toolchain.process"):
        process.kill_all()
    if sys.stderr.isatty():
        _say(_SHOW_CURSOR)  # a spinner had hidden it
    os._exit(INTERRUPTED)


def _say(text: bytes) -> None:
    """Past Python's buffers, which the interrupted code may be in the middle of."""
    with suppress(OSError):  # the terminal may be gone
        os.write(2, text)

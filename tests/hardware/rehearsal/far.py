"""The other end of `acl.py`: runs the simulator, a thread for each thread of the asking process."""

from __future__ import annotations

import ctypes
import functools
import importlib
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import Any

from ascendc.sim.tree import SITE


def answer(acl: Any, call: str, arguments: list[Any]) -> Any:
    """What the simulator returns."""
    if call == "has":
        folder, _, name = arguments[0].rpartition(".")
        return hasattr(attrgetter(folder)(acl) if folder else acl, name)
    if call == "to device":
        target, room, content, direction = arguments
        buffer = ctypes.create_string_buffer(content, len(content))
        return acl.rt.memcpy(target, room, ctypes.addressof(buffer), len(content), direction)
    if call == "to host":
        room, source, size, direction = arguments
        buffer = ctypes.create_string_buffer(size)
        code = acl.rt.memcpy(ctypes.addressof(buffer), room, source, size, direction)
        return (b"" if code else buffer.raw), code
    return attrgetter(call)(acl)(*arguments)


def main() -> None:
    """Answer until nobody asks."""
    sys.path[0] = str(SITE)  # in the place of this folder, whose `acl` would ask yet another process
    acl = importlib.import_module("acl")
    thread = functools.lru_cache(maxsize=None)(lambda number: ThreadPoolExecutor(1))  # contexts belong to threads
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            number, call, arguments = pickle.load(asked)
        except EOFError:
            return
        done = thread(number).submit(answer, acl, call, arguments)
        error = done.exception()
        pickle.dump((error is not None, repr(error) if error else done.result()), answers, 4)
        answers.flush()


if __name__ == "__main__":
    main()

"""pyACL, carefully: every call checked, a device shared by its sessions, and everything given back, once.

Python 3.7; pyACL comes with CANN.
"""

import atexit
import importlib
import os
import threading
import weakref
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional, Tuple

from .acl_codes import MEANINGS
from .session import SessionError

_ALREADY = 100002
"""``acl.init`` was called before, by other code in this process, which then also finalizes."""

HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE = 1, 2, 3


class AclError(SessionError):
    """A call of AscendCL failed; the message has its code, what that means, and what AscendCL says of it."""

    def __init__(self, call: str, code: int, said: str) -> None:
        meaning = MEANINGS.get(code, "a code that is in no table")
        super().__init__(
            "{} failed with {}: {}{}".format(call, code, meaning, "; AscendCL says: " + said if said else "")
        )
        self.code = code


class NoAclError(SessionError):
    """PyACL cannot be imported: no OM can be run here."""


class Acl:
    """AscendCL in this process. Made once, by `acl`; it ends when the interpreter does, after every session."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.alive = True
        self.process = os.getpid()
        """AscendCL does not survive a fork: a child must not touch what its parent opened."""
        self._sessions: "weakref.WeakSet[Any]" = weakref.WeakSet()
        code = module.init()
        if code not in (0, _ALREADY):
            raise AclError("acl.init", code, self.said())
        self._owner = code == 0
        atexit.register(self._end)

    @property
    def simulated(self) -> bool:
        """Whether this is ascendc's simulator, and no device."""
        return bool(getattr(self.module, "SIMULATED", False))

    def check(self, call: str, result: Any) -> Any:
        """Take the return code off a result.

        Raises:
            AclError: it is not 0.
        """
        code = result[-1] if isinstance(result, tuple) else result
        if code:
            raise AclError(call, code, self.said())
        if not isinstance(result, tuple):
            return None
        return result[0] if len(result) == 2 else result[:-1]

    def said(self) -> str:
        """AscendCL's own words for the last failure in this thread; empty where it has none."""
        ask = getattr(self.module, "get_recent_err_msg", None)
        try:
            text = ask() if ask is not None else ""
        except (TypeError, RuntimeError, ValueError):  # old CANNs fail in it; the text may be no UTF-8
            text = ""
        return " ".join(str(text or "").split())[:500]

    def soc(self) -> str:
        """The exact name of the chip; empty where it cannot be had."""
        return str(self.module.get_soc_name() or "")

    def adopt(self, session: Any) -> None:
        """Close `session` at the end of the process if it is still open."""
        self._sessions.add(session)

    def _end(self) -> None:
        if os.getpid() != self.process:
            return
        for session in list(self._sessions):
            session.close()
        self.alive = False
        if self._owner:
            self.module.finalize()


_lock = threading.Lock()
_only: Dict[str, Acl] = {}


def acl() -> Acl:
    """AscendCL, initialised.

    Raises:
        NoAclError: pyACL cannot be imported.
        AclError: it cannot be initialised.
    """
    with _lock:
        if "acl" not in _only:
            try:
                module = importlib.import_module("acl")
            except ImportError as error:
                raise NoAclError(
                    "an .om needs CANN's Python module acl ({}): source its set_env.sh, then run again".format(error)
                ) from error
            _only["acl"] = Acl(module)
        return _only["acl"]


def current_context(api: Acl) -> int:
    """The context of this thread; 0 where it has none."""
    found, code = api.module.rt.get_context()
    return 0 if code else int(found or 0)


class Device:
    """A device as one session uses it: a context and a stream of its own. Usable from any thread."""

    def __init__(self, api: Acl, number: int) -> None:
        self.api = api
        self.number = number
        self.context: Optional[int] = None
        self.stream: Optional[int] = None
        rt = api.module.rt
        api.check("acl.rt.set_device", rt.set_device(number))
        try:
            self.context = api.check("acl.rt.create_context", rt.create_context(number))
            self.stream = api.check("acl.rt.create_stream", rt.create_stream())
            self.run_mode = int(api.check("acl.rt.get_run_mode", rt.get_run_mode()))
        except BaseException:  # an interrupt too: nothing is left on the device
            self.release()
            raise
        # On a board (run mode 0) host and device share one memory, and copies between them are no such copies.
        self.to_device = HOST_TO_DEVICE if self.run_mode else DEVICE_TO_DEVICE
        self.to_host = DEVICE_TO_HOST if self.run_mode else DEVICE_TO_DEVICE

    def enter(self) -> None:
        """Make the context this thread's."""
        self.api.check("acl.rt.set_context", self.api.module.rt.set_context(self.context))

    @contextmanager
    def current(self) -> Iterator[None]:
        """The context as this thread's, for as long as the block lasts: other code in the thread has its own."""
        rt = self.api.module.rt
        before = current_context(self.api)
        if before != self.context:
            self.enter()
        try:
            yield
        finally:
            if before and before != self.context:
                rt.set_context(before)

    def memory(self) -> Tuple[int, int]:
        """Free and total bytes; HBM where the device has it, else DDR."""
        for kind in (1, 0):
            free, total, code = self.api.module.rt.get_mem_info(kind)
            if not code and total:
                return int(free), int(total)
        return 0, 0

    def release(self) -> None:
        """Give everything back, in order; failures are passed over, since nothing more can be done about them."""
        rt = self.api.module.rt
        if self.stream is not None:
            rt.destroy_stream(self.stream)
        if self.context is not None:
            rt.destroy_context(self.context)
        rt.reset_device(self.number)
        self.stream = self.context = None

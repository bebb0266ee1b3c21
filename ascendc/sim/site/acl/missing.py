"""Parts of pyACL that the simulator does not have: what is called of them raises, and says so."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn


class Missing(ModuleType):
    """A part of ``acl`` in which every name is a function that raises.

    Args:
        name: ``media``.
    """

    def __getattr__(self, name: str) -> "Callable[..., NoReturn]":
        if name.startswith("__"):
            raise AttributeError(name)
        part = self.__name__

        def missing(*arguments: Any) -> NoReturn:
            raise NotImplementedError(f"ascendc sim: {part}.{name} is not simulated (called with {len(arguments)})")

        return missing


himpi = Missing("acl.himpi", "The same, in its newer form.")
op = Missing("acl.op", "Single operators.")
blas = Missing("acl.blas", "Matrices.")
prof = Missing("acl.prof", "Profiling.")
tdt = Missing("acl.tdt", "Queues between host and device.")

"""Parts of pyACL that the simulator does not have: what is called of them raises, and says so."""

import sys
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


def _part(name: str, about: str) -> Missing:
    """Such a part, where ``import acl.<name>`` finds it too."""
    part = Missing(f"acl.{name}", about)
    sys.modules[part.__name__] = part
    return part


himpi = _part("himpi", "Pictures and video in hardware, in its newer form.")
op = _part("op", "Single operators.")
blas = _part("blas", "Matrices.")
prof = _part("prof", "Profiling.")
fv = _part("fv", "Features that are searched for.")

"""What AscendCL was asked to make, less what was given back: a device cannot be asked what is live."""

from collections import Counter
from typing import Any, Callable, Dict, Optional, Tuple

ENDS = {
    "rt.free": "rt.malloc",
    "rt.reset_device": "rt.set_device",
    "rt.destroy_context": "rt.create_context",
    "rt.destroy_stream": "rt.create_stream",
    "mdl.unload": "mdl.load_from_file",
    "mdl.destroy_desc": "mdl.create_desc",
    "mdl.destroy_dataset": "mdl.create_dataset",
    "destroy_data_buffer": "create_data_buffer",
}
"""Call that gives back → call that made it."""

_MAKES = frozenset(ENDS.values())
_BARE_HANDLES = ("mdl.create_desc", "mdl.create_dataset", "create_data_buffer")
"""Calls that return a handle without a code; 0 is none."""


class Ledger:
    """Stands before a module of pyACL, which may be one of C that takes no attributes, and counts."""

    def __init__(self, module: Any, prefix: str = "", counts: "Optional[Counter[str]]" = None) -> None:
        self._module, self._prefix = module, prefix
        self._counts: "Counter[str]" = Counter() if counts is None else counts
        self._known: Dict[str, Any] = {}

    @property
    def live(self) -> Tuple[str, ...]:
        """``2 × rt.malloc``, for whatever was not given back."""
        return tuple(f"{count} × {call}" for call, count in sorted(self._counts.items()) if count)

    def __getattr__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._wrapped(name, getattr(self._module, name))
        return self._known[name]

    def _wrapped(self, name: str, found: Any) -> Any:
        if name in ("rt", "mdl"):
            return Ledger(found, name + ".", self._counts)
        call = self._prefix + name
        if call in _MAKES:
            return self._counting(found, call, 1, call in _BARE_HANDLES)
        return self._counting(found, ENDS[call], -1, False) if call in ENDS else found

    def _counting(self, function: Callable[..., Any], call: str, step: int, handle: bool) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            result = function(*arguments)
            code = result[-1] if isinstance(result, tuple) else result
            if bool(code) == handle:
                self._counts[call] += step
            return result

        return counted

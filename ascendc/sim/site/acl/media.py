"""``acl.media``: pictures and video in hardware, which the simulator has none of."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)

    def missing(*arguments: Any) -> Any:
        raise NotImplementedError(f"ascendc sim: acl.media.{name} is not simulated (called with {len(arguments)})")

    return missing

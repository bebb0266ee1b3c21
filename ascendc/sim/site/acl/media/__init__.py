"""``acl.media``: memory for pictures and video in hardware, which itself the simulator has none of."""

from ._memory import __getattr__, dvpp_free, dvpp_malloc

__all__ = ["__getattr__", "dvpp_free", "dvpp_malloc"]

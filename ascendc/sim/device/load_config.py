"""How a model is to be loaded: what a program sets one by one, and what AscendCL checks of it.

Source: the graph engine's ``model_config`` and ``model_common`` (August 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ascendc.sim.device.codes import INVALID_PARAM, AclError

PRIORITY, TYPE, PATH, MODEL, MODEL_SIZE, WEIGHTS, WEIGHTS_SIZE, WORK, WORK_SIZE = range(9)
OPTIMIZE, WEIGHTS_PATH = 13, 14
"""``aclmdlConfigAttr``; those between are of queues."""

FROM_FILE, FROM_FILE_WITH_MEM, FROM_MEM, FROM_MEM_WITH_MEM, FROM_FILE_WITH_Q, FROM_MEM_WITH_Q = range(1, 7)
"""The values of `TYPE`."""

_LIMITS = {PRIORITY: (0, 7), TYPE: (FROM_FILE, FROM_MEM_WITH_Q), OPTIMIZE: (0, 1)}
_NOT_NULL = (PATH, MODEL, 10, 12, WEIGHTS_PATH)


@dataclass
class LoadConfig:
    """``aclmdlConfigHandle``."""

    texts: dict[int, str] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    def set(self, attribute: int, value: str | int) -> None:
        """Set an attribute.

        Raises:
            AclError: there is none of this number, or it does not take the value.
        """
        if not PRIORITY <= attribute <= WEIGHTS_PATH:
            raise AclError(INVALID_PARAM, f"attribute {attribute} is not known")
        if isinstance(value, str):
            self.texts[attribute] = value
            return
        least, most = _LIMITS.get(attribute, (int(attribute in _NOT_NULL), value))
        if not least <= value <= most:
            raise AclError(INVALID_PARAM, f"attribute {attribute} must lie from {least} to {most}, not {value}")
        self.numbers[attribute] = value

    def type(self) -> int:
        """How the model is loaded.

        Raises:
            AclError: that was not set, or something that it needs was not.
        """
        if TYPE not in self.numbers:
            raise AclError(INVALID_PARAM, "the type of loading (1) was not set")
        found = self.numbers[TYPE]
        file = found in (FROM_FILE, FROM_FILE_WITH_MEM, FROM_FILE_WITH_Q)
        missing = {PATH} - self.texts.keys() if file else {MODEL, MODEL_SIZE} - self.numbers.keys()
        if missing:
            raise AclError(INVALID_PARAM, f"the type of loading {found} needs the attributes {sorted(missing)}")
        return found

"""The mechanism of graph passes: one class, one checked entry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import onnx_ir as ir


class Pass(ABC):
    """A rewrite of an onnx_ir model, in place. Options are keyword arguments of the constructor.

    Subclass it, set `NAME` and `WHY`, write `rewrite`, and register the class by ``ascendc_register_passes``.
    """

    NAME: ClassVar[str]
    """The name that recipes and plugins use."""
    WHY: ClassVar[str]
    """The Ascend reason, in one sentence: shown by ``ascendc plugins`` and in the build record."""
    CURES: ClassVar[tuple[str, ...]] = ()
    """Codes of the findings of ``ascendc check`` that it removes (`ascendc.cann.operators.remedies`)."""

    def __init__(self, **options: Any) -> None:
        if options:
            raise TypeError(f"pass `{self.NAME}` takes no option `{next(iter(options))}`")

    @abstractmethod
    def rewrite(self, model: ir.Model) -> int:
        """Rewrite `model`; return how many places changed. Zero must mean that nothing did."""

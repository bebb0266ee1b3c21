"""ascendc: a compiler driver that takes a model from PyTorch to a Huawei Ascend edge device.

The public names, loaded on first use. This module is imported on the board too: it stays valid on Python 3.7
and imports nothing.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # importing typing would cost the board start-up time for nothing
if TYPE_CHECKING:  # for type checkers: the same names, eagerly
    from ascendc.errors import AscendcError as AscendcError
    from ascendc.errors import EnvironmentLacksError as EnvironmentLacksError
    from ascendc.errors import StageError as StageError
    from ascendc.errors import UsageError as UsageError
    from ascendc.hookspecs import hookimpl as hookimpl
    from ascendc.model import AtcHints as AtcHints
    from ascendc.model import Image as Image
    from ascendc.model import Judgement as Judgement
    from ascendc.model import Model as Model
    from ascendc.model import Options as Options
    from ascendc.model import Part as Part
    from ascendc.model import Samples as Samples
    from ascendc.model import Source as Source
    from ascendc.model import Tensor as Tensor
    from ascendc.model import Use as Use
    from ascendc.model import Weights as Weights
    from ascendc.passes.base import Pass as Pass

_PUBLIC = {
    "AscendcError": "ascendc.errors",
    "AtcHints": "ascendc.model",
    "EnvironmentLacksError": "ascendc.errors",
    "Image": "ascendc.model",
    "Judgement": "ascendc.model",
    "Model": "ascendc.model",
    "Options": "ascendc.model",
    "Part": "ascendc.model",
    "Pass": "ascendc.passes.base",
    "Samples": "ascendc.model",
    "Source": "ascendc.model",
    "StageError": "ascendc.errors",
    "Tensor": "ascendc.model",
    "Use": "ascendc.model",
    "UsageError": "ascendc.errors",
    "Weights": "ascendc.model",
    "hookimpl": "ascendc.hookspecs",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name):  # type: ignore[no-untyped-def]  # Python 3.7 valid, typed for readers by _PUBLIC
    """Import a public name from where it lives."""
    if name not in _PUBLIC:
        raise AttributeError("module 'ascendc' has no attribute {!r}".format(name))
    import importlib

    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__():  # type: ignore[no-untyped-def]  # as above
    """The public names."""
    return __all__

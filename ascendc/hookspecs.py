"""What pluggy collects from plugins. Hooks return classes or data; behaviour lives in the classes.

Each hook is called once, when the registry is loaded, with no arguments. Implement it in the module that your
distribution names in its ``ascendc`` entry-point group::

    from ascendc import hookimpl

    @hookimpl
    def ascendc_register_models():
        return [MyModel]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from ascendc.model import Model
    from ascendc.passes.base import Pass
    from ascendc.toolchain.base import Toolchain

hookspec = pluggy.HookspecMarker("ascendc")
hookimpl = pluggy.HookimplMarker("ascendc")


@hookspec
def ascendc_register_models() -> list[type[Model]]:  # type: ignore[empty-body]  # a specification has no body
    """Model classes; recipes select one by its `NAME` (``model.plugin``)."""


@hookspec
def ascendc_register_passes() -> list[type[Pass]]:  # type: ignore[empty-body]  # a specification has no body
    """Graph passes; plugins and recipes select them by `NAME`."""


@hookspec
def ascendc_register_toolchains() -> list[type[Toolchain]]:  # type: ignore[empty-body]  # a specification has no body
    """Ways to reach ATC; targets select one by `NAME` (``targets[].toolchain``)."""

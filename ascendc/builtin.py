"""The built-in passes and toolchains, registered through the same door as a guest's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.hookspecs import hookimpl

if TYPE_CHECKING:
    from ascendc.passes.base import Pass
    from ascendc.toolchain.base import Toolchain


@hookimpl
def ascendc_register_passes() -> list[type[Pass]]:
    """The pass library."""
    from ascendc import passes

    return list(passes.LIBRARY)


@hookimpl
def ascendc_register_toolchains() -> list[type[Toolchain]]:
    """Local, docker, none, sim."""
    from ascendc.sim.toolchain import Simulated
    from ascendc.toolchain import docker, local, none

    return [docker.Docker, local.Local, none.NoToolchain, Simulated]

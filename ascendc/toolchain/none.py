"""No toolchain: OMs are compiled elsewhere, by the bundle's ``compile.sh``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.errors import EnvironmentLacksError
from ascendc.toolchain.base import Absent, Toolchain

if TYPE_CHECKING:
    from ascendc.store import Workspace
    from ascendc.toolchain.base import Compiled, Job


class NoToolchain(Toolchain):
    """Never compiles; every OM is deferred to the bundle's compile.sh."""

    NAME = "none"

    def probe(self) -> Absent:
        """Absent, because that was asked for."""
        return Absent(f"target `{self.target.name}` asks for no toolchain", "")

    def compile(self, job: Job, workspace: Workspace) -> Compiled:
        """Refuse.

        Raises:
            EnvironmentLacksError: always (ASC1751).
        """
        raise EnvironmentLacksError(
            "ASC1751", f"{job.label} cannot be compiled: {self.probe().reason}", hint="ascendc doctor"
        )

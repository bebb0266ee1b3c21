"""The ATC of this host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ascendc.cann.atc import command as atc
from ascendc.errors import EnvironmentLacksError
from ascendc.probe import here, probe_board
from ascendc.toolchain import attempt, install
from ascendc.toolchain.base import Absent, Device, Ready, Toolchain

if TYPE_CHECKING:
    from ascendc.store import Workspace
    from ascendc.toolchain.base import Compiled, Job


class Local(Toolchain):
    """Runs the ATC of this host in a clean environment."""

    NAME = "local"

    def probe(self) -> Ready | Absent:
        """What a search in the environment of a real run finds."""
        found = install.find(self.target)
        if found.lacks:
            return Absent(found.lacks, found.hint)
        return Ready(found.atc, found.cann or None, found.build_id)

    def device(self) -> Device | None:
        """A card of the target's kind in this host, reached in the environment that ATC has."""
        if not probe_board.devices():
            return None
        try:
            chips = [named.soc for named in here().chips]
        except EnvironmentLacksError:
            return None
        found = install.find(self.target)
        if self.target.soc.name not in chips or not found.set_env or not found.python:
            return None
        python = found.python.split()[0]
        command = ("bash", "--noprofile", "--norc", "-c", '. "$0" >&2 && exec "$@"', found.set_env, python)
        environ = tuple((name, os.environ[name]) for name in ("PATH", *install.KEPT_VARIABLES) if name in os.environ)
        return Device(f"{self.target.soc.name} beside CANN {found.cann}", command, environ)

    def compile(self, job: Job, workspace: Workspace) -> Compiled:
        """Run ATC in a folder of its own whose path it accepts; its operator cache is kept in the store's folder."""
        with attempt.working_folder(workspace, strict=True) as folder:
            root = str((workspace.store.root / "atc").resolve())
            cache = root if atc.accepts_path(root) else None
            run = attempt.lay_out(job, self.target, folder, cache, portable=False)
            argv = ("bash", "--noprofile", "--norc", attempt.SCRIPT)
            return attempt.attempt(job, run, folder, workspace, argv)

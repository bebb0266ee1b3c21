"""The toolchain ``sim``: a build runs the simulated ATC as it would run the real one, and says so."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc import __version__
from ascendc.sim.settings import Settings, here
from ascendc.sim.tree import ROOT, SITE, VERSION, plant
from ascendc.toolchain import attempt
from ascendc.toolchain.base import Device, Ready, Toolchain

if TYPE_CHECKING:
    from ascendc.store import Workspace
    from ascendc.toolchain.base import Compiled, Job


class Simulated(Toolchain):
    """Runs the simulated ATC; its OMs are marked, and no device runs them. Only when it is named."""

    NAME = "sim"
    NOTE = "OMs are simulated: they show that the steps fit together, and no device can run them"

    def probe(self) -> Ready:
        """Always there."""
        return Ready("the simulated ATC", f"{VERSION} (simulated)", f"simulated {__version__} {self._settings}")

    def device(self) -> Device:
        """The simulated one."""
        path = os.pathsep.join(filter(None, (str(SITE), str(ROOT), os.environ.get("PYTHONPATH", ""))))
        environ = {**os.environ, **self._settings.exports(), "PYTHONPATH": path}
        return Device(f"simulated {self._settings}", (sys.executable,), tuple(environ.items()))

    def compile(self, job: Job, workspace: Workspace) -> Compiled:
        """Run it by the script and in the environment that a real one would have."""
        with attempt.working_folder(workspace, strict=True) as folder:
            set_env = plant(folder / "cann", self._settings)
            run = attempt.lay_out(job, self.target, folder, None, portable=True)
            argv = ("bash", "--noprofile", "--norc", attempt.SCRIPT)
            env = {**os.environ, "ASCENDC_SET_ENV": str(set_env)}
            return attempt.attempt(job, run, Path(folder), workspace, argv, env=env, simulated=True)

    @property
    def _settings(self) -> Settings:
        """What this process's environment asks for, on the target's chip."""
        return replace(here(), soc=self.target.soc.name)

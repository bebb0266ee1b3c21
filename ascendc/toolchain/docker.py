"""ATC from a container image of CANN."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.cann import images
from ascendc.errors import EnvironmentLacksError
from ascendc.toolchain import attempt
from ascendc.toolchain.base import Absent, Ready, Toolchain

if TYPE_CHECKING:
    from ascendc.cann.images import Image
    from ascendc.store import Workspace
    from ascendc.toolchain.base import Compiled, Job

ENGINE = "docker"

WORK = "/ascendc"
"""Where a working folder, or a bundle, appears in the container: a path ATC accepts whatever it is called outside."""

CACHE = "/ascendc-cache"

_TIMEOUT = 20.0
"""Seconds for a question to the engine."""


@dataclass(frozen=True)
class Local:
    """An image that this machine has."""

    image: Image
    id: str
    """The engine's digest of it."""


class Docker(Toolchain):
    """Runs ATC in a container image that is already on this machine."""

    NAME = "docker"

    def probe(self) -> Ready | Absent:
        """Whether the engine answers and has a fitting image. Nothing is pulled: images are gigabytes."""
        found = self._image()
        if isinstance(found, Absent):
            return found
        return Ready(found.image.name, found.image.version, f"docker {found.id}")

    def compile(self, job: Job, workspace: Workspace) -> Compiled:
        """Run ATC in a container without network, as the calling user."""
        found = self._image()
        if isinstance(found, Absent):
            raise EnvironmentLacksError(
                "ASC1752", f"{job.label} cannot be compiled here: {found.reason}", hint=found.command
            )
        cache = workspace.store.root / "atc" / found.id.replace(":", "-")
        cache.mkdir(parents=True, exist_ok=True)
        name = f"ascendc-{secrets.token_hex(6)}"
        with attempt.working_folder(workspace, strict=False) as folder:
            run = attempt.lay_out(job, self.target, folder, CACHE, portable=True)
            argv = container(found.image.name, (attempt.SCRIPT,), mounts=((folder, WORK), (cache, CACHE)), name=name)
            return attempt.attempt(job, run, folder, workspace, argv, stop=lambda: _kill(name))

    def _image(self) -> Local | Absent:
        if shutil.which(ENGINE) is None:
            return Absent(f"there is no {ENGINE} on PATH", "ascendc doctor")
        try:
            listed = subprocess.run(
                [ENGINE, "image", "ls", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Absent(f"{ENGINE} did not answer within {_TIMEOUT:.0f} s", f"{ENGINE} info")
        if listed.returncode:
            reason = listed.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            return Absent(f"{ENGINE} does not work: {reason}", f"{ENGINE} info")
        rows = (line.partition(" ") for line in listed.stdout.decode(errors="replace").splitlines())
        ids = {name: id for id, _, name in rows}
        best = images.choose(map(images.parse, ids), self.target.soc, self.target.cann)
        if best is not None:
            return Local(best, ids[best.name])
        known = images.published(self.target.soc, self.target.cann)
        if known is None:
            return Absent(images.none_fits(self.target.soc, self.target.cann), "")
        return Absent(f"the image {known.name} is not on this machine", f"{ENGINE} pull {known.name}")


def container(
    image: str, command: tuple[str, ...], *, mounts: tuple[tuple[Path, str], ...], name: str | None = None
) -> tuple[str, ...]:
    """The engine's command line that runs a bash script in the first mounted folder, as the calling user.

    The image's own entry point is passed over: the script makes its environment itself. ATC needs no network.
    """
    return (
        *(ENGINE, "run", "--rm", "--init", "--network", "none"),
        *(("--name", name) if name else ()),
        *("--user", f"{os.getuid()}:{os.getgid()}"),
        *("--env", "HOME=/tmp", "--env", "USER=ascendc"),
        *(word for source, target in mounts for word in ("--mount", _mount(source, target))),
        *("--workdir", mounts[0][1], "--entrypoint", "bash"),
        *(image, "--noprofile", "--norc", *command),
    )


def _mount(source: Path, target: str) -> str:
    """A bind mount. The engine reads CSV: a field with a comma or a quote is quoted as there."""
    field = f"source={source.absolute()}"
    if {",", '"'} & set(field):
        field = '"' + field.replace('"', '""') + '"'
    return f"type=bind,{field},target={target}"


def _kill(name: str) -> None:
    """End the container, if the engine answers: a signal to the engine's client does not always reach it."""
    with suppress(OSError, subprocess.SubprocessError):  # its client is ended all the same
        subprocess.run(
            [ENGINE, "kill", name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT,
            check=False,
        )

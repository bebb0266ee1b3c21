"""compile: a fixed graph becomes an OM, or it is said why not and what to do."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ascendc.cann import images
from ascendc.cann.atc.command import AtcOptions
from ascendc.errors import GateError, UsageError
from ascendc.graph import write_onnx
from ascendc.recipe.values import OnDamage
from ascendc.toolchain.base import Absent, Compiled, Deferred, Job, Ready
from ascendc.toolchain.docker import ENGINE, WORK, Docker, container
from ascendc.toolchain.verdict import TIME_LIMIT_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from ascendc.cann.atc.ignored import Ignored
    from ascendc.graph import Graph
    from ascendc.store import Workspace
    from ascendc.target import Target
    from ascendc.toolchain.base import Toolchain

TIME_LIMIT = 7200.0
"""Seconds ATC has unless the environment says otherwise; a large model takes some tens of minutes."""


@dataclass(frozen=True)
class CompileSpec:
    """What `compile_` reads."""

    part: str
    options: AtcOptions
    aipp: str | None
    """Text of the AIPP configuration, or None."""
    toolchain: str
    """Name of the toolchain."""
    build_id: str
    """Of its ATC, as its probe said."""
    ignored: OnDamage = "stop"
    """What it does to the build if ATC passes over nodes that must stay in float32; off: as warn."""
    time_limit: float = field(default=TIME_LIMIT, compare=False)
    """Seconds; changes no result, so it stays out of the key."""


def compile_(spec: CompileSpec, graph: Graph, toolchain: Toolchain, workspace: Workspace) -> Compiled:
    """Compile `graph`.

    Raises:
        StageError: ATC failed; the message quotes its last error and names its log.
        EnvironmentLacksError: ATC cannot be run here.
    """
    name = om_name(spec.part)
    onnx = workspace.folder / f"{name}.onnx"
    write_onnx(graph, workspace, onnx)
    label = f"{spec.part} @ {toolchain.target.name}"
    compiled = toolchain.compile(Job(label, name, spec.options, onnx, spec.aipp, spec.time_limit), workspace)
    if compiled.ignored is not None:
        _refuse_ignored(spec, label, compiled, compiled.ignored, workspace)
    return compiled


def _refuse_ignored(spec: CompileSpec, label: str, compiled: Compiled, ignored: Ignored, workspace: Workspace) -> None:
    """Float16 where the plan has float32 is what the plan is against."""
    names = ", ".join(f"`{name}`" for name in ignored.names) or "names that its log does not tell"
    more = " and perhaps more" if ignored.more and ignored.names else ""
    text = f"ATC for {label} passed over nodes that must stay in float32: {names}{more}"
    if spec.ignored != "stop":
        workspace.say(f"warning: {text}")
        return
    raise GateError(
        "ASC1652",
        f"{text}; its log: {workspace.path(compiled.log)}",
        hint="take the plan out of the .precision.json beside the recipe, and the next build searches for one; "
        "forecast: {damage: warn} in the recipe lets the OM pass, for `deploy.sh` on the board to judge",
    )


def om_name(part: str) -> str:
    """The part's name as ATC accepts it in a path; no dot, since ATC inserts suffixes at the first ``.om``."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", part)


def deferred(absent: Absent, target: Target, bundle: Path) -> Deferred:
    """How to compile `bundle` where ATC is: in a container, if there is an image for the target, or over ssh.

    The commands can be pasted as a whole: what explains them are comments of the shell.
    """
    here, there = shlex.quote(str(bundle.absolute())), shlex.quote(bundle.name)
    run = shlex.quote(f"bash {there}/compile.sh {shlex.quote(target.name)}")
    elsewhere = (
        f"HOST=user@machine-with-cann; scp -r {here} $HOST: && ssh $HOST {run} && scp -r $HOST:{there}/models {here}"
    )
    lines = (*_container(target, bundle), "# or on another machine with CANN:", elsewhere)
    return Deferred(absent.reason, "\n".join(lines))


def _container(target: Target, bundle: Path) -> tuple[str, ...]:
    """The lines that compile in a container, or the one that says why none can."""
    found = Docker(target).probe()
    name = found.where if isinstance(found, Ready) else None
    image = images.parse(name) if name else images.published(target.soc, target.cann)
    if image is None:
        return (f"# no {ENGINE} line: {images.none_fits(target.soc, target.cann)}",)
    place = "an image that is on this machine" if name else "an image that is to be pulled first, gigabytes"
    why = images.other_chip(image, target.soc)
    run = shlex.join(container(image.name, ("compile.sh", target.name), mounts=((bundle, WORK),)))
    pull = () if name else (f"{ENGINE} pull {image.name}",)
    return (f"# in {place}{f'; {why}' if why else ''}:", *pull, run)


def time_limit() -> float:
    """Seconds ATC has, here and now.

    Raises:
        UsageError: ASCENDC_TIME_LIMIT is no positive number (ASC1753).
    """
    text = os.environ.get(TIME_LIMIT_VARIABLE, "")
    if not text:
        return TIME_LIMIT
    if not text.isdecimal() or int(text) == 0:
        raise UsageError("ASC1753", f"{TIME_LIMIT_VARIABLE} must be a number of seconds above 0, not `{text}`")
    return float(text)

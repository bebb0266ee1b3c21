"""One attempt at compiling: a folder, a script in it, the child, the verdict, and what is kept of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ascendc.cann.atc import command as atc
from ascendc.cann.atc.ignored import ignored
from ascendc.errors import EnvironmentLacksError, StageError
from ascendc.runtime.om_file import read_facts
from ascendc.runtime.session import SessionError
from ascendc.toolchain import process
from ascendc.toolchain.base import Compiled
from ascendc.toolchain.script import AIPP_FILE, OM_FOLDER, Run, atc_script
from ascendc.toolchain.verdict import Failure, judge, meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ascendc.store import Workspace
    from ascendc.target import Target
    from ascendc.toolchain.base import Job

SCRIPT = "atc.sh"

_LOG = "atc.log"

_PLOG_TAIL = 64 << 10
"""Bytes of each of ATC's own logs that a failure keeps: reasons stand at the end."""


@contextmanager
def working_folder(workspace: Workspace, *, strict: bool) -> Iterator[Path]:
    """A fresh folder for one run.

    Args:
        workspace: the stage's; its own folder serves if ATC accepts the path.
        strict: whether ATC will see the path, and so must accept it.

    Raises:
        EnvironmentLacksError: no temporary folder of this machine has a path that ATC accepts (ASC1750).
    """
    for place in (str(workspace.folder), tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp makes the name
        real = os.path.realpath(place)
        if os.access(real, os.W_OK) and (atc.accepts_path(real) or not strict):
            with tempfile.TemporaryDirectory(prefix="atc-", dir=real) as folder:
                yield Path(folder)
            return
    raise EnvironmentLacksError(
        "ASC1750",
        f"ATC accepts no path but of letters, digits and ./_-; neither {workspace.folder} nor "
        "a temporary folder is one",
        hint="export TMPDIR=/path/of/plain/letters",
    )


def lay_out(job: Job, target: Target, folder: Path, cache: str | None, *, portable: bool) -> Run:
    """Put graph, AIPP configuration and script into `folder`; `portable` as in `atc_script`."""
    run = Run(job.label, job.name, job.onnx.name, job.options, job.aipp is not None, cache)
    _place(job.onnx, folder / run.model)
    for data in job.onnx.parent.glob(f"{job.onnx.name}.data*"):
        _place(data, folder / data.name)  # the graph refers to it by this name
    if job.aipp is not None:
        (folder / AIPP_FILE).write_text(job.aipp, encoding="utf-8")
    for file in job.options.files:
        (folder / file.name).write_text(file.text, encoding="utf-8")
    (folder / SCRIPT).write_text(atc_script(run, target, portable=portable), encoding="utf-8")
    return run


def attempt(
    job: Job,
    run: Run,
    folder: Path,
    workspace: Workspace,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stop: Callable[[], None] = lambda: None,
    simulated: bool = False,
) -> Compiled:
    """Run `argv`, which runs the script laid out in `folder`, and keep what it made.

    Args:
        job: what is compiled.
        run: as it was laid out.
        folder: the run's own.
        workspace: keeps the OM and the log.
        argv: the command.
        env: of the command; None: this process's.
        stop: ends what `argv` started elsewhere.
        simulated: whether this is the simulated ATC, asked for by name.

    Raises:
        StageError: there is no OM (ASC1740 to ASC1749), and the log is kept in the store; or it is a simulated one,
            and the simulated ATC was not asked for (ASC1754).
        EnvironmentLacksError: something that ATC needs is missing (ASC1744).
    """
    log = folder / _LOG
    outcome = process.run(argv, cwd=folder, log=log, time_limit=job.time_limit, say=workspace.say, env=env, stop=stop)
    output = log.read_text(encoding="utf-8", errors="replace")
    result = judge(outcome, output, folder / OM_FOLDER, job.name, job.time_limit)
    if isinstance(result, Failure):
        _append_plogs(folder / "plog", log)
        kept = workspace.path(workspace.put(log))
        raise result.error(job.label, kept, meaning(kept, job.onnx))
    if not simulated and _is_simulated(result):
        raise StageError(
            "ASC1754",
            f"ATC for {job.label} is the simulated one (`ascendc sim env`), and no device can run its OM",
            hint="ascendc build RECIPE --set targets[0].toolchain=sim, or a shell without the simulated CANN",
        )
    passed_over = ignored((*output.splitlines(), *_plog_lines(folder / "plog")), _names(job))
    return Compiled(workspace.put(result), result.name, workspace.put(log), ("atc", *run.arguments), passed_over)


def _place(source: Path, target: Path) -> None:
    """By hard link, or by copy across file systems. Never a symlink: ATC looks at the real path."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _is_simulated(om: Path) -> bool:
    """Whether an OM says so; of one that cannot be read, nothing is known, and whoever loads it says why."""
    try:
        return read_facts(str(om)).simulated
    except SessionError:
        return False


def _names(job: Job) -> tuple[str, ...]:
    """What its file of ``--keep_dtype`` names."""
    return tuple(name for file in job.options.files if file.option == "keep_dtype" for name in file.text.splitlines())


def _plog_lines(folder: Path) -> Iterator[str]:
    """ATC's own logs, a line at a time: they may be long."""
    for path in sorted(p for p in folder.rglob("*.log") if p.is_file()):
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file


def _append_plogs(folder: Path, log: Path) -> None:
    """ATC gives some reasons only in logs of its own."""
    with log.open("ab") as file:
        for path in sorted(p for p in folder.rglob("*.log") if p.is_file()):
            file.write(f"\nascendc: the end of {path.name}\n".encode())
            with path.open("rb") as plog:
                plog.seek(max(0, path.stat().st_size - _PLOG_TAIL))
                file.write(plog.read())

"""What was measured: runs, kept as JSON by part, so that parts can be measured one after the other."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .setting import Machine, Setting


@dataclass(frozen=True)
class Run:
    """One process that was measured."""

    case: str
    """What was built: a model, a change, a number of targets."""
    tool: str
    seconds: float = 0.0
    peak: int = 0
    """Bytes of memory, as `process.Measured` has them; 0 if the process ended before the first sample."""
    weights: int = 0
    """Bytes of the checkpoint."""
    steps: tuple[str, ...] = ()
    """Of ascendc: those that ran, rather than came from the store."""
    failed: str = ""
    """The last line that a tool wrote which did not manage; it has no figures then."""


@dataclass(frozen=True)
class Part:
    """All runs of one part, in the order in which they were made."""

    setting: Setting
    runs: tuple[Run, ...]

    def of(self, case: str, tool: str = "ascendc") -> tuple[Run, ...]:
        """Runs that have figures."""
        return tuple(run for run in self.runs if (run.case, run.tool, run.failed) == (case, tool, ""))

    def cases(self) -> list[str]:
        """In the order in which they were first run."""
        return list(dict.fromkeys(run.case for run in self.runs))

    def tools(self) -> list[str]:
        """In the order in which they were first run."""
        return list(dict.fromkeys(run.tool for run in self.runs))


@dataclass(frozen=True)
class Series:
    """Figures of the same thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def text(self, digits: int) -> str:
        """``1.52 (1.49-1.60)``: median and range; one figure alone has none, and what is not known is no figure."""
        if not any(self.values):
            return "–"
        if len(self.values) == 1:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({min(self.values):.{digits}f}-{max(self.values):.{digits}f})"


def seconds(runs: Iterable[Run]) -> Series:
    """Wall clock."""
    return Series(tuple(run.seconds for run in runs))


def gigabytes(runs: Iterable[Run]) -> Series:
    """Peak memory, in 10⁹ bytes."""
    return Series(tuple(run.peak / 1e9 for run in runs))


def ratios(runs: Sequence[Run], others: Sequence[Run]) -> Series:
    """Seconds of `runs` over those of `others`, round by round: drift hits both alike."""
    # not strict: a tool that failed in a later round has fewer
    return Series(tuple(run.seconds / other.seconds for run, other in zip(runs, others, strict=False)))


class Results:
    """Parts by name, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.parts: dict[str, Part] = {}
        if path.is_file():
            content = json.loads(path.read_text(encoding="utf-8"))
            self.parts = {name: _part(part) for name, part in content.items()}

    def keep(self, name: str, part: Part) -> None:
        """Replace a part, in the file too; parts of another machine are forgotten."""
        same = {k: p for k, p in self.parts.items() if p.setting.machine == part.setting.machine}
        self.parts = {**same, name: part}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = {name: asdict(part) for name, part in self.parts.items()}
        self._path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _part(content: Any) -> Part:
    setting = content["setting"]
    machine = Machine(**setting["machine"])
    runs = (Run(**{**run, "steps": tuple(run["steps"])}) for run in content["runs"])
    return Part(Setting(**{**setting, "machine": machine}), tuple(runs))

"""The command line: ``python -m benchmarks``, from the repository's root."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import environment, tool
from .lab import Lab
from .parts import PARTS
from .process import CommandError
from .report import render
from .results import Part, Results
from .setting import Setting

HOME = Path(__file__).parents[1]


def main() -> None:
    """Measure parts, keep them beside those that were measured before, and write the document of all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure ascendc and its peers, and write docs/performance.md."
    )
    parser.add_argument("--only", default=",".join(PARTS), metavar="PART,…", help="[%(default)s]")
    parser.add_argument("--runs", type=int, help=f"of each [{', '.join(f'{n} {r}' for n, (_, r) in PARTS.items())}]")
    parser.add_argument("--root", type=Path, default=HOME / "build/bench", help="of all that is made [build/bench]")
    parser.add_argument("-o", "--output", type=Path, default=HOME / "docs/performance.md", help="[docs/performance.md]")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the document again")
    options = parser.parse_args()
    names = [] if options.render else options.only.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"--only: must not name {', '.join(unknown)}; allowed: {', '.join(PARTS)}")
    root = options.root.resolve()
    results = Results(root / "results.json")
    if names:
        try:
            measure(names, options.runs, root, results)
        except CommandError as failed:
            sys.exit(str(failed))
    options.output.write_text(render(results.parts), encoding="utf-8")


def measure(names: list[str], runs: int | None, root: Path, results: Results) -> None:
    """Measure parts with tools under `root`; each is kept as soon as it is complete."""
    optimum = environment.made("optimum", root / "venvs")
    olive = environment.made("olive", root / "venvs")
    setting = Setting.now(
        {
            "ascendc": environment.own_versions(),
            "optimum-cli": environment.versions(optimum, ("optimum", "optimum-onnx")),
            "olive": environment.versions(olive, ("olive-ai",)),
        }
    )
    lab = Lab(root, {"ascendc": tool.ascendc, "optimum-cli": tool.optimum(optimum), "olive": tool.olive(olive)})
    for name in names:
        part, rounds = PARTS[name]
        results.keep(name, Part(setting, tuple(part(lab, runs or rounds))))


if __name__ == "__main__":
    main()

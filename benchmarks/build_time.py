"""Time `ascendc build`: cold (empty store), and again with nothing changed.

    python benchmarks/build_time.py recipes/tiny-clip.yaml recipes/clip-vit-b32-310.yaml --runs 5

Whole processes are timed, start-up and imports included: that is what a user waits for. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path


def seconds(recipe: Path, folder: Path) -> float:
    """Wall-clock seconds of one build into `folder`/out with the store in `folder`/store.

    Raises:
        SystemExit: The build failed; its output is the message.
    """
    command = [sys.executable, "-m", "ascendc", "build", str(recipe), "-o", str(folder / "out"), "--quiet"]
    start = time.perf_counter()
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "ASCENDC_CACHE": str(folder / "store")},
    )
    taken = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stdout}")
    return taken


def measure(recipe: Path, runs: int) -> dict[str, list[float]]:
    """`runs` cold builds, each in a store of its own, and as many again of the last one."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch, str(run)) for run in range(runs)]
        return {
            "cold": [seconds(recipe, folder) for folder in folders],
            "no change": [seconds(recipe, folders[-1]) for _ in folders],
        }


def machine() -> str:
    """Where the figures come from, in one line."""
    model = platform.processor() or platform.machine()
    names = Path("/proc/cpuinfo")  # Linux; elsewhere platform's word must do
    if names.exists():
        lines = [line for line in names.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    packages = ", ".join(f"{name} {version(name)}" for name in ("ascendc", "torch", "onnxruntime"))
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {packages}"


def report(recipe: Path, taken: dict[str, list[float]]) -> str:
    """A Markdown table of medians and ranges, and how much sooner nothing is done."""
    rows = [
        f"| {name} | {statistics.median(times):.2f} | {min(times):.2f}-{max(times):.2f} |"
        for name, times in taken.items()
    ]
    cold, again = (statistics.median(times) for times in taken.values())
    return "\n".join(
        [
            f"## `ascendc build {recipe.name}`, {len(taken['cold'])} runs each",
            "",
            f"Measured {time.strftime('%Y-%m-%d')} on {machine()}.",
            "",
            "| build | median s | range s |",
            "|---|--:|--:|",
            *rows,
            "",
            f"With nothing changed a build takes {again / cold:.0%} of a cold one's time.",
        ]
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Time cold and no-change builds of a recipe.")
    parser.add_argument("recipes", type=Path, nargs="+", metavar="RECIPE")
    parser.add_argument("--runs", type=int, default=5, help="of each kind, %(default)s")
    options = parser.parse_args()
    for recipe in options.recipes:
        print(report(recipe, measure(recipe, options.runs)), flush=True)


if __name__ == "__main__":
    main()

"""``python -m benchmarks.loop``: whether `ascendc bench` times what a plain loop times. Writes a part of docs/bench.md.

The session and the clock of `ascendc bench`'s measuring process, and what somebody would write who has no benchmark,
around onnxruntime or the module itself, run by turns in one process; which is first changes from turn to turn. A pair
is one run of each, so that whatever else the machine does slows both.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ascendc import driver, registry
from ascendc.bench.clock import timed, warm_up
from ascendc.bench.configuration import Configuration
from ascendc.bench.distribution import interval, medians
from ascendc.bench.feeds import Given, Half
from ascendc.bench.work import Protocol, Request, Wanted
from ascendc.bench.worker import open_for
from ascendc.store import Store

from .environment import own_versions
from .setting import Setting

if TYPE_CHECKING:
    from ascendc.bench.configuration import Runtime
    from ascendc.bench.feeds import Arrays

HOME = Path(__file__).parents[1]
PAGE = HOME / "docs" / "bench.md"
RECIPE = HOME / "recipes" / "tiny-clip.yaml"
BEGIN, END = "<!-- written by python -m benchmarks.loop -->", "<!-- end -->"

LIMIT = 0.03
"""Share by which they may differ."""

WARM = 20
"""Runs before the pairs."""

INPUTS = {"image": "pixel_values", "text": "input_ids"}


@dataclass(frozen=True)
class Pair:
    """One run each, in milliseconds."""

    bench: float
    loop: float


def main() -> int:
    """Measure, print and write the page's table; the exit code is 1 where a median ratio is beyond the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=__doc__)
    parser.add_argument("--pairs", type=int, default=3000, help="[%(default)s]")
    options = parser.parse_args()
    setting = Setting.now({"ascendc": own_versions()})
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        bundle = driver.build(RECIPE, output=Path(folder) / "tiny-clip").output
        for runtime in ("onnx", "torch"):
            for part in INPUTS:
                found[f"{runtime} cpu fp32, {part}"] = pairs(runtime, part, bundle, options.pairs)
    table = render(found, setting)
    print(table)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table}{END}{after}", encoding="utf-8")
    return int(any(abs(_ratio(made) - 1) > LIMIT for made in found.values()))


def pairs(runtime: Runtime, part: str, bundle: Path, count: int) -> list[Pair]:
    """Measure one part on one runtime."""
    name = INPUTS[part]
    feeds = {name: np.load(bundle / "golden" / part / f"{name}.npy")[:1]}
    onnx = next(bundle.glob(f"models/**/{part}.onnx"))
    plain = onnx_loop(onnx, name, feeds) if runtime == "onnx" else torch_loop(part, name, feeds)
    wanted = Wanted(part, onnx if runtime == "onnx" else RECIPE, feeds)
    with open_for(_request(runtime, wanted, bundle), wanted) as session:

        def bench() -> float:
            [taken] = timed(lambda: session.run(feeds), 1)
            return taken

        warm_up(bench, WARM)
        warm_up(plain, WARM)
        made = []
        for i in range(count):
            first, second = (plain(), bench()) if i % 2 else (bench(), plain())
            made.append(Pair(second, first) if i % 2 else Pair(first, second))
    low, high = _ends(made)
    print(f"{runtime} {part}: {_ratio(made):.3f} ({low:.3f}-{high:.3f})", file=sys.stderr)
    return made


def onnx_loop(path: Path, name: str, feeds: Arrays) -> Callable[[], float]:
    """The body of a plain loop around onnxruntime; its result is milliseconds."""
    import onnxruntime  # type: ignore[import-untyped]  # it ships no types

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as bundles set it
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    array = feeds[name]

    def turn() -> float:
        begin = time.perf_counter()
        session.run(None, {name: array})
        return (time.perf_counter() - begin) * 1e3

    return turn


def torch_loop(part: str, name: str, feeds: Arrays) -> Callable[[], float]:
    """The same around the recipe's torch module, from an array to an array."""
    import torch

    planner = driver.prepare(RECIPE, (), Store(), registry.load())
    module = planner.model.module(part, planner.recipe.model.weights, planner.recipe.export.attention)
    array = feeds[name]

    def turn() -> float:
        begin = time.perf_counter()
        with torch.inference_mode():
            found = module(torch.tensor(array))
        (found[0] if isinstance(found, tuple) else found).numpy().copy()
        return (time.perf_counter() - begin) * 1e3

    return turn


def _request(runtime: Runtime, wanted: Wanted, bundle: Path) -> Request:
    protocol = Protocol((1,), 1, 0, ())
    half = Half("ascendc_device", bundle / "python", bundle / "assets")
    configuration = Configuration(runtime, "cpu", "fp32")
    return Request(configuration, (wanted,), (), protocol, half, Given(), started=0.0)


def render(found: dict[str, list[Pair]], setting: Setting) -> str:
    """The part of the page."""
    lines = [
        "",
        "| | pairs | `ascendc bench`, ms | plain loop, ms | bench ÷ loop (95 % CI) | half of the pairs | within 3 % |",
        "|---|--:|--:|--:|---|---|---|",
    ]
    for name, made in found.items():
        ratios = np.array([pair.bench / pair.loop for pair in made])
        low, high = _ends(made)
        quarter, three_quarters = np.percentile(ratios, (25, 75))
        ratio = _ratio(made)
        cells = (
            name,
            str(len(made)),
            f"{statistics.median(pair.bench for pair in made):.3f}",
            f"{statistics.median(pair.loop for pair in made):.3f}",
            f"{ratio:.3f} ({low:.3f}-{high:.3f})",
            f"{quarter:.3f}-{three_quarters:.3f}",
            _verdict(ratio, low, high),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"Batch 1, golden inputs. Measured {setting}, on", f"{setting.machine}.", ""])


def _verdict(ratio: float, low: float, high: float) -> str:
    if abs(ratio - 1) > LIMIT:
        return "**no**"
    return "yes" if max(1 - low, high - 1) <= LIMIT else "the median is; its interval is not"


def _ends(made: list[Pair]) -> tuple[float, float]:
    """The 95 % confidence interval of `_ratio`, by a bootstrap of blocks."""
    return interval(medians([[pair.bench / pair.loop for pair in made]], seed=0))


def _ratio(made: list[Pair]) -> float:
    """The median of the pairs' own ratios."""
    return statistics.median(pair.bench / pair.loop for pair in made)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m benchmarks.loop``: whether `ascendc bench` says what a plain loop says. Writes a part of docs/bench.md.

A pair is one benchmark and one loop, one after the other, each in a fresh process and on the same input; which comes
first changes from pair to pair, so that drift hits both. What is compared is the median of the ratios of medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .environment import own_versions
from .setting import Setting

HOME = Path(__file__).parents[1]
PAGE = HOME / "docs" / "bench.md"
RECIPE = HOME / "recipes" / "tiny-clip.yaml"
BEGIN, END = "<!-- written by python -m benchmarks.loop -->", "<!-- end -->"
LIMIT = 0.03
"""Share by which they may differ."""

_ONNX = """
import sys, time, statistics
import numpy as np, onnxruntime
model, inputs, name, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as bundles set it
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
feeds = {name: np.load(inputs)[:1]}
for _ in range(30):
    session.run(None, feeds)
taken = []
for _ in range(runs):
    begin = time.perf_counter()
    session.run(None, feeds)
    taken.append((time.perf_counter() - begin) * 1e3)
print(statistics.median(taken))
"""

_TORCH = """
import sys, time, statistics
import numpy as np, torch
from transformers import CLIPModel
model, inputs, part, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
clip = CLIPModel.from_pretrained(model, attn_implementation="eager").eval()
forward = {"pixel_values": clip.get_image_features, "input_ids": clip.get_text_features}[part]
array = np.load(inputs)[:1]
def run():
    with torch.inference_mode():
        found = forward(torch.tensor(array))
    return getattr(found, "pooler_output", found).numpy().copy()
for _ in range(30):
    run()
taken = []
for _ in range(runs):
    begin = time.perf_counter()
    run()
    taken.append((time.perf_counter() - begin) * 1e3)
print(statistics.median(taken))
"""


@dataclass(frozen=True)
class Pair:
    """Medians in milliseconds."""

    bench: float
    loop: float


@dataclass(frozen=True)
class Way:
    """A part on a runtime."""

    runtime: str
    part: str
    input: str

    def bench(self, bundle: Path, runs: int) -> float:
        """What `ascendc bench` says; it measures both parts, and one is taken."""
        what = RECIPE if self.runtime == "torch" else bundle
        command = [sys.executable, "-m", "ascendc", "bench", str(what), "--runtimes", self.runtime, "--devices", "cpu"]
        command += ["--num-runs", str(runs), "--rounds", "1", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        cases = json.loads(done.stdout)["cases"]
        return next(float(case["latency"]["p50_ms"]) for case in cases if case["part"] == self.part)

    def loop(self, bundle: Path, runs: int) -> float:
        """What somebody would write who has no benchmark."""
        program, model = _TORCH, RECIPE.with_suffix("")
        if self.runtime == "onnx":
            program, model = _ONNX, next(bundle.glob(f"models/**/{self.part}.onnx"))
        inputs = bundle / "golden" / self.part / f"{self.input}.npy"
        command = [sys.executable, "-c", program, str(model), str(inputs), self.input, str(runs)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


WAYS = tuple(
    Way(runtime, part, input)
    for runtime in ("onnx", "torch")
    for part, input in (("image", "pixel_values"), ("text", "input_ids"))
)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=__doc__)
    parser.add_argument("--pairs", type=int, default=8, help="[%(default)s]")
    parser.add_argument("--runs", type=int, default=300, help="of each [%(default)s]")
    options = parser.parse_args()
    setting = Setting.now({"ascendc": own_versions()})
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "tiny-clip"
        subprocess.run([sys.executable, "-m", "ascendc", "build", str(RECIPE), "-q", "-o", str(bundle)], check=True)
        found = {way: [pair(way, bundle, options.runs, i % 2 == 1) for i in range(options.pairs)] for way in WAYS}
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{render(found, options.runs, setting)}{END}{after}", encoding="utf-8")


def pair(way: Way, bundle: Path, runs: int, loop_first: bool) -> Pair:
    """One of each."""
    measures: list[Callable[[Path, int], float]] = [way.bench, way.loop]
    first, second = (measure(bundle, runs) for measure in (measures[::-1] if loop_first else measures))
    found = Pair(second, first) if loop_first else Pair(first, second)
    print(f"{way.runtime} {way.part}: {found.bench:.3f} and {found.loop:.3f} ms", file=sys.stderr)
    return found


def render(found: dict[Way, list[Pair]], runs: int, setting: Setting) -> str:
    """The part of the page."""
    lines = [
        "",
        "| | pairs | `ascendc bench`, ms | plain loop, ms | bench ÷ loop, median | all pairs | within 3 % |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for way, pairs in found.items():
        ratios = sorted(pair.bench / pair.loop for pair in pairs)
        ratio = statistics.median(ratios)
        medians = [statistics.median(values) for values in ([p.bench for p in pairs], [p.loop for p in pairs])]
        cells = (
            f"{way.runtime} cpu fp32, {way.part}",
            str(len(pairs)),
            *(f"{value:.3f}" for value in medians),
            f"{ratio:.3f}",
            f"{ratios[0]:.3f}-{ratios[-1]:.3f}",
            "yes" if abs(ratio - 1) <= LIMIT else "**no**",
        )
        lines.append(f"| {' | '.join(cells)} |")
    measured = f"Medians of {runs} runs at batch 1 on golden inputs, in fresh processes; measured {setting}, on"
    return "\n".join([*lines, "", measured, f"{setting.machine}.", ""])


if __name__ == "__main__":
    main()

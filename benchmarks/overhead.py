"""What `OmSession.run` adds to the calls of AscendCL that it makes; ``python -m benchmarks.overhead`` writes it down.

The device is simulated, in this process. Its own time says nothing; it is the same on both sides, and cancels.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.runtime.om import OmSession
from ascendc.sim import container
from ascendc.sim.device.payload import GRAPH, PLAN, Plan
from ascendc.sim.session import machine
from ascendc.sim.tree import SITE

from .results import Series
from .setting import Setting

Array = np.ndarray[Any, np.dtype[np.float32]]

BAR = 40.0
"""Microseconds that a run may add."""
_PAIRS = 3000
_WARM_UP = 300
_DOCUMENT = Path(__file__).parents[1] / "docs/runtime.md"
_PREFACE = Path(__file__).with_name("overhead.md")


@dataclass(frozen=True)
class Case:
    """A model, which adds its input to itself, and how it is run."""

    name: str
    shape: tuple[int, ...]
    gears: tuple[int, ...] = ()

    def write(self, folder: Path) -> Path:
        """Its OM."""
        from onnx import TensorProto, helper

        axes: list[str | int | None] = ["batch", *self.shape[1:]] if self.gears else [*self.shape]
        faces = [helper.make_tensor_value_info(name, TensorProto.FLOAT, axes) for name in "xy"]
        graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", faces[:1], faces[1:])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        fixed = (-1, *self.shape[1:]) if self.gears else self.shape
        inputs = [Port("x", fixed, "float32", "ND")]
        if self.gears:
            inputs.append(Port("ascend_mbatch_shape_data", (1,), "int32", "ND"))
        gears = Gears("batch", tuple((size,) for size in self.gears)) if self.gears else None
        interface = Interface(tuple(inputs), (Port("Add_0:0:y", fixed, "float32", "ND"),), gears)
        pieces = ((GRAPH, model.SerializeToString()), (PLAN, Plan(("x",), ("y",), half=False).to_bytes()))
        path = folder / f"{len(list(folder.iterdir()))}.om"
        path.write_bytes(container.write(container.Blueprint("m", interface, {}, partitions=pieces)))
        return path


CASES = (
    Case("one number", (1, 1)),
    Case("one picture, 3×224×224", (1, 3, 224, 224)),
    Case("batch gear 4 of 1, 2, 4, 8", (4, 512), (1, 2, 4, 8)),
)


@dataclass(frozen=True)
class Row:
    """What was found for a case."""

    case: str
    bare: Series
    """Microseconds of the calls alone."""
    added: Series
    """Microseconds that `OmSession.run` took longer, pair by pair."""
    allocations: float
    """Of device memory, per run."""
    copied: float
    """Bytes copied per run, over those of the model's inputs and outputs; 1: no hidden copy."""


def measure(case: Case, folder: Path) -> Row:
    """Run a case by hand and by `OmSession`, in turn."""
    path = case.write(folder)
    x = np.random.default_rng(0).random(case.shape, np.float32)
    with OmSession(str(path)) as session:
        by_hand = _by_hand(path, x, case.shape[0] if case.gears else None)
        by_session: Callable[[], object] = lambda: session.run({"x": x})  # noqa: E731 - two of a kind
        for _ in range(_WARM_UP):
            by_hand(), by_session()
        memory = machine().memory
        made, copied = memory.allocations, memory.copied
        for _ in range(100):
            by_session()
        made, copied = memory.allocations - made, memory.copied - copied
        bare, added = [], []
        for index in range(_PAIRS):
            order = (by_hand, by_session) if index % 2 else (by_session, by_hand)
            times = {call: _microseconds(call) for call in order}
            bare.append(times[by_hand])
            added.append(times[by_session] - times[by_hand])
    return Row(case.name, Series(tuple(bare)), Series(tuple(added)), made / 100, copied / 100 / (2 * x.nbytes))


def _by_hand(path: Path, x: Array, batch: int | None) -> Callable[[], Array]:
    """What a careful program makes of it: everything once, then the calls alone. It gives nothing back."""
    import acl  # the simulated one, on the path since `main`

    model, _ = acl.mdl.load_from_file(str(path))
    desc = acl.mdl.create_desc()
    acl.mdl.get_desc(desc, model)
    inputs, outputs = acl.mdl.create_dataset(), acl.mdl.create_dataset()
    sizes = [acl.mdl.get_input_size_by_index(desc, index) for index in range(acl.mdl.get_num_inputs(desc))]
    addresses = [acl.rt.malloc(size, 0)[0] for size in sizes]
    for address, size in zip(addresses, sizes, strict=True):
        acl.mdl.add_dataset_buffer(inputs, acl.create_data_buffer(address, size))
    size = acl.mdl.get_output_size_by_index(desc, 0)
    given, _ = acl.rt.malloc(size, 0)
    acl.mdl.add_dataset_buffer(outputs, acl.create_data_buffer(given, size))
    stream, _ = acl.rt.create_stream()
    if batch is not None:
        acl.mdl.set_dynamic_batch_size(model, inputs, 1, batch)

    def call() -> Array:
        y = np.empty(x.shape, np.float32)
        codes = [acl.rt.memcpy(addresses[0], sizes[0], x.ctypes.data, x.nbytes, 1)]
        codes.append(acl.mdl.execute_async(model, inputs, outputs, stream))
        codes.append(acl.rt.synchronize_stream(stream))
        codes.append(acl.rt.memcpy(y.ctypes.data, y.nbytes, given, y.nbytes, 2))
        assert not any(codes)
        return y

    return call


def _microseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e6


def render(rows: list[Row], setting: Setting) -> Iterator[str]:
    """The document."""
    yield _PREFACE.read_text(encoding="utf-8").rstrip() + "\n"
    yield f"| model | calls alone, µs | added, µs | ≤ {BAR:g} µs | device allocations | bytes copied ÷ its own |"
    yield f"|{'---|' * 6}"
    for row in rows:
        holds = "yes" if row.added.median <= BAR else "**no**"
        figures = f"{row.bare.median:.0f} | {row.added.median:.1f} | {holds} | {row.allocations:g} | {row.copied:.2f}"
        yield f"| {row.case} | {figures} |"
    yield ""
    yield f"Medians of {_PAIRS} pairs, in turn. Measured {setting} on {setting.machine}."


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=_DOCUMENT, help="[docs/runtime.md]")
    options = parser.parse_args()
    sys.path.insert(0, str(SITE))
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(case, Path(folder)) for case in CASES]
    text = "\n".join(render(rows, Setting.now({}))) + "\n"
    options.output.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

"""The golden test: what the original model answered, against what this machine answers.

Python 3.7, numpy.
"""

from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from .bundle import Bundle, BundleError
from .engine import open_part
from .manifest import Golden, GoldenTensor
from .metrics import MetricsError, relative_error
from .session import SessionError


class Verdict(NamedTuple):
    """A part's golden test."""

    part: str
    engine: str
    error: Optional[float]
    """Worst sample of the worst output, relative to the median distance between samples; None: no figure."""
    limit: float
    complaint: str = ""
    """Why there is no figure."""
    notes: Tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is a figure and it is within the limit."""
        return self.error is not None and self.error <= self.limit

    def __str__(self) -> str:
        """One line."""
        if self.error is None:
            return "{}: {}: {}: REFUSED".format(self.part, self.engine, self.complaint)
        return "{}: {}: error {:.1e} of the sample distance (limit {:.0e}): {}".format(
            self.part, self.engine, self.error, self.limit, "ok" if self.ok else "REFUSED"
        )


def selftest(
    bundle: Bundle, part: str, target: Optional[str] = None, device: str = "auto", allow_simulated: bool = False
) -> Verdict:
    """Run a part's golden inputs and compare the outputs; arguments as `open_part` takes them.

    Raises:
        BundleError: a file is missing or damaged, or the bundle holds no such part or target.
        NoEngineError: nothing here can run it.
    """
    golden = bundle.golden(part)
    wanted = read_arrays(bundle, golden, golden.outputs)
    session, artefact, is_om, notes = open_part(bundle, part, target, device, True, allow_simulated)
    with session:
        raw = is_om and artefact.aipp != "none"
        limit = artefact.limit if is_om else golden.limit
        try:
            got = session.run_batched(read_arrays(bundle, golden, golden.pixels if raw else golden.inputs))
            if is_om and len(got) == len(wanted):  # by place: some CANNs name outputs by operator and index alone
                got = dict(zip(wanted, got.values()))
            return Verdict(part, session.engine, _worst(wanted, got), limit, "", notes)
        except (SessionError, MetricsError) as error:
            return Verdict(part, session.engine, None, limit, str(error), notes)


def judge_files(bundle: Bundle, part: str, target: Optional[str], folder: Path) -> Verdict:
    """Compare what ``ais_bench`` wrote for the golden inputs: ``000_0.npy`` is output 0 of sample ``000.bin``.

    Raises:
        BundleError: a file is missing or cannot be read, or the bundle is at fault as in `selftest`.
    """
    golden, artefact = bundle.golden(part), bundle.artefact(part, target)
    wanted = read_arrays(bundle, golden, golden.outputs)
    got = {name: _collect(folder, golden, i, wanted[name]) for i, name in enumerate(wanted)}
    engine = "files of {} for {}".format(folder, artefact.om)
    try:
        return Verdict(part, engine, _worst(wanted, got), artefact.limit)
    except MetricsError as error:
        return Verdict(part, engine, None, artefact.limit, str(error))


def _worst(wanted: Mapping[str, np.ndarray], got: Mapping[str, np.ndarray]) -> float:
    missing = sorted(set(wanted) - set(got))
    if missing:
        raise MetricsError("the output {} is missing; there is {}".format(missing[0], ", ".join(sorted(got))))
    return max(_error(name, wanted[name], got[name]) for name in wanted)


def _error(name: str, wanted: np.ndarray, got: np.ndarray) -> float:
    try:
        return relative_error(wanted, got)
    except MetricsError as error:
        raise MetricsError("output `{}`: {}".format(name, error)) from error


def read_arrays(bundle: Bundle, golden: Golden, tensors: Tuple[GoldenTensor, ...]) -> Dict[str, np.ndarray]:
    """Golden arrays by name, samples first.

    Raises:
        BundleError: a file is missing, damaged, or not of so many samples.
    """
    arrays = {}
    for tensor in tensors:
        array = _load(bundle.check(tensor.array))
        if array.shape[:1] != (golden.count,):
            raise BundleError(
                "{}: has the shape {}; {} samples were expected".format(tensor.array, array.shape, golden.count)
            )
        arrays[tensor.name] = array
    return arrays


def _collect(folder: Path, golden: Golden, index: int, like: np.ndarray) -> np.ndarray:
    rows = []
    for sample in range(golden.count):
        row = _load(folder / "{:03d}_{}.npy".format(sample, index))
        if row.size != like[0].size:
            raise BundleError("{}: sample {:03d} has {} values, not {}".format(folder, sample, row.size, like[0].size))
        rows.append(row.reshape(like.shape[1:]))  # ais_bench keeps the batch axis, of one
    return np.stack(rows)


def _load(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(str(path), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BundleError("{}: cannot be read as an array: {}".format(path, error)) from error
    return array

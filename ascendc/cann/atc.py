"""The options of one ATC run, and the command line they make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.cann import atc_table
from ascendc.errors import UsageError
from ascendc.target import MOST_GEARS

if TYPE_CHECKING:
    from ascendc.model import AtcHints, Part, Tensor
    from ascendc.target import PartTarget, Precision, Target

SUCCESS = "ATC run success"
"""Start of the line with which ATC says that it succeeded; what follows differs by release."""

ERROR_LINE = re.compile(r"^(?:\[PID: \d+\] \S+ )?(E[0-9A-Z]\d{4})\b")
"""A line that names an error. Newer releases put process and time before it."""

PYTHON_ERRORS = ("E40002", "E40020")
"""The embedded Python is too old, or lacks a module."""

PATH_CHARACTERS = re.compile(r"[A-Za-z0-9./_-]+")
"""What ATC accepts in an absolute path (E10001 otherwise); CJK, which it also accepts, is left out for old shells."""

PRECISION_MODES: dict[Precision, str] = {
    "fp16": "force_fp16",
    "mixed": "allow_mix_precision",
    "origin": "must_keep_origin_dtype",
}
"""Recipe word → ``--precision_mode``, which every CANN has; ``--precision_mode_v2`` came later."""

_DEFAULTS = (("op_compiler_cache_mode", "enable"), ("log", "error"))
"""What is set unless the recipe says otherwise: compiled operators are kept, and the plog names causes."""


@dataclass(frozen=True)
class InputShape:
    """One item of ``--input_shape``."""

    name: str
    dims: tuple[int, ...]
    """NCHW for images, as the graph has it; -1 first where the batch is in gears; empty for a scalar."""

    def __str__(self) -> str:
        """``pixel_values:8,3,224,224``."""
        return f"{self.name}:{','.join(map(str, self.dims))}"


@dataclass(frozen=True)
class AtcOptions:
    """All options of one run but the paths. Made by `options_for`."""

    soc_version: str
    input_format: str
    """``NCHW`` or ``ND``."""
    input_shape: tuple[InputShape, ...]
    """Every graph input, in order."""
    precision_mode: str
    gears: tuple[int, ...] = ()
    """``--dynamic_batch_size``: at least two, ascending; empty for a static batch."""
    small_channel: bool = False
    """``--enable_small_channel=1``."""
    high_performance_ops: tuple[str, ...] = ()
    """Operator types for ``--optypelist_for_implmode``."""
    extra: tuple[tuple[str, str], ...] = ()
    """Options of the recipe's own, by name; they never repeat one of the above."""

    def argv(self, model: str, output: str, aipp: str | None = None, cache: str | None = None) -> tuple[str, ...]:
        """ATC's arguments, ``--name=value``, in an order that never changes.

        Args:
            model: path of the ONNX file.
            output: path of the OM, without its suffix.
            aipp: path of the AIPP configuration, if there is one.
            cache: folder of ATC's operator cache; None: ATC's own, under the home directory.
        """
        settings = [
            ("framework", "5"),
            ("model", model),
            ("output", output),
            ("soc_version", self.soc_version),
            ("input_format", self.input_format),
            ("input_shape", ";".join(map(str, self.input_shape))),
            ("dynamic_batch_size", ",".join(map(str, self.gears))),
            ("insert_op_conf", aipp or ""),
            ("precision_mode", self.precision_mode),
            ("enable_small_channel", "1" if self.small_channel else ""),
            ("op_select_implmode", "high_performance" if self.high_performance_ops else ""),
            ("optypelist_for_implmode", ",".join(self.high_performance_ops)),
            ("op_compiler_cache_dir", cache or ""),
            *(item for item in _DEFAULTS if item[0] not in dict(self.extra)),
            *self.extra,
        ]
        return tuple(f"--{name}={value}" for name, value in settings if value)


def options_for(part: Part, part_target: PartTarget, target: Target, hints: AtcHints) -> AtcOptions:
    """The options to compile `part` for `target`.

    Raises:
        UsageError: the batch sizes (ASC1710, ASC1711), an input (ASC1712, ASC1713) or an extra option
            (ASC1714 to ASC1720) cannot be said to ATC.
    """
    sizes = part_target.batch.sizes
    _check_sizes(sizes)
    aipp = part_target.aipp != "none"
    options = AtcOptions(
        soc_version=target.soc.name,
        input_format="NCHW" if aipp else hints.input_format,
        input_shape=tuple(_shape(part, tensor, sizes) for tensor in part.inputs),
        precision_mode=PRECISION_MODES[part_target.precision],
        gears=sizes if len(sizes) > 1 else (),
        small_channel=hints.small_channel and aipp,
        high_performance_ops=hints.high_performance_ops,
        extra=tuple(sorted(target.atc_options)),
    )
    implied = {"op_select_implmode", "optypelist_for_implmode"} if hints.high_performance_ops else set()
    atc_table.check(target.atc_options, implied)
    return options


def accepts_path(path: str) -> bool:
    """Whether ATC takes `path`, which must be absolute and free of links: it looks at the real path."""
    return PATH_CHARACTERS.fullmatch(path) is not None


def _check_sizes(sizes: tuple[int, ...]) -> None:
    """E10035 (fewer than two gears) cannot happen: one size is a static batch."""
    if not sizes or min(sizes) < 1 or len(sizes) > MOST_GEARS:
        raise UsageError(
            "ASC1710",
            f"batch must be one positive size, or 2 to {MOST_GEARS} of them, not {list(sizes)}",
        )
    if sorted(set(sizes)) != list(sizes):
        raise UsageError("ASC1711", f"batch gears must ascend and differ, not {list(sizes)}")


def _shape(part: Part, tensor: Tensor, sizes: tuple[int, ...]) -> InputShape:
    if ";" in tensor.name:
        raise UsageError(
            "ASC1712",
            f"input `{tensor.name}` of part `{part.name}` must not hold `;`: ATC splits --input_shape there",
        )
    batch = sizes[0] if len(sizes) == 1 else -1
    dims = []
    for axis, size in enumerate(tensor.shape):
        if isinstance(size, str) and not (axis == 0 and size == "batch"):
            raise UsageError(
                "ASC1713",
                f"axis {axis} of input `{tensor.name}` of part `{part.name}` is `{size}`; "
                "it must be a number: only the first axis may be symbolic, and is then called `batch`",
            )
        dims.append(batch if isinstance(size, str) else size)
    return InputShape(tensor.name, tuple(dims))

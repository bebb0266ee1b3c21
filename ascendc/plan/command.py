"""The ATC options of a part on a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.atc import extra
from ascendc.cann.atc.command import AtcOptions, InputShape
from ascendc.cann.atc.lint import lint_argv
from ascendc.errors import UsageError
from ascendc.target import MOST_GEARS

if TYPE_CHECKING:
    from ascendc.cann.operators.verdict import PrecisionMode
    from ascendc.model import AtcHints, Part, Tensor
    from ascendc.target import PartTarget, Precision, Target

PRECISION_MODES: dict[Precision, PrecisionMode] = {
    "fp16": "force_fp16",
    "mixed": "allow_mix_precision",
    "origin": "must_keep_origin_dtype",
    "auto": "force_fp16",
}
"""Recipe word → ``--precision_mode``, which every CANN has; ``--precision_mode_v2`` came later. auto: where plans
start; the plan says what ATC is told."""


def options_for(part: Part, part_target: PartTarget, target: Target, hints: AtcHints) -> AtcOptions:
    """The options to compile `part` for `target`.

    Raises:
        UsageError: the batch sizes (ASC1710, ASC1711), an input (ASC1712, ASC1713) or an extra option
            (ASC1714 to ASC1720) cannot be said to ATC, or ATC would refuse them together (ASC1721).
    """
    sizes = part_target.batch.sizes
    _check_sizes(sizes)
    aipp = part_target.aipp != "none"
    options = AtcOptions(
        soc_version=target.soc.name,
        input_format="NCHW" if aipp else hints.input_format,
        input_shape=tuple(_shape(part, tensor, sizes) for tensor in part.inputs),
        precision_mode="" if part_target.precision == "auto" else PRECISION_MODES[part_target.precision],
        gears=sizes if len(sizes) > 1 else (),
        small_channel=hints.small_channel and aipp,
        high_performance_ops=hints.high_performance_ops,
        extra=tuple(sorted(target.atc_options)),
    )
    implied = {"op_select_implmode", "optypelist_for_implmode"} if hints.high_performance_ops else set()
    extra.check(target.atc_options, implied)
    _check_together(options, part, target, aipp)
    return options


def _check_together(options: AtcOptions, part: Part, target: Target, aipp: bool) -> None:
    """What no option shows by itself: the whole command is looked at as `ascendc atc lint` does."""
    argv = options.argv("model.onnx", "model", "aipp.cfg" if aipp else None)
    for error in lint_argv(argv, cann=target.cann).errors:
        raise UsageError(
            "ASC1721",
            f"ATC would refuse part `{part.name}` on target `{target.name}` ({error.code}): "
            f"`{error.option}` {error.message}",
            hint=error.fix,
        )


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

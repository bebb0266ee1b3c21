"""The inputs and outputs of an ONNX file, by its header and the recipe."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from ascendc import Part, Tensor, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import onnx

    from .options import Input, OnnxOptions

Axes = tuple[int | None, ...]

_DTYPES = (
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    *(f"float{bits}" for bits in (16, 32, 64)),
)
"""What an input or output can hold: numpy's names."""

_MOST = 2**31
"""Elements of one sample: what addresses with 32 bits reach. Larger ones are slips of the pen."""


@dataclass(frozen=True)
class Declared:
    """An input or output as the file declares it."""

    name: str
    dtype: str
    """numpy's name."""
    axes: Axes
    """None: left open."""


@dataclass(frozen=True)
class Header:
    """What an ONNX file declares."""

    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]

    @classmethod
    def read(cls, path: Path) -> Header:
        """Without the weights.

        Raises:
            UsageError: there is no such file (ASC1351), it is no ONNX model (ASC1352), or an input or output is
                no tensor of numbers, of known rank and of a size that can be (ASC1353).
        """
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types

        if not path.is_file():
            raise UsageError("ASC1351", f"the ONNX file `{path}` does not exist")
        try:
            graph = onnx.load(path, load_external_data=False).graph
        except DecodeError as error:
            raise UsageError("ASC1352", f"`{path}` is not an ONNX model, or only the beginning of one") from error
        if not graph.output:
            raise UsageError("ASC1352", f"`{path}` is not an ONNX model, or only the beginning of one")
        constants = {tensor.name for tensor in graph.initializer}
        return cls(
            tuple(_declared(info, path) for info in graph.input if info.name not in constants),
            tuple(_declared(info, path) for info in graph.output),
        )

    def part(self, options: OnnxOptions) -> Part:
        """The part that this is with what the recipe adds.

        Raises:
            UsageError: the recipe names an unknown input (ASC1354), or a shape does not fit, is not known, lacks a
                batch, is too large, or is none that a picture can have (ASC1355).
        """
        known = [declared.name for declared in self.inputs]
        for name in options.inputs:
            if name not in known:
                raise UsageError("ASC1354", f"the graph has no input `{name}`; allowed: {', '.join(known)}")
        inputs = tuple(_input(declared, options.inputs, options.free_batch) for declared in self.inputs)
        batch = {tensor.shape[0] for tensor in inputs}
        if len(batch) != 1:
            shown = ", ".join(f"`{tensor.name}` {tensor.shape[0]}" for tensor in inputs)
            raise UsageError("ASC1355", f"all inputs must share the batch on axis 0; they have {shown or 'none'}")
        first = next(iter(batch))
        outputs = tuple(
            Tensor(o.name, o.dtype, (first, *(size or f"{o.name}_{i}" for i, size in enumerate(o.axes[1:], 1))))
            for o in self.outputs
        )
        return Part(options.part, inputs, outputs)


def _declared(info: onnx.ValueInfoProto, path: Path) -> Declared:
    import onnx

    tensor = info.type.tensor_type
    if not info.type.HasField("tensor_type") or not tensor.HasField("shape"):
        raise UsageError("ASC1353", f"`{info.name}` of `{path}` must be a tensor whose number of axes is known")
    axes = tuple(axis.dim_value or None for axis in tensor.shape.dim)  # a name, or nothing, leaves it open
    types = {number: name for name, number in onnx.TensorProto.DataType.items()}
    dtype = ""
    if tensor.elem_type in types and tensor.elem_type != onnx.TensorProto.UNDEFINED:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
    if dtype not in _DTYPES:
        raise UsageError(
            "ASC1353",
            f"`{info.name}` of `{path}` must be one of {', '.join(_DTYPES)}, "
            f"not {types.get(tensor.elem_type, f'the unknown element type {tensor.elem_type}')}",
        )
    if not _possible(axes):
        raise UsageError(
            "ASC1353",
            f"`{info.name}` of `{path}` has the shape {_shown(axes)}: "
            f"sizes must be positive, with at most {_MOST} elements",
        )
    return Declared(info.name, dtype, axes)


def _possible(axes: tuple[int | str | None, ...]) -> bool:
    sizes = [axis for axis in axes if isinstance(axis, int)]
    return all(size > 0 for size in sizes) and prod(sizes) <= _MOST


def _input(declared: Declared, said: Mapping[str, Input], free_batch: bool) -> Tensor:
    entry, axes, name = said.get(declared.name), declared.axes, declared.name
    given: tuple[int | str | None, ...] = axes if entry is None or entry.shape is None else entry.shape
    if not axes or len(given) != len(axes) or any(a not in (None, g) for a, g in zip(axes[1:], given[1:], strict=True)):
        raise UsageError("ASC1355", f"input `{name}` must have the shape {_shown(axes)}, not {_shown(given)}")
    sizes = given[1:]
    if None in sizes or "batch" in sizes:
        raise UsageError(
            "ASC1355",
            f"input `{name}` has the shape {_shown(given)}: every axis but the first must have a size",
            hint=f"set model.options.inputs.{name}.shape, for example [batch, {', '.join('1' for _ in sizes)}]",
        )
    if not _possible(sizes):
        raise UsageError("ASC1355", f"input `{name}` has the shape {_shown(given)}: more than {_MOST} elements")
    batch: int | str = "batch" if axes[0] is None or free_batch else axes[0]
    if given[0] not in (None, "batch", axes[0]):
        raise UsageError("ASC1355", f"axis 0 of input `{name}` must be `batch`: targets give the batch")
    image = None
    if entry is not None and entry.image is not None:
        if len(sizes) != 3 or sizes[0] != 3 or not declared.dtype.startswith("float"):
            raise UsageError(
                "ASC1355",
                f"input `{name}` must be float N×3×height×width for pictures, not {declared.dtype} {_shown(given)}",
            )
        image = entry.image.image(int(sizes[1] or 0), int(sizes[2] or 0))
    return Tensor(name, declared.dtype, (batch, *(int(size or 0) for size in sizes)), image)


def _shown(axes: tuple[int | str | None, ...]) -> str:
    return "×".join("?" if axis is None else str(axis) for axis in axes) or "()"

"""What a loaded OM takes and gives, as pyACL describes it.

Python 3.7, numpy and CANN's pyACL.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .acl import Acl
from .session import SessionError, TensorSpec, shape_text

GEAR_INPUT = "ascend_mbatch_shape_data"
"""The input that ATC adds for gears; AscendCL fills it."""

_AIPP_INPUT = "ascend_dynamic_aipp_data"
"""The input that ATC adds for dynamic AIPP."""

DTYPES = {
    0: "float32",
    1: "float16",
    2: "int8",
    3: "int32",
    4: "uint8",
    6: "int16",
    7: "uint16",
    8: "uint32",
    9: "int64",
    10: "uint64",
    11: "float64",
    12: "bool",
}
"""aclDataType (CANN 8.1) → numpy's name; others cannot be handed over."""

Shapes = Tuple[Tuple[int, ...], ...]


@dataclass(frozen=True)
class Gear:
    """One of the sizes that an OM was compiled for."""

    kind: str
    """``batch``, ``image`` or ``dims``."""
    values: Tuple[int, ...]
    """What is told to AscendCL: the batch; height and width; or every size of every input."""
    shapes: Shapes
    """Of the inputs."""


@dataclass(frozen=True)
class Interface:
    """Inputs, outputs and gears."""

    inputs: Tuple[TensorSpec, ...]
    """Without the one that ATC adds for gears."""
    outputs: Tuple[TensorSpec, ...]
    gears: Tuple[Gear, ...]
    gear_index: Optional[int]
    """Index of the input for gears; None: there are none."""
    indices: Tuple[int, ...]
    """Of `inputs` among all of the model's."""

    @property
    def open(self) -> bool:
        """Whether shapes are open, without gears: any that the caller tells."""
        return not self.gears and any(None in spec.shape for spec in self.inputs)

    def gear(self, feeds: Mapping[str, np.ndarray]) -> Optional[Gear]:
        """The gear whose shapes are those of `feeds`; None for a model without.

        Raises:
            SessionError: there is none of these shapes.
        """
        if not self.gears:
            return None
        shapes = tuple(feeds[spec.name].shape for spec in self.inputs)
        for gear in self.gears:
            if gear.shapes == shapes:
                return gear
        offered = "; ".join(", ".join(map(shape_text, gear.shapes)) for gear in self.gears)
        raise SessionError(
            "the model was not compiled for {}; allowed: {}".format(", ".join(map(shape_text, shapes)), offered)
        )

    def rows_of(self, feeds: Mapping[str, np.ndarray]) -> Tuple[int, ...]:
        """The numbers of rows of the gears of all sizes whose other axes are those of `feeds`, ascending."""
        others = tuple(np.shape(feeds.get(spec.name, ()))[1:] for spec in self.inputs)
        fit = [gear.shapes for gear in self.gears if tuple(shape[1:] for shape in gear.shapes) == others]
        return tuple(
            sorted({shapes[0][0] for shapes in fit if len({shape[:1] for shape in shapes}) == 1 and shapes[0]})
        )


def read_interface(api: Acl, desc: Any) -> Interface:
    """What pyACL says of a model.

    Raises:
        SessionError: a call fails, or a type cannot be handed over.
    """
    mdl = api.module.mdl
    names = [str(mdl.get_input_name_by_index(desc, index)) for index in range(mdl.get_num_inputs(desc))]
    if _AIPP_INPUT in names:
        raise SessionError("the model takes AIPP's settings with each picture; compile it with `aipp_mode: static`")
    gear_index = names.index(GEAR_INPUT) if GEAR_INPUT in names else None
    indices = tuple(index for index, name in enumerate(names) if name != GEAR_INPUT)
    dims = [_dims(api, "get_input_dims", desc, index) for index in indices]
    gears = _gears(api, desc, dims) if gear_index is not None else ()
    batches = tuple(sorted(gear.values[0] for gear in gears if gear.kind == "batch"))
    inputs = tuple(
        TensorSpec(
            names[index],
            _dtype(mdl.get_input_data_type(desc, index), names[index]),
            _shape(shape),
            batches if shape[:1] == [-1] else (),  # an input may be of one size beside others in gears
        )
        for index, shape in zip(indices, dims)
    )
    outputs = tuple(_output(api, desc, index, gears) for index in range(mdl.get_num_outputs(desc)))
    return Interface(inputs, outputs, gears, gear_index, indices)


def _output(api: Acl, desc: Any, index: int, gears: Tuple[Gear, ...]) -> TensorSpec:
    mdl = api.module.mdl
    name = str(mdl.get_output_name_by_index(desc, index))
    dtype = _dtype(mdl.get_output_data_type(desc, index), name)
    shape = _shape(_dims(api, "get_output_dims", desc, index))
    if gears:  # these sizes are the largest gear's, and which of them another gear changes is not told
        known = 1 if gears[0].kind == "batch" else len(shape)
        shape = (None,) * len(shape[:known]) + shape[known:]
    return TensorSpec(_plain(name), dtype, shape)


def _plain(name: str) -> str:
    """The name that the ONNX gave: ATC calls it ``node:index:name``."""
    parts = name.split(":", 2)
    return parts[2] if len(parts) == 3 and parts[1].isdigit() and parts[2] else name


def _dims(api: Acl, call: str, desc: Any, index: int) -> List[int]:
    mdl = api.module.mdl
    # The second version tells the size of the picture that AIPP takes, where the first tells what the network gets.
    function = getattr(mdl, call + "_v2", None) or getattr(mdl, call)
    return [int(size) for size in api.check("acl.mdl." + call, function(desc, index))["dims"]]


def _shape(dims: List[int]) -> Tuple[Optional[int], ...]:
    return tuple(None if size < 0 else size for size in dims)


def _dtype(code: int, name: str) -> str:
    if code not in DTYPES:
        raise SessionError("`{}` has the type {} of AscendCL, which numpy lacks".format(name, code))
    return DTYPES[code]


def _gears(api: Acl, desc: Any, dims: List[List[int]]) -> Tuple[Gear, ...]:
    mdl = api.module.mdl
    batches: Dict[str, Any] = api.check("acl.mdl.get_dynamic_batch", mdl.get_dynamic_batch(desc))
    if batches["batchCount"]:
        return tuple(Gear("batch", (n,), _filled(dims, [n] * 99)) for n in batches["batch"][: batches["batchCount"]])
    sizes: Dict[str, Any] = api.check("acl.mdl.get_dynamic_hw", mdl.get_dynamic_hw(desc, -1))
    if sizes["hwCount"]:
        pairs = [tuple(pair) for pair in sizes["hw"][: sizes["hwCount"]]]
        return tuple(Gear("image", pair, _filled(dims, list(pair) * 99)) for pair in pairs)
    count = api.check("acl.mdl.get_input_dynamic_gear_count", mdl.get_input_dynamic_gear_count(desc, -1))
    listed = api.check("acl.mdl.get_input_dynamic_dims", mdl.get_input_dynamic_dims(desc, -1, count))
    return tuple(_dims_gear(one, dims) for one in listed)


def _dims_gear(one: Dict[str, Any], dims: List[List[int]]) -> Gear:
    flat = [int(size) for size in one["dims"][: one["dimCount"]]]
    shapes, at = [], 0
    for shape in dims:
        shapes.append(tuple(flat[at : at + len(shape)]))
        at += len(shape)
    return Gear("dims", tuple(flat), tuple(shapes))


def _filled(dims: List[List[int]], sizes: List[int]) -> Shapes:
    """Shapes with `sizes` in the places of the open axes, in order."""
    rest = iter(sizes)
    return tuple(tuple(next(rest) if size < 0 else size for size in shape) for shape in dims)

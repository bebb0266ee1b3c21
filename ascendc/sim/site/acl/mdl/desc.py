"""Descriptions of models: inputs, outputs, their sizes, types and names."""

from typing import Any

from ascendc.cann.om.interface import Port
from ascendc.sim.device.codes import API_NOT_SUPPORTED, INVALID_PARAM, AclError
from ascendc.sim.device.objects import DTYPES, LAYOUTS, Desc
from ascendc.sim.session import call, machine, plain


@plain(0)
def create_desc() -> int:
    """``aclmdlCreateDesc``."""
    return machine().descs.add(Desc())


@call()
def get_desc(desc: int, model: int) -> None:
    """``aclmdlGetDesc``."""
    found = machine().descs.get(desc)
    found.model, found.number = machine().models.get(model), model


@call()
def destroy_desc(desc: int) -> None:
    """``aclmdlDestroyDesc``."""
    machine().descs.remove(desc)


@plain(0)
def get_num_inputs(desc: int) -> int:
    """``aclmdlGetNumInputs``: those that ATC added included."""
    return len(machine().descs.get(desc).known.layout.inputs)


@plain(0)
def get_num_outputs(desc: int) -> int:
    """``aclmdlGetNumOutputs``."""
    return len(machine().descs.get(desc).known.layout.outputs)


@plain(0)
def get_input_size_by_index(desc: int, index: int) -> int:
    """``aclmdlGetInputSizeByIndex``: of the largest gear; 0 where shapes are open."""
    found = machine().descs.get(desc)
    found.port(index)
    return found.known.layout.input_sizes[index]


@plain(0)
def get_output_size_by_index(desc: int, index: int) -> int:
    """``aclmdlGetOutputSizeByIndex``: of the largest gear; 0 where shapes are open."""
    found = machine().descs.get(desc)
    found.port(index, output=True)
    return found.known.layout.output_sizes[index]


def _dims(port: Port, shape: Any = None) -> "dict[str, Any]":
    dims = list(port.shape or () if shape is None else shape)
    return {"name": port.name, "dimCount": len(dims), "dims": dims}


@call(None)
def get_input_dims(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetInputDims``."""
    return _dims(machine().descs.get(desc).port(index))


get_input_dims_v2 = get_input_dims


@call(None)
def get_output_dims(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetOutputDims``: of the largest gear; -1 where shapes are open."""
    found = machine().descs.get(desc)
    return _dims(found.port(index, output=True), found.known.layout.output_shapes(None)[index])


@call(None)
def get_cur_output_dims(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetCurOutputDims``: of the gear that was set last, else of the largest; not where shapes are open."""
    found = machine().descs.get(desc)
    if found.known.layout.ranges:
        raise AclError(API_NOT_SUPPORTED, "shapes are open: get_dataset_tensor_desc tells those of the outputs")
    shapes = found.known.layout.output_shapes(machine().gear_of(found.number))
    return _dims(found.port(index, output=True), shapes[index])


@call(None)
def get_input_dims_range(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetInputDimsRange``: twice the size where an axis is fixed; none on models with gears."""
    found = machine().descs.get(desc)
    port, layout = found.port(index), found.known.layout
    ranges = layout.ranges[index] if layout.ranges else [(size, size) for size in port.shape or ()]
    listed = [list(one) for one in ranges] if layout.gears is None else []
    return {"rangeCount": len(listed), "range": listed}


@plain(-1)
def get_input_data_type(desc: int, index: int) -> int:
    """``aclmdlGetInputDataType``."""
    return DTYPES.get(machine().descs.get(desc).port(index).dtype or "", -1)


@plain(-1)
def get_output_data_type(desc: int, index: int) -> int:
    """``aclmdlGetOutputDataType``."""
    return DTYPES.get(machine().descs.get(desc).port(index, output=True).dtype or "", -1)


@plain(-1)
def get_input_format(desc: int, index: int) -> int:
    """``aclmdlGetInputFormat``."""
    return LAYOUTS.get(machine().descs.get(desc).port(index).format or "", 2)


@plain(-1)
def get_output_format(desc: int, index: int) -> int:
    """``aclmdlGetOutputFormat``."""
    return LAYOUTS.get(machine().descs.get(desc).port(index, output=True).format or "", 2)


@plain("")
def get_input_name_by_index(desc: int, index: int) -> str:
    """``aclmdlGetInputNameByIndex``."""
    return machine().descs.get(desc).port(index).name


@plain("")
def get_output_name_by_index(desc: int, index: int) -> str:
    """``aclmdlGetOutputNameByIndex``."""
    return machine().descs.get(desc).port(index, output=True).name


@call(0)
def get_input_index_by_name(desc: int, name: str) -> int:
    """``aclmdlGetInputIndexByName``: fails for an input that is not there, which is how programs ask for gears."""
    names = [port.name for port in machine().descs.get(desc).known.layout.inputs]
    if name not in names:
        raise AclError(INVALID_PARAM, f"there is no input {name}")
    return names.index(name)


@call(0)
def get_output_index_by_name(desc: int, name: str) -> int:
    """``aclmdlGetOutputIndexByName``."""
    names = [port.name for port in machine().descs.get(desc).known.layout.outputs]
    if name not in names:
        raise AclError(INVALID_PARAM, f"there is no output {name}")
    return names.index(name)

"""``acl.mdl``: models, their descriptions, datasets, gears."""

import ctypes
import os
import tempfile
from pathlib import Path
from typing import Any

from ascendc.cann.om.interface import Port
from ascendc.cann.om.types import ACL_DTYPES, FORMATS
from ascendc.sim.device.codes import (
    API_NOT_SUPPORTED,
    GE_GEAR_LENGTH,
    GE_GEAR_VALUE,
    INVALID_PARAM,
    AclError,
)
from ascendc.sim.device.machine import Dataset, Desc
from ascendc.sim.device.model import SHAPE_INPUT
from ascendc.sim.session import call, machine, plain

_DTYPES = {name: code for code, name in ACL_DTYPES.items()}
_FORMATS = {name: code for code, name in FORMATS.items()}


@call(0)
def load_from_file(path: str) -> int:
    """``aclmdlLoadFromFile``."""
    return machine().load(Path(path))


@call(0)
def load_from_mem(address: int, size: int) -> int:
    """``aclmdlLoadFromMem``."""
    handle, name = tempfile.mkstemp(suffix=".om")
    try:
        os.write(handle, ctypes.string_at(address, size))
        os.close(handle)
        return machine().load(Path(name))
    finally:
        Path(name).unlink()


@call()
def unload(model: int) -> None:
    """``aclmdlUnload``."""
    machine().models.remove(model)


@call(0, 0)
def query_size(path: str) -> "tuple[int, int]":
    """``aclmdlQuerySize``: bytes to work in, and of weights."""
    size = Path(path).stat().st_size
    return 1 << 20, size


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
    return len(machine().descs.get(desc).known.inputs)


@plain(0)
def get_num_outputs(desc: int) -> int:
    """``aclmdlGetNumOutputs``."""
    return len(machine().descs.get(desc).known.outputs)


@plain(0)
def get_input_size_by_index(desc: int, index: int) -> int:
    """``aclmdlGetInputSizeByIndex``: of the largest gear."""
    return machine().descs.get(desc).port(index).size or 0


@plain(0)
def get_output_size_by_index(desc: int, index: int) -> int:
    """``aclmdlGetOutputSizeByIndex``: of the largest gear."""
    return machine().descs.get(desc).port(index, output=True).size or 0


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
    """``aclmdlGetOutputDims``."""
    return _dims(machine().descs.get(desc).port(index, output=True))


@call(None)
def get_cur_output_dims(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetCurOutputDims``: of the gear that was set last."""
    found = machine().descs.get(desc)
    shapes = found.known.output_shapes(machine().gear_of(found.number))
    return _dims(found.port(index, output=True), shapes[index])


@plain(-1)
def get_input_data_type(desc: int, index: int) -> int:
    """``aclmdlGetInputDataType``."""
    return _DTYPES.get(machine().descs.get(desc).port(index).dtype or "", -1)


@plain(-1)
def get_output_data_type(desc: int, index: int) -> int:
    """``aclmdlGetOutputDataType``."""
    return _DTYPES.get(machine().descs.get(desc).port(index, output=True).dtype or "", -1)


@plain(-1)
def get_input_format(desc: int, index: int) -> int:
    """``aclmdlGetInputFormat``."""
    return _FORMATS.get(machine().descs.get(desc).port(index).format or "", 2)


@plain(-1)
def get_output_format(desc: int, index: int) -> int:
    """``aclmdlGetOutputFormat``."""
    return _FORMATS.get(machine().descs.get(desc).port(index, output=True).format or "", 2)


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
    names = [port.name for port in machine().descs.get(desc).known.inputs]
    if name not in names:
        raise AclError(INVALID_PARAM, f"there is no input {name}")
    return names.index(name)


@call(0)
def get_output_index_by_name(desc: int, name: str) -> int:
    """``aclmdlGetOutputIndexByName``."""
    names = [port.name for port in machine().descs.get(desc).known.outputs]
    if name not in names:
        raise AclError(INVALID_PARAM, f"there is no output {name}")
    return names.index(name)


@plain(0)
def create_dataset() -> int:
    """``aclmdlCreateDataset``."""
    return machine().datasets.add(Dataset())


@call()
def destroy_dataset(dataset: int) -> None:
    """``aclmdlDestroyDataset``; its buffers stay."""
    machine().datasets.remove(dataset)


@call(0)
def add_dataset_buffer(dataset: int, buffer: int) -> int:
    """``aclmdlAddDatasetBuffer``: in the order of the inputs or outputs."""
    machine().buffers.get(buffer)
    machine().datasets.get(dataset).buffers.append(buffer)
    return dataset


@plain(0)
def get_dataset_num_buffers(dataset: int) -> int:
    """``aclmdlGetDatasetNumBuffers``."""
    return len(machine().datasets.get(dataset).buffers)


@plain(0)
def get_dataset_buffer(dataset: int, index: int) -> int:
    """``aclmdlGetDatasetBuffer``."""
    buffers = machine().datasets.get(dataset).buffers
    return buffers[index] if 0 <= index < len(buffers) else 0


@call(0)
def set_dataset_tensor_desc(dataset: int, desc: int, index: int) -> int:
    """``aclmdlSetDatasetTensorDesc``: the description is copied."""
    machine().datasets.get(dataset).descs[index] = machine().tensors.get(desc)
    return dataset


@call()
def execute(model: int, inputs: int, outputs: int) -> None:
    """``aclmdlExecute``: returns when it is done."""
    found, fed, given, dataset = machine().plan_run(model, inputs, outputs)
    machine().run(found, fed, given, dataset)


@call()
def execute_async(model: int, inputs: int, outputs: int, stream: int) -> None:
    """``aclmdlExecuteAsync``: when somebody waits for the stream; inputs are read then."""
    found, fed, given, dataset = machine().plan_run(model, inputs, outputs)
    this = machine()
    this.stream(stream).put(lambda: this.run(found, fed, given, dataset))


@call(None)
def get_dynamic_batch(desc: int) -> "dict[str, Any]":
    """``aclmdlGetDynamicBatch``: none on a model without batch gears."""
    gears = machine().descs.get(desc).known.gears
    sizes = [value[0] for value in gears.values] if gears is not None and gears.kind == "batch" else []
    return {"batchCount": len(sizes), "batch": sizes}


@call(None)
def get_dynamic_hw(desc: int, index: int) -> "dict[str, Any]":
    """``aclmdlGetDynamicHW``."""
    del index
    gears = machine().descs.get(desc).known.gears
    sizes = [list(value) for value in gears.values] if gears is not None and gears.kind == "image" else []
    return {"hwCount": len(sizes), "hw": sizes}


@call(0)
def get_input_dynamic_gear_count(desc: int, index: int) -> int:
    """``aclmdlGetInputDynamicGearCount``."""
    del index
    gears = machine().descs.get(desc).known.gears
    return len(gears.values) if gears is not None else 0


@call(None)
def get_input_dynamic_dims(desc: int, index: int, count: int) -> "list[dict[str, Any]]":
    """``aclmdlGetInputDynamicDims``: for each gear the full shapes of all inputs, one behind the other."""
    del index
    model = machine().descs.get(desc).known
    found = []
    for gear in (model.gears.values if model.gears is not None else ())[:count]:
        flat = [size for shape in model.input_shapes(gear) for size in shape]
        found.append({"name": "", "dimCount": len(flat), "dims": flat})
    return found


@call()
def set_dynamic_batch_size(model: int, dataset: int, index: int, batch: int) -> None:
    """``aclmdlSetDynamicBatchSize``."""
    _set_gear(model, dataset, index, "batch", (batch,), [batch])


@call()
def set_dynamic_hw_size(model: int, dataset: int, index: int, height: int, width: int) -> None:
    """``aclmdlSetDynamicHWSize``."""
    _set_gear(model, dataset, index, "image", (height, width), [height, width])


@call()
def set_input_dynamic_dims(model: int, dataset: int, index: int, dims: "dict[str, Any]") -> None:
    """``aclmdlSetInputDynamicDims``: the full shapes of all inputs, one behind the other."""
    found, flat = machine().models.get(model), list(dims["dims"][: dims["dimCount"]])
    open_ = [axis for port in found.inputs if port.name != SHAPE_INPUT for axis in port.shape or ()]
    if len(open_) != len(flat):
        raise AclError(INVALID_PARAM, f"the inputs have {len(open_)} axes, not {len(flat)}")
    gear = tuple(size for size, axis in zip(flat, open_, strict=True) if axis < 0)
    _set_gear(model, dataset, index, "dims", gear, flat)


def _set_gear(model: int, dataset: int, index: int, kind: str, gear: "tuple[int, ...]", values: "list[int]") -> None:
    """Record a gear in the dataset, and write it into the buffer of the input that ATC added."""
    found, fed = machine().models.get(model), machine().datasets.get(dataset)
    if min(gear, default=0) <= 0:
        raise AclError(INVALID_PARAM, "a gear must not hold 0")
    if not 0 <= index < len(fed.buffers) or index >= len(found.inputs) or found.inputs[index].name != SHAPE_INPUT:
        raise AclError(INVALID_PARAM, f"input {index} is not {SHAPE_INPUT}, or has no buffer")
    if found.gears is None or found.gears.kind != kind or gear not in found.gears.values:
        offered = "none" if found.gears is None else f"{found.gears.kind} {list(found.gears.values)}"
        raise AclError(GE_GEAR_VALUE, f"{kind} gear {gear} was not compiled; there are: {offered}")
    buffer = machine().buffers.get(fed.buffers[index])
    if buffer.size < 4 * len(gear):
        raise AclError(GE_GEAR_LENGTH, f"the buffer of {SHAPE_INPUT} has {buffer.size} bytes")
    machine().memory.check(buffer.address, 4 * len(gear), SHAPE_INPUT)
    ctypes.memmove(buffer.address, (ctypes.c_int32 * len(gear))(*gear), 4 * len(gear))
    fed.gear = gear
    machine().remember_gear(model, gear)


@call(0)
def get_dataset_tensor_desc(dataset: int, index: int) -> int:
    """``aclmdlGetDatasetTensorDesc``: of models with open shapes, which the simulator does not have."""
    del dataset, index
    raise AclError(API_NOT_SUPPORTED, "open shapes are not simulated")


@call(0, 0)
def get_aipp_type(model: int, index: int) -> "tuple[int, int]":
    """``aclmdlGetAippType``: 1 where static AIPP feeds the input, else 0."""
    found = machine().models.get(model)
    fed = found.payload.plan.aipp and found.inputs[index].dtype == "uint8"
    return (1 if fed else 0), 0xFFFFFFFF

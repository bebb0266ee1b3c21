"""Descriptions of models: how many inputs and outputs, their sizes, types and names."""

from ascendc.sim.device.codes import INVALID_PARAM, AclError
from ascendc.sim.device.objects import Desc
from ascendc.sim.numbers import DTYPES, LAYOUTS
from ascendc.sim.session import call, machine, plain


@plain("", 0)
def create_desc() -> int:
    """``aclmdlCreateDesc``."""
    return machine().descs.add(Desc())


@call("kI")
def get_desc(desc: int, model: int) -> None:
    """``aclmdlGetDesc``."""
    found = machine().descs.get(desc)
    found.model, found.number = machine().models.get(model), model


@call("k")
def destroy_desc(desc: int) -> None:
    """``aclmdlDestroyDesc``."""
    machine().descs.remove(desc)


@plain("k", 0)
def get_num_inputs(desc: int) -> int:
    """``aclmdlGetNumInputs``: those that ATC added included."""
    return len(machine().descs.get(desc).known.layout.inputs)


@plain("k", 0)
def get_num_outputs(desc: int) -> int:
    """``aclmdlGetNumOutputs``."""
    return len(machine().descs.get(desc).known.layout.outputs)


@plain("kk", 0)
def get_input_size_by_index(desc: int, index: int) -> int:
    """``aclmdlGetInputSizeByIndex``: of the largest gear; 0 where shapes are open."""
    found = machine().descs.get(desc)
    found.port(index)
    return found.known.layout.input_sizes[index]


@plain("kk", 0)
def get_output_size_by_index(desc: int, index: int) -> int:
    """``aclmdlGetOutputSizeByIndex``: of the largest gear; 0 where shapes are open."""
    found = machine().descs.get(desc)
    found.port(index, output=True)
    return found.known.layout.output_sizes[index]


@plain("kk", -1)
def get_input_data_type(desc: int, index: int) -> int:
    """``aclmdlGetInputDataType``."""
    return DTYPES.get(machine().descs.get(desc).port(index).dtype or "", -1)


@plain("kk", -1)
def get_output_data_type(desc: int, index: int) -> int:
    """``aclmdlGetOutputDataType``."""
    return DTYPES.get(machine().descs.get(desc).port(index, output=True).dtype or "", -1)


@plain("kk", -1)
def get_input_format(desc: int, index: int) -> int:
    """``aclmdlGetInputFormat``."""
    return LAYOUTS.get(machine().descs.get(desc).port(index).format or "", 2)


@plain("kk", -1)
def get_output_format(desc: int, index: int) -> int:
    """``aclmdlGetOutputFormat``."""
    return LAYOUTS.get(machine().descs.get(desc).port(index, output=True).format or "", 2)


@plain("kk", "")
def get_input_name_by_index(desc: int, index: int) -> str:
    """``aclmdlGetInputNameByIndex``."""
    return machine().descs.get(desc).port(index).name


@plain("kk", "")
def get_output_name_by_index(desc: int, index: int) -> str:
    """``aclmdlGetOutputNameByIndex``."""
    return machine().descs.get(desc).port(index, output=True).name


@call("ks", 0)
def get_input_index_by_name(desc: int, name: str) -> int:
    """``aclmdlGetInputIndexByName``: fails for an input that is not there, which is how programs ask for gears."""
    names = [port.name for port in machine().descs.get(desc).known.layout.inputs]
    if name not in names:
        raise AclError(INVALID_PARAM, f"there is no input {name}")
    return names.index(name)


@call("ks", 0)
def get_output_index_by_name(desc: int, name: str) -> int:
    """``aclmdlGetOutputIndexByName``."""
    names = [port.name for port in machine().descs.get(desc).known.layout.outputs]
    if name not in names:
        raise AclError(INVALID_PARAM, f"there is no output {name}")
    return names.index(name)

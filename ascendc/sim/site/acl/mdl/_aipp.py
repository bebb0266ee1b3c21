"""AIPP of a loaded model, and setting what is dynamic of it."""

import ctypes
from typing import Any

from ascendc.cann.aipp.op import BIASES, MATRIX
from ascendc.cann.soc import resolve
from ascendc.sim.device.codes import (
    FAILURE,
    GE_GEAR_LENGTH,
    INVALID_PARAM,
    AclError,
)
from ascendc.sim.device.dynamic_aipp import FORMATS, Setting
from ascendc.sim.session import call, machine, plain

from ._limits import check_within

_NONE, _STATIC, _DYNAMIC, _CONFIG = range(4)
_NOTHING = 0xFFFFFFFF


@call("Ik", 0, 0)
def get_aipp_type(model: int, index: int) -> "tuple[int, int]":
    """``aclmdlGetAippType``: none, static, dynamic, or the input that ATC added; and the index of that one."""
    found = machine().models.get(model).layout
    if index >= len(found.inputs):
        raise AclError(INVALID_PARAM, f"index {index} is not below {len(found.inputs)}")
    for config, rank in found.configs.items():
        if index in (config, rank):
            return (_DYNAMIC, config) if index == rank else (_CONFIG, _NOTHING)
    return (_STATIC if index in found.blocks else _NONE), _NOTHING


@plain("K", 0)
def create_aipp(batch: int) -> int:
    """``aclmdlCreateAIPP``."""
    return machine().aipps.add(Setting.of(batch))


@call("k")
def destroy_aipp(aipp: int) -> None:
    """``aclmdlDestroyAIPP``."""
    machine().aipps.remove(aipp)


@call("kI")
def set_aipp_input_format(aipp: int, format: int) -> None:
    """``aclmdlSetAIPPInputFormat``."""
    if format not in FORMATS:
        raise AclError(INVALID_PARAM, f"format {format} is none of {sorted(FORMATS)}")
    machine().aipps.get(aipp).all(input_format=FORMATS[format])


@call("kii")
def set_aipp_src_image_size(aipp: int, width: int, height: int) -> None:
    """``aclmdlSetAIPPSrcImageSize``."""
    check_within("the width", width, 2, 4096)
    check_within("the height", height, 1, 4096)
    machine().aipps.get(aipp).all(src_image_size_w=width, src_image_size_h=height)


@call("kbhhhhhhhhhBBBBBB")
def set_aipp_csc_params(aipp: int, switch: int, *numbers: int) -> None:
    """``aclmdlSetAIPPCscParams``: nine of the matrix, three biases of the output, three of the input."""
    check_within("the switch", switch, 0, 1)
    given: dict[str, Any] = {}
    if switch:
        for number in numbers[:9]:
            check_within("a coefficient", number, -32677, 32676)
        names = (*MATRIX, *BIASES[3:], *BIASES[:3])
        given = {name: (number,) for name, number in zip(names, numbers, strict=True)}
    machine().aipps.get(aipp).all(csc_switch=bool(switch), **given)


@call("kb")
def set_aipp_rbuv_swap_switch(aipp: int, switch: int) -> None:
    """``aclmdlSetAIPPRbuvSwapSwitch``."""
    check_within("the switch", switch, 0, 1)
    machine().aipps.get(aipp).all(rbuv_swap_switch=bool(switch))


@call("kb")
def set_aipp_ax_swap_switch(aipp: int, switch: int) -> None:
    """``aclmdlSetAIPPAxSwapSwitch``."""
    check_within("the switch", switch, 0, 1)
    machine().aipps.get(aipp).all(ax_swap_switch=bool(switch))


@call("Ikkk")
def set_input_aipp(model: int, dataset: int, index: int, aipp: int) -> None:
    """``aclmdlSetInputAIPP``: `index` is of the input that ATC added."""
    _set(model, dataset, index, aipp)


@call("Ikkk")
def set_aipp_by_input_index(model: int, dataset: int, index: int, aipp: int) -> None:
    """``aclmdlSetAIPPByInputIndex``: `index` is of the pictures."""
    found = machine().models.get(model).layout
    for config, rank in found.configs.items():
        if rank == index:
            return _set(model, dataset, config, aipp)
    raise AclError(FAILURE, f"input {index} has no dynamic AIPP")


def _set(model: int, dataset: int, index: int, aipp: int) -> None:
    found, fed, setting = machine().models.get(model).layout, machine().datasets.get(dataset), machine().aipps.get(aipp)
    if index not in found.configs or index >= len(fed.buffers):
        raise AclError(INVALID_PARAM, f"input {index} was not added for dynamic AIPP, or has no buffer")
    rank = found.configs[index]
    network = None if found.ranges else found.graph_shapes(found.largest)[rank]
    setting.check(found.blocks[rank], network, resolve(machine().settings.soc).soc.short)
    buffer, wants = machine().buffers.get(fed.buffers[index]), 64 + 96 * len(setting.pictures)
    if not buffer.address:
        raise AclError(INVALID_PARAM, f"the buffer of input {index} is null")
    if buffer.size < wants:
        raise AclError(GE_GEAR_LENGTH, f"the buffer of input {index} has {buffer.size} bytes, and {wants} are written")
    machine().memory.check(buffer.address, wants, "the buffer of dynamic AIPP")
    ctypes.memset(buffer.address, 0, wants)
    fed.aipp[rank] = tuple(setting.pictures)

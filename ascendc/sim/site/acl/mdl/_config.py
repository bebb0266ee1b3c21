"""Loading models as a configuration says, which is set one by one."""

from typing import Any

from ascendc.sim.arguments import reader
from ascendc.sim.device import load_config as keys
from ascendc.sim.device.codes import API_NOT_SUPPORTED, AclError
from ascendc.sim.device.load_config import LoadConfig
from ascendc.sim.session import call, machine, plain

from ._load import from_file, from_memory

_READ = {letter: reader("acl.mdl.set_config_opt", letter) for letter in "iskK"}
_FORMATS = {keys.PRIORITY: "i", keys.PATH: "s", keys.MODEL: "k", keys.WEIGHTS: "k", keys.WORK: "k"}


@plain("", 0)
def create_config_handle() -> int:
    """``aclmdlCreateConfigHandle``."""
    return machine().configs.add(LoadConfig())


@call("k")
def destroy_config_handle(handle: int) -> None:
    """``aclmdlDestroyConfigHandle``."""
    machine().configs.remove(handle)


@call("kiO")
def set_config_opt(handle: int, attribute: int, value: Any) -> None:
    """``aclmdlSetConfigOpt``."""
    (given,) = _READ[_FORMATS.get(attribute, "K")]((value,))
    machine().configs.get(handle).set(attribute, given)


@call("k", 0)
def load_with_config(handle: int) -> int:
    """``aclmdlLoadWithConfig``: from a file or from memory; not with queues."""
    config = machine().configs.get(handle)
    kind, of = config.type(), config.numbers.get
    rooms = (of(keys.WORK, 0), of(keys.WORK_SIZE, 0), of(keys.WEIGHTS, 0), of(keys.WEIGHTS_SIZE, 0))
    if kind in (keys.FROM_FILE, keys.FROM_FILE_WITH_MEM):
        return from_file(config.texts[keys.PATH], *rooms)
    if kind in (keys.FROM_MEM, keys.FROM_MEM_WITH_MEM):
        return from_memory(of(keys.MODEL, 0), of(keys.MODEL_SIZE, 0), *rooms)
    raise AclError(API_NOT_SUPPORTED, "loading with queues is not simulated")

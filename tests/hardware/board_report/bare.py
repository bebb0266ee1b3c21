"""The shortest way through AscendCL: the copies and the one call that no session can do without."""

import time
from contextlib import contextmanager
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from ascendc.runtime.acl import Acl, Device
from ascendc.runtime.om_interface import GEAR_INPUT


class Took(NamedTuple):
    """Seconds."""

    execute: float
    all: float


@contextmanager
def using(api: Acl) -> Iterator[Device]:
    """The device, with a context and a stream of its own.

    Raises:
        SessionError: AscendCL refuses.
    """
    device = Device(api, 0)
    try:
        yield device
    finally:
        device.release()


class Bare:
    """A model and its buffers, made once.

    Raises:
        SessionError: AscendCL refuses; what was made until then goes with the process.
    """

    def __init__(self, device: Device, path: str) -> None:
        self._api, self._device = device.api, device
        self._memory: List[int] = []
        self._handles: List[int] = []
        mdl = self._api.module.mdl
        self._model = self._api.check("acl.mdl.load_from_file", mdl.load_from_file(path))
        self._desc = mdl.create_desc()
        self._api.check("acl.mdl.get_desc", mdl.get_desc(self._desc, self._model))
        names = [str(mdl.get_input_name_by_index(self._desc, i)) for i in range(mdl.get_num_inputs(self._desc))]
        sizes = [mdl.get_input_size_by_index(self._desc, i) for i in range(len(names))]
        self._inputs, given = self._dataset(sizes)
        self._places = dict(zip(names, zip(given, sizes)))
        self._gear_index = names.index(GEAR_INPUT) if GEAR_INPUT in names else None
        sizes = [mdl.get_output_size_by_index(self._desc, i) for i in range(mdl.get_num_outputs(self._desc))]
        self._outputs, self._results = self._dataset(sizes)

    def _dataset(self, sizes: Sequence[int]) -> Tuple[int, List[int]]:
        module = self._api.module
        dataset, addresses = int(module.mdl.create_dataset()), []
        for size in sizes:
            address = self._api.check("acl.rt.malloc", module.rt.malloc(max(size, 1), 0))
            handle = module.create_data_buffer(address, size)
            self._api.check("acl.mdl.add_dataset_buffer", module.mdl.add_dataset_buffer(dataset, handle))
            addresses.append(address)
            self._memory.append(address)
            self._handles.append(handle)
        return dataset, addresses

    def choose(self, batch: int) -> None:
        """Set the gear; nothing on a model without."""
        self._device.enter()
        if self._gear_index is not None:
            code = self._api.module.mdl.set_dynamic_batch_size(self._model, self._inputs, self._gear_index, batch)
            self._api.check("acl.mdl.set_dynamic_batch_size", code)

    def run(self, feeds: Dict[str, np.ndarray], results: Sequence[np.ndarray]) -> Took:
        """Run once, into `results`.

        Raises:
            SessionError: a call failed.
        """
        self._device.enter()
        memcpy, execute = self._api.module.rt.memcpy, self._api.module.mdl.execute
        codes = []
        start = time.perf_counter()
        for name, array in feeds.items():
            address, size = self._places[name]
            codes.append(memcpy(address, size, array.ctypes.data, array.nbytes, self._device.to_device))
        before = time.perf_counter()
        codes.append(execute(self._model, self._inputs, self._outputs))
        after = time.perf_counter()
        for array, address in zip(results, self._results):
            codes.append(memcpy(array.ctypes.data, array.nbytes, address, array.nbytes, self._device.to_host))
        end = time.perf_counter()
        for code in codes:
            self._api.check("a bare run", code)
        return Took(after - before, end - start)

    def close(self) -> None:
        """Give everything back."""
        self._device.enter()
        module = self._api.module
        for handle in self._handles:
            module.destroy_data_buffer(handle)
        for dataset in (self._inputs, self._outputs):
            module.mdl.destroy_dataset(dataset)
        for address in self._memory:
            module.rt.free(address)
        module.mdl.unload(self._model)
        module.mdl.destroy_desc(self._desc)

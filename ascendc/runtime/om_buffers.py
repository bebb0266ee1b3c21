"""The memory of one run: a buffer on the device for every input and output, made once, of the largest gear.

Python 3.7, numpy and CANN's pyACL.
"""

from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .acl import Device
from .om_interface import Gear, Interface

_HUGE_FIRST = 0
"""Memory policy: huge pages, or others where there are none."""


class Buffers:
    """Buffers and the datasets over them."""

    def __init__(self, device: Device, model: Any, desc: Any, faces: Interface) -> None:
        self._device, self._model, self._desc, self._faces = device, model, desc, faces
        self._api = device.api
        self._memory: List[Tuple[int, int]] = []
        self._handles: List[int] = []
        self._datasets: List[int] = []
        self._shapes: Dict[Optional[Gear], List[Tuple[int, ...]]] = {}
        self._gear: Optional[Gear] = None
        mdl = self._api.module.mdl
        try:
            self.inputs = self._dataset(mdl.get_num_inputs(desc), mdl.get_input_size_by_index)
            self._fed = self._memory[:]
            self.outputs = self._dataset(mdl.get_num_outputs(desc), mdl.get_output_size_by_index)
        except BaseException:  # an interrupt too: nothing is left on the device
            self.release()
            raise
        self._given = self._memory[len(self._fed) :]

    def _dataset(self, count: int, size_of: Any) -> int:
        module = self._api.module
        dataset = int(module.mdl.create_dataset())
        self._datasets.append(dataset)
        for index in range(count):
            size = int(size_of(self._desc, index))
            address = self._api.check("acl.rt.malloc", module.rt.malloc(max(size, 1), _HUGE_FIRST))
            self._memory.append((address, size))
            handle = module.create_data_buffer(address, size)
            self._handles.append(handle)
            self._api.check("acl.mdl.add_dataset_buffer", module.mdl.add_dataset_buffer(dataset, handle))
        return dataset

    def feed(self, feeds: Mapping[str, np.ndarray], gear: Optional[Gear]) -> None:
        """Copy contiguous arrays to the device, straight from where they are, and choose the gear."""
        memcpy, kind = self._api.module.rt.memcpy, self._device.to_device
        for spec, index in zip(self._faces.inputs, self._faces.indices):
            array = feeds[spec.name]
            address, size = self._fed[index]
            code = memcpy(address, size, array.ctypes.data, array.nbytes, kind)
            if code:
                self._api.check("acl.rt.memcpy of input `{}`".format(spec.name), code)
        if gear is not None and gear is not self._gear:
            self._choose(gear)

    def _choose(self, gear: Gear) -> None:
        mdl, index = self._api.module.mdl, self._faces.gear_index
        if gear.kind == "batch":
            code = mdl.set_dynamic_batch_size(self._model, self.inputs, index, gear.values[0])
        elif gear.kind == "image":
            code = mdl.set_dynamic_hw_size(self._model, self.inputs, index, gear.values[0], gear.values[1])
        else:
            dims = {"name": "", "dimCount": len(gear.values), "dims": list(gear.values)}
            code = mdl.set_input_dynamic_dims(self._model, self.inputs, index, dims)
        self._api.check("choosing the gear {}".format(gear.values), code)
        self._gear = gear
        self._output_shapes(gear)  # now: AscendCL tells those of the gear that was chosen last, in whatever dataset

    def fetch(self, gear: Optional[Gear]) -> List[np.ndarray]:
        """Copy the outputs into arrays that belong to the caller."""
        memcpy, kind = self._api.module.rt.memcpy, self._device.to_host
        arrays = []
        for spec, shape, (address, _) in zip(self._faces.outputs, self._output_shapes(gear), self._given):
            array = np.empty(shape, spec.dtype)
            code = memcpy(array.ctypes.data, array.nbytes, address, array.nbytes, kind)
            if code:
                self._api.check("acl.rt.memcpy of output `{}`".format(spec.name), code)
            arrays.append(array)
        return arrays

    def _output_shapes(self, gear: Optional[Gear]) -> List[Tuple[int, ...]]:
        if gear not in self._shapes:
            mdl = self._api.module.mdl
            call = mdl.get_output_dims if gear is None else mdl.get_cur_output_dims
            found = [
                self._api.check("acl.mdl.get_output_dims", call(self._desc, index))["dims"]
                for index in range(len(self._faces.outputs))
            ]
            self._shapes[gear] = [tuple(int(size) for size in dims) for dims in found]
        return self._shapes[gear]

    def release(self) -> None:
        """Give everything back; failures are passed over, since nothing more can be done about them."""
        module = self._api.module
        for handle in self._handles:
            module.destroy_data_buffer(handle)
        for dataset in self._datasets:
            module.mdl.destroy_dataset(dataset)
        for address, _ in self._memory:
            module.rt.free(address)
        self._handles, self._datasets, self._memory = [], [], []

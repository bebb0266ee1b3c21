"""The memory of one run of an OM with open shapes: inputs grow with what is fed, AscendCL allocates the outputs.

Python 3.7, numpy and CANN's pyACL.
"""

from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from .acl import Device
from .om_interface import Gear, Interface
from .session import SessionError

_HUGE_FIRST = 0
"""Memory policy: huge pages, or others where there are none."""


class OpenBuffers:
    """Buffers of inputs, kept and grown; datasets, descriptions of shapes and outputs live for one run."""

    def __init__(self, device: Device, model: Any, desc: Any, faces: Interface) -> None:
        self._device, self._desc, self._faces = device, desc, faces
        self._api = device.api
        self._memory: Dict[int, Tuple[int, int]] = {}
        self._handles: List[int] = []
        self.inputs = self.outputs = 0
        del model  # gears alone are chosen by the model

    def feed(self, feeds: Mapping[str, np.ndarray], gear: Optional[Gear]) -> None:
        """Copy contiguous arrays to the device, and tell AscendCL their shapes."""
        del gear  # open shapes have none
        module = self._api.module
        self._end_run()
        self.inputs, self.outputs = int(module.mdl.create_dataset()), int(module.mdl.create_dataset())
        for spec, index in zip(self._faces.inputs, self._faces.indices):
            array = feeds[spec.name]
            address = self._room(index, array.nbytes)
            code = module.rt.memcpy(address, array.nbytes, array.ctypes.data, array.nbytes, self._device.to_device)
            self._api.check("acl.rt.memcpy of input `{}`".format(spec.name), code)
            self._add(self.inputs, address, array.nbytes)
            self._describe(index, array.shape)
        for _ in self._faces.outputs:
            self._add(self.outputs, 0, 0)  # AscendCL finds the size out while it runs, and allocates

    def fetch(self, gear: Optional[Gear]) -> List[np.ndarray]:
        """Copy the outputs into arrays that belong to the caller, and free what AscendCL allocated."""
        del gear
        module = self._api.module
        try:
            arrays = []
            for index, spec in enumerate(self._faces.outputs):
                array = np.empty(self._shape(index), spec.dtype)
                address = module.get_data_buffer_addr(module.mdl.get_dataset_buffer(self.outputs, index))
                if array.nbytes:
                    code = module.rt.memcpy(
                        array.ctypes.data, array.nbytes, address, array.nbytes, self._device.to_host
                    )
                    self._api.check("acl.rt.memcpy of output `{}`".format(spec.name), code)
                arrays.append(array)
            return arrays
        finally:
            self._end_run()

    def _shape(self, index: int) -> Tuple[int, ...]:
        module = self._api.module
        found = module.mdl.get_dataset_tensor_desc(self.outputs, index)
        desc = found[0] if isinstance(found, tuple) else found
        if not desc:
            raise SessionError("AscendCL does not tell the shape of output {}".format(index))
        axes = range(int(module.get_tensor_desc_num_dims(desc)))
        sizes = (self._api.check("acl.get_tensor_desc_dim_v2", module.get_tensor_desc_dim_v2(desc, k)) for k in axes)
        return tuple(map(int, sizes))

    def _room(self, index: int, size: int) -> int:
        """The address of an input's buffer, of at least `size` bytes."""
        rt = self._api.module.rt
        address, room = self._memory.get(index, (0, 0))
        if size > room or not address:
            if address:
                del self._memory[index]
                rt.free(address)
            address = int(self._api.check("acl.rt.malloc", rt.malloc(max(size, 1), _HUGE_FIRST)))
            self._memory[index] = (address, size)
        return address

    def _add(self, dataset: int, address: int, size: int) -> None:
        module = self._api.module
        handle = module.create_data_buffer(address, size)
        self._handles.append(handle)
        self._api.check("acl.mdl.add_dataset_buffer", module.mdl.add_dataset_buffer(dataset, handle))

    def _describe(self, index: int, shape: Tuple[int, ...]) -> None:
        module = self._api.module
        dtype, layout = (getattr(module.mdl, "get_input_" + w)(self._desc, index) for w in ("data_type", "format"))
        desc = module.create_tensor_desc(dtype, list(shape), layout)
        result = module.mdl.set_dataset_tensor_desc(self.inputs, desc, index)  # copied: it may go at once
        module.destroy_tensor_desc(desc)
        self._api.check("acl.mdl.set_dataset_tensor_desc", result)

    def _end_run(self) -> None:
        """Give back what lives for one run; failures are passed over, since nothing more can be done about them."""
        module = self._api.module
        if self.outputs:
            for index in range(module.mdl.get_dataset_num_buffers(self.outputs)):
                address = module.get_data_buffer_addr(module.mdl.get_dataset_buffer(self.outputs, index))
                if address:
                    module.rt.free(address)
        for handle in self._handles:
            module.destroy_data_buffer(handle)
        for dataset in (self.inputs, self.outputs):
            if dataset:
                module.mdl.destroy_dataset(dataset)
        self._handles, self.inputs, self.outputs = [], 0, 0

    def release(self) -> None:
        """Give everything back."""
        self._end_run()
        for address, _ in self._memory.values():
            self._api.module.rt.free(address)
        self._memory = {}

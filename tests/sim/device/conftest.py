"""Programs against the simulated device, call by call."""

from __future__ import annotations

import io
import signal
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ascendc.sim import atc, session

H2D, D2H = 1, 2


@pytest.fixture
def acl(simulated):
    """Begin a simulated machine, initialised and with device 0 set; what is left alive is no failure."""

    def begin(**settings):
        module = simulated(**settings)
        assert module.init() == 0
        assert module.rt.set_device(0) == 0
        return module

    yield begin
    session._machine = None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # acl.util.start_thread took it away


@pytest.fixture
def compile_om(tmp_path):
    """An OM of a graph of one node, by the simulated atc; inputs and outputs by name with their shapes."""

    def make(node, inputs, outputs, *options, opset=13, initializers=()):
        values = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ports.items()]
            for ports in (inputs, outputs)
        ]
        nodes = node if isinstance(node, list) else [node]
        graph = helper.make_graph(nodes, "g", *values, list(initializers))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
        onnx.save(model, tmp_path / "m.onnx")
        known = {path.name for path in tmp_path.glob("*.om")}
        out = io.StringIO()
        base = (f"--model={tmp_path / 'm.onnx'}", "--framework=5", "--soc_version=Ascend310P3")
        code = atc.main([*base, f"--output={tmp_path / f'm{len(known)}'}", *options], out, out)
        assert code == 0, out.getvalue()
        [path] = [path for path in tmp_path.glob("*.om") if path.name not in known]
        return path

    return make


@dataclass
class Program:
    """What every pyACL program does: load, make datasets, copy in, run, copy out."""

    acl: ModuleType
    path: str
    model: int = 0
    desc: int = 0
    datasets: list[int] = field(default_factory=list)

    def __post_init__(self):
        self.model, code = self.acl.mdl.load_from_file(str(self.path))
        assert code == 0, self.acl.get_recent_err_msg()
        self.desc = self.acl.mdl.create_desc()
        assert self.acl.mdl.get_desc(self.desc, self.model) == 0

    def dataset(self, *sizes):
        """A dataset of fresh buffers of so many bytes; 0: none, which AscendCL makes."""
        dataset = self.acl.mdl.create_dataset()
        for size in sizes:
            address = self.acl.rt.malloc(size, 0)[0] if size else 0
            self.acl.mdl.add_dataset_buffer(dataset, self.acl.create_data_buffer(address, size))
        self.datasets.append(dataset)
        return dataset

    def place(self, dataset, index):
        """Address and size of a buffer."""
        buffer = self.acl.mdl.get_dataset_buffer(dataset, index)
        return self.acl.get_data_buffer_addr(buffer), self.acl.get_data_buffer_size_v2(buffer)

    def put(self, dataset, index, array):
        """Copy an array into a buffer."""
        address, size = self.place(dataset, index)
        assert self.acl.rt.memcpy(address, size, array.ctypes.data, array.nbytes, H2D) == 0

    def get(self, dataset, index, shape, dtype=np.float32):
        """What lies in a buffer."""
        found = np.empty(shape, dtype)
        address, _ = self.place(dataset, index)
        assert self.acl.rt.memcpy(found.ctypes.data, found.nbytes, address, found.nbytes, D2H) == 0
        return found

    def say(self, dataset, index, shape):
        """Describe a buffer of the dataset; the description is destroyed at once, since it is copied."""
        desc = self.acl.create_tensor_desc(0, list(shape), 2)
        answer = self.acl.mdl.set_dataset_tensor_desc(dataset, desc, index)
        self.acl.destroy_tensor_desc(desc)
        return answer

    def told(self, dataset, index):
        """The shape that a dataset tells of a buffer."""
        desc = self.acl.mdl.get_dataset_tensor_desc(dataset, index)
        count = self.acl.get_tensor_desc_num_dims(desc)
        return [self.acl.get_tensor_desc_dim_v2(desc, axis) for axis in range(count)]


@pytest.fixture
def program(acl):
    """Load an OM, on a machine of these settings."""

    def begin(path, **settings):
        return Program(acl(**settings), path)

    return begin

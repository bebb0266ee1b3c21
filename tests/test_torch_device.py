"""Against stand-ins for torch.npu and torch.cuda: neither device is here, and torch.cuda cannot be made to act.

What is tested is which documented functions are called, with what, and what is made of the answers.
"""

import numpy as np
import pytest

from ascendc.runtime import SessionError, TensorSpec
from ascendc.torch_device import DeviceMemory, TorchDevice
from ascendc.torch_session import TorchSession

torch = pytest.importorskip("torch")


class StandIn:
    """A device module that says what it was asked; device 1 is the current one."""

    def __init__(self, name, *, bf16=True):
        self._name, self._bf16 = name, bf16
        self.calls = []

    def current_device(self):
        return 1

    def get_device_name(self, index):
        assert index == 1
        return self._name

    def is_bf16_supported(self):
        return self._bf16

    def get_device_capability(self, index):
        return (8, 0) if self._bf16 else (7, 5)

    def __getattr__(self, name):
        answers = {"memory_allocated": 100, "memory_reserved": 300, "max_memory_allocated": 200}
        if name not in (*answers, "synchronize", "reset_peak_memory_stats", "empty_cache", *vars(self).get("more", ())):
            raise AttributeError(name)
        return lambda *args, **named: self.calls.append((name, *args, *named.items())) or answers.get(name)


class Config:
    """torch.npu.config: its attributes are set only."""


def npu(monkeypatch, *, bf16=True, more=(), config=None):
    module = StandIn("Ascend910B4", bf16=bf16)
    module.more = more
    if config is not None:
        module.config = config
    monkeypatch.setattr(torch, "npu", module, raising=False)
    return module


def cuda(monkeypatch, *, bf16=True):
    module = StandIn("NVIDIA T4", bf16=bf16)
    monkeypatch.setattr(torch, "cuda", module)
    return module


@pytest.mark.parametrize(("kind", "make"), [("npu", npu), ("cuda", cuda)])
def test_the_current_device_is_named_waited_for_and_accounted(monkeypatch, kind, make):
    module = make(monkeypatch)
    device = TorchDevice(kind)
    assert device.place == f"{kind}:1"
    assert device.name in ("npu Ascend910B4", "cuda NVIDIA T4")
    device.synchronize()
    device.reset_peak()
    device.empty_cache()
    assert device.memory() == DeviceMemory(allocated=100, reserved=300, peak=200)
    assert module.calls == [
        ("synchronize", 1),
        ("reset_peak_memory_stats", 1),
        ("empty_cache",),
        ("memory_allocated", 1),
        ("memory_reserved", 1),
        ("max_memory_allocated", 1),
    ]


def test_torch_npu_is_set_as_it_runs_best(monkeypatch):
    config = Config()
    module = npu(monkeypatch, more=("set_compile_mode",), config=config)
    TorchDevice("npu")
    assert module.calls == [("set_compile_mode", ("jit_compile", False))]
    assert vars(config) == {"allow_internal_format": False}


def test_a_torch_npu_without_those_settings_is_taken_as_it_is(monkeypatch):
    npu(monkeypatch)
    assert TorchDevice("npu").name == "npu Ascend910B4"


@pytest.mark.parametrize(("kind", "make", "name"), [("npu", npu, "npu Ascend910B4"), ("cuda", cuda, "cuda NVIDIA T4")])
def test_a_device_without_bfloat16_says_what_is_allowed(monkeypatch, kind, make, name):
    make(monkeypatch, bf16=False)
    with pytest.raises(SessionError) as error:
        TorchDevice(kind).autocast("bf16")
    assert str(error.value) == f"{name} has no bfloat16; allowed: fp32, fp16"


def test_a_session_asks_for_the_precision_before_anything_runs(monkeypatch):
    npu(monkeypatch, bf16=False)
    identity = torch.nn.Identity().eval()
    x = TensorSpec("x", "float32", (None, 3))
    with pytest.raises(SessionError, match="has no bfloat16"):
        TorchSession(identity, (x,), (x,), "npu", "bf16")


def test_every_run_waits_for_the_device(monkeypatch):
    module = npu(monkeypatch)
    monkeypatch.setattr(TorchDevice, "place", "cpu")  # where tensors can go here
    x = TensorSpec("x", "float32", (None, 3))
    with TorchSession(torch.nn.ReLU().eval(), (x,), (x,), "npu") as session:
        session.run({"x": np.ones((2, 3), np.float32)})
        assert session.engine == f"torch {torch.__version__} npu Ascend910B4 fp32"
    assert module.calls == [("synchronize", 1)]


def test_a_device_that_does_not_start_is_an_error_in_words(monkeypatch):
    class Broken:
        def current_device(self):
            raise RuntimeError("Unsupported soc version: Ascend310")

    monkeypatch.setattr(torch, "npu", Broken(), raising=False)
    with pytest.raises(SessionError) as error:
        TorchDevice("npu")
    assert str(error.value) == "npu cannot be started: Unsupported soc version: Ascend310"


@pytest.mark.skipif(torch.version.cuda is not None, reason="this torch has CUDA")
def test_torch_without_cuda_says_so():
    with pytest.raises(SessionError, match=r"^cuda cannot be started: Torch not compiled with CUDA enabled$"):
        TorchDevice("cuda")

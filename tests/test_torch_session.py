import numpy as np
import pytest

from ascendc import testing
from ascendc.model import Part, Tensor
from ascendc.runtime import SessionError, TensorSpec
from ascendc.torch_session import TorchSession, session_for

torch = pytest.importorskip("torch")

X = TensorSpec("x", "float32", (None, 3))
K = TensorSpec("k", "int32", (None,))
FEEDS = {"x": np.array([[1, 2, 3], [4, 5, 6]], np.float32), "k": np.array([7, 8], np.int32)}
OUTPUTS = (TensorSpec("y", "float32", (None, 3)), TensorSpec("same", "float32", (None, 3)), K)
HERE = f"torch {torch.__version__} cpu"


class Affine(torch.nn.Module):
    """y = 2x + 1, x itself, and k itself."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(2.0))
        self.eval()

    def forward(self, x, k):
        return self.weight * x + 1, x, k


class Greedy(torch.nn.Module):
    """Changes what it was given, and gives away a buffer of its own."""

    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.arange(6.0).reshape(2, 3))
        self.eval()

    def forward(self, x, k):
        x += 1
        k += 1
        return self.table, x, k


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(check, precision):
    check(lambda: TorchSession(Affine(), (X, K), OUTPUTS, precision=precision), FEEDS)


@pytest.mark.parametrize("check", testing.SESSION_CHECKS[:4], ids=lambda check: check.__name__)
def test_it_conforms_whatever_the_module_does(check):
    check(lambda: TorchSession(Greedy(), (X, K), OUTPUTS), FEEDS)


def test_it_computes_and_says_on_what():
    with TorchSession(Affine(), (X, K), OUTPUTS) as session:
        np.testing.assert_array_equal(session.run(FEEDS)["y"], [[3, 5, 7], [9, 11, 13]])
        assert session.engine == HERE + " fp32"


@pytest.mark.parametrize(
    ("precision", "last", "said"),
    [
        ("fp32", 2049, "fp32"),
        ("fp16", 2048, "fp16 (autocast, emulated: slower than fp32)"),  # has 11 bits
        ("bf16", 2048, "bf16 (autocast)"),  # has 8
    ],
)
def test_a_precision_rounds_as_it_must_and_is_named(precision, last, said):
    linear = torch.nn.Linear(3, 1, bias=False).eval()
    torch.nn.init.ones_(linear.weight)
    feeds = {"x": np.array([[256, 1, 0], [2048, 1, 0]], np.float32)}
    output = (TensorSpec("y", "float32", (None, 1)),)
    with TorchSession(linear, (X,), output, precision=precision) as session:
        assert session.engine == f"{HERE} {said}"
        assert session.precision == precision
        assert session.run(feeds)["y"].ravel().tolist() == [256 if precision == "bf16" else 257, last]
    assert linear.weight.dtype == torch.float32, "the module must stay as it is"


def test_the_precision_is_the_sessions_not_the_callers():
    with TorchSession(Affine(), (X, K), OUTPUTS) as session, torch.autocast("cpu", torch.bfloat16):
        assert session.run({**FEEDS, "x": np.full((2, 3), 128.25, np.float32)})["y"][0, 0] == 257.5


def test_warming_up_runs_and_gives_nothing():
    ran = []
    module = torch.nn.Identity().eval()
    module.register_forward_hook(lambda *_: ran.append(1))
    with TorchSession(module, (X,), (TensorSpec("y", "float32", (None, 3)),)) as session:
        session.warm_up({"x": FEEDS["x"]}, 3)
        assert len(ran) == 3
        with pytest.raises(SessionError, match=r"^inputs must be \['x'\]; got \[\]$"):
            session.warm_up({}, 3)


def test_a_cpu_has_no_account_of_memory_and_nothing_to_wait_for():
    with TorchSession(Affine(), (X, K), OUTPUTS) as session:
        session.synchronize()
        session.reset_peak()
        session.empty_cache()
        assert session.memory() is None


def test_a_single_tensor_needs_no_tuple():
    with TorchSession(torch.nn.ReLU().eval(), (X,), (TensorSpec("y", "float32", (None, 3)),)) as session:
        np.testing.assert_array_equal(session.run({"x": -FEEDS["x"]})["y"], np.zeros((2, 3)))


def test_symbolic_axes_of_a_part_take_any_size():
    part = Part("p", (Tensor("x", "float32", ("batch", 3)), Tensor("k", "int32", ("batch",))), _tensors(OUTPUTS))
    with session_for(Affine(), part) as session:
        assert session.inputs == (X, K)
        assert session.outputs == OUTPUTS
        assert session.run(FEEDS)["k"].dtype == np.int32


def _tensors(specs):
    return tuple(Tensor(s.name, s.dtype, tuple("batch" if n is None else n for n in s.shape)) for s in specs)


def test_a_module_in_training_mode_is_refused():
    with pytest.raises(SessionError, match=r"^Affine must be in eval mode$"):
        TorchSession(Affine().train(), (X, K), OUTPUTS)


def test_a_wrong_number_of_outputs_is_refused():
    with TorchSession(Affine(), (X, K), OUTPUTS[:2]) as session, pytest.raises(SessionError) as error:
        session.run(FEEDS)
    assert str(error.value) == "the module must return 2 tensors (y, same), not 3"


def test_a_module_that_fails_says_where():
    session = TorchSession(torch.nn.Embedding(4, 2).eval(), (K,), (TensorSpec("y", "float32", (None, 2)),))
    with session, pytest.raises(SessionError) as error:
        session.run({"k": np.array([9], np.int32)})
    assert str(error.value) == f"{HERE} fp32 failed: index out of range in self"


# -- on an accelerator -------------------------------------------------------------------------------------------

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@needs_cuda
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
def test_it_conforms_on_cuda(check, precision):
    check(lambda: TorchSession(Affine(), (X, K), OUTPUTS, "cuda", precision), FEEDS)


@needs_cuda
def test_the_module_stays_on_the_host():
    module = Affine()
    with TorchSession(module, (X, K), OUTPUTS, "cuda", "fp16") as session:
        assert session.engine == f"torch {torch.__version__} cuda {torch.cuda.get_device_name()} fp16 (autocast)"
    assert module.weight.device.type == "cpu"


@needs_cuda
def test_memory_on_cuda_is_counted():
    with TorchSession(Affine(), (X, K), OUTPUTS, "cuda") as session:
        session.reset_peak()
        session.run(FEEDS)
        memory = session.memory()
    assert 0 < memory.allocated <= memory.peak <= memory.reserved


def test_it_computes_on_tensors_that_are_there():
    class Counting(Affine):
        seen = ()

        def forward(self, x, k):
            self.seen = (*self.seen, x)
            return super().forward(x, k)

    module = Counting()
    with TorchSession(module, (X, K), OUTPUTS) as session:
        compute = session.resident(FEEDS)
        assert (compute(), compute()) == (None, None)
        first, second = module.seen
        assert first is second
        assert torch.equal(first, torch.tensor(FEEDS["x"]))
    with pytest.raises(SessionError, match="the session is closed"):
        compute()

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from ascendc import testing
from ascendc.runtime import SessionError, TensorSpec, open_session

FEEDS = {"x": np.array([[1, 2, 3], [4, 5, 6]], np.float32), "k": np.array([7, 8], np.int32)}
HERE = f"onnxruntime {onnxruntime.__version__}"


@pytest.mark.parametrize("batch", ["batch", 2])
@pytest.mark.parametrize("check", testing.SESSION_CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(check, batch, write_onnx):
    path = write_onnx(batch)
    check(lambda: open_session(path, "cpu"), FEEDS)


def test_it_computes(write_onnx):
    with open_session(write_onnx()) as session:
        results = session.run(FEEDS)
        assert session.engine == HERE + " CPUExecutionProvider"
        assert session.inputs == (TensorSpec("x", "float32", (None, 3)), TensorSpec("k", "int32", (None,)))
    np.testing.assert_array_equal(results["y"], [[3, 5, 7], [9, 11, 13]])
    np.testing.assert_array_equal(results["double"], [14, 16])


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SessionError) as error:
        open_session(tmp_path / "a.onnx")
    assert str(error.value) == "model `{}` does not exist".format(tmp_path / "a.onnx")


def test_an_unknown_kind_is_refused(tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(b"")
    with pytest.raises(SessionError) as error:
        open_session(path)
    assert str(error.value) == f"model `{path}` must end in .onnx or .om"


def test_an_om_is_refused_in_words(tmp_path):
    path = tmp_path / "image.om"
    path.write_bytes(b"IMOD")
    with pytest.raises(SessionError) as error:
        open_session(path)
    assert str(error.value) == (
        "an .om needs CANN's Python module acl (No module named 'acl'): source its set_env.sh, then run again"
    )
    with pytest.raises(SessionError) as error:
        open_session(path, "cpu")
    assert str(error.value) == f"`{path}` runs on an NPU; allowed: auto, npu, not cpu"


def test_an_unknown_device_is_refused(write_onnx):
    with pytest.raises(SessionError, match=r"^device must be one of auto, npu, cuda, cpu, not `tpu`$"):
        open_session(write_onnx(), "tpu")


@pytest.mark.parametrize(("device", "provider"), [("npu", "CANNExecutionProvider"), ("cuda", "CUDAExecutionProvider")])
def test_a_device_that_onnxruntime_lacks_is_refused(device, provider, write_onnx):
    if provider in onnxruntime.get_available_providers():
        pytest.skip(f"this onnxruntime has {provider}")
    with pytest.raises(SessionError) as error:
        open_session(write_onnx(), device)
    start = f"device `{device}` needs {provider}, which {HERE} here lacks; allowed: auto, "
    assert str(error.value).startswith(start)


def test_a_file_that_is_no_onnx_is_refused(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a protobuf")
    with pytest.raises(SessionError) as error:
        open_session(path)
    assert str(error.value).startswith(f"`{path}` cannot be loaded by onnxruntime: ")


def test_an_engine_that_fails_says_where(write_onnx):
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "i"], ["y"])],
        "lookup",
        [helper.make_tensor_value_info("i", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])],
        [helper.make_tensor("table", TensorProto.FLOAT, [2], [1.0, 2.0])],
    )
    path = write_onnx.graph(graph, "lookup.onnx")
    with open_session(path, "cpu") as session, pytest.raises(SessionError) as error:
        session.run({"i": np.array([5])})
    assert str(error.value).startswith(f"`{path}` failed in {HERE} CPUExecutionProvider: ")


def test_an_output_that_is_no_tensor_is_refused(write_onnx):
    graph = helper.make_graph(
        [helper.make_node("SequenceConstruct", ["x"], ["s"])],
        "sequence",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)],
    )
    path = write_onnx.graph(graph, "sequence.onnx")
    with pytest.raises(SessionError) as error:
        open_session(path)
    assert str(error.value).startswith(f"`s` of `{path}` is a seq(tensor(float)); allowed: tensor(float), ")


def test_it_computes_on_inputs_that_are_bound(write_onnx):
    with open_session(write_onnx(), "cpu") as session:
        compute = session.resident(FEEDS)
        for _ in range(2):
            assert compute() is None
        np.testing.assert_array_equal(session.run(FEEDS)["double"], [14, 16])
        with pytest.raises(SessionError, match="input `k` must be int32, not int64"):
            session.resident({**FEEDS, "k": np.array([7, 8])})

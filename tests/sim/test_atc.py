from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ascendc.cann.om.file import read
from ascendc.cann.om.interface import Gears
from ascendc.runtime.om import OmSession
from ascendc.sim import atc
from ascendc.sim.settings import Settings
from ascendc.sim.tree import plant

AIPP = """aipp_op {
  aipp_mode: static
  input_format: RGB888_U8
  src_image_size_w: 4
  src_image_size_h: 4
  min_chn_0: 127.5
  min_chn_1: 127.5
  min_chn_2: 127.5
  var_reci_chn_0: 0.0078431373
  var_reci_chn_1: 0.0078431373
  var_reci_chn_2: 0.0078431373
}
"""


@pytest.fixture
def model(tmp_path):
    """Write y = mean over height and width of x [batch, 3, 4, 4]; `op` takes the place of the mean."""

    def write(op="ReduceMean", opset=13, **attributes):
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 4, 4])
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])
        node = helper.make_node(op, ["x"], ["y"], name="pool", **(attributes or {"axes": [2, 3], "keepdims": 0}))
        graph = helper.make_graph([node], "g", [x], [y])
        path = tmp_path / "m.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7), path)
        return path

    return write


@pytest.fixture
def run(tmp_path):
    def compile_(path, *more, soc="Ascend310P3", shape="x:2,3,4,4"):
        options = (f"--model={path}", "--framework=5", f"--output={tmp_path / 'm'}", f"--soc_version={soc}")
        out, err = io.StringIO(), io.StringIO()
        code = atc.main([*options, f"--input_shape={shape}", *more], out, err)
        return code, out.getvalue(), err.getvalue()

    return compile_


def test_success_is_said_as_atc_says_it_and_marked(run, model, tmp_path):
    code, out, err = run(model())
    assert (code, err) == (0, "")
    first, last = out.splitlines()
    assert first == "ATC start working now, please wait for a moment. (simulated)"
    assert last == "ATC run success, welcome to the next use. (simulated: m.om runs on no device)"
    found = read(tmp_path / "m.om")
    assert (found.simulated, found.soc_version, found.framework) == (True, "Ascend310P3", "onnx")
    assert found.atc_cmdline.startswith(f"atc --model={tmp_path / 'm.onnx'} --framework=5 ")
    assert [(port.name, port.shape) for port in (*found.inputs, *found.outputs)] == [
        ("x", (2, 3, 4, 4)),
        ("sim_0:0:y", (2, 3)),
    ]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--dynamic_batch_size=4",), "E10035: --dynamic_batch_size has one gear; ATC wants at least two"),
        (("--precision_mode=fast",), "E10001: --precision_mode must not be `fast`"),
        (("--insert_op_conf=none.cfg",), "E10410: "),
    ],
)
def test_a_refusal_ends_with_255_at_the_first_error(run, model, options, line, tmp_path):
    code, out, _ = run(model(), *options, shape="x:-1,3,4,4" if "dynamic" in options[0] else "x:2,3,4,4")
    lines = out.splitlines()
    assert code == 255
    assert lines[1] == "ATC run failed, Please check the detail log, Try 'atc --help' for more information"
    assert lines[2].startswith(line)
    assert not (tmp_path / "m.om").exists()


def test_an_unknown_flag_is_plain_text_without_a_code(run, model):
    code, out, err = run(model(), "--nonsense=1")
    assert (code, out, err) == (255, "", "ERROR: unknown command line flag 'nonsense' (simulated)\n")


def test_an_operator_that_the_parser_does_not_know(run, model):
    code, out, _ = run(model("ReduceL2", 18, keepdims=0))
    assert code == 255
    assert "E16002: No ONNX parser is registered for [ai.onnx::18::ReduceL2], node [pool]." in out


def test_what_the_aipp_kernel_refuses_comes_as_an_operator_that_does_not_compile(run, model, tmp_path):
    config = tmp_path / "aipp.cfg"
    config.write_text(AIPP.replace("src_image_size_w: 4", "src_image_size_w: 8"))
    code, out, _ = run(model(), f"--insert_op_conf={config}", "--input_format=NCHW")
    assert code == 255
    assert "E20001: Compile operator [aipp] failed." in out
    assert "Compile op[aipp] failed, cause: " in out


@pytest.mark.parametrize(
    ("option", "shape", "gears"),
    [
        ("--dynamic_batch_size=1,2,4", "x:-1,3,4,4", Gears("batch", ((1,), (2,), (4,)))),
        ("--dynamic_dims=1;4", "x:-1,3,4,4", Gears("dims", ((1,), (4,)))),
    ],
)
def test_gears_are_compiled_and_run(simulated, run, model, tmp_path, option, shape, gears):
    assert run(model(), option, shape=shape)[0] == 0
    assert read(tmp_path / "m.om").gears == gears
    simulated()
    x = np.random.default_rng(0).random((4, 3, 4, 4), np.float32)
    with OmSession(str(tmp_path / "m.om")) as session:
        found = session.run({"x": x})["y"]
    np.testing.assert_allclose(found, x.mean((2, 3)), atol=2e-3)


def test_weights_in_a_file_of_their_own_come_along(simulated, run, model, tmp_path):
    path = model("Conv")
    graph = onnx.load(path)
    w = np.random.default_rng(0).random((2, 3, 4, 4), np.float32)
    graph.graph.node[0].input.append("w")
    del graph.graph.node[0].attribute[:]
    graph.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1
    graph.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1
    graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2
    graph.graph.initializer.append(onnx.numpy_helper.from_array(w, "w"))
    onnx.save(graph, path, save_as_external_data=True, location="m.bin", size_threshold=0)
    code, out, _ = run(path)
    assert code == 0, out
    (tmp_path / "m.bin").unlink()
    simulated()
    x = np.random.default_rng(1).random((2, 3, 4, 4), np.float32)
    with OmSession(str(tmp_path / "m.om")) as session:
        found = session.run({"x": x})["y"]
    np.testing.assert_allclose(found[..., 0, 0], np.einsum("nchw,kchw->nk", x, w), rtol=2e-3)


def test_a_graph_that_contradicts_itself(run, model):
    path = model("MatMul")  # with one input
    code, out, _ = run(path)
    assert code == 255
    assert "E19999: Inner Error! onnxruntime does not take the graph: " in out


def test_aipp_takes_pixels_and_normalises(simulated, run, model, tmp_path):
    config = tmp_path / "aipp.cfg"
    config.write_text(AIPP)
    assert run(model(), f"--insert_op_conf={config}", "--input_format=NCHW")[0] == 0
    simulated()
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)
    with OmSession(str(tmp_path / "m.om")) as session:
        assert (session.inputs[0].dtype, session.inputs[0].shape) == ("uint8", (2, 4, 4, 3))
        found = session.run({"x": pixels})["y"]
    np.testing.assert_allclose(found, (pixels / 127.5 - 1).mean((1, 2)), atol=2e-3)


def test_precision_shows(simulated, run, model, tmp_path):
    x = np.full((2, 3, 4, 4), 1 / 3, np.float32)
    answers = {}
    simulated()
    for mode in ("force_fp16", "must_keep_origin_dtype"):
        assert run(model(), f"--precision_mode={mode}")[0] == 0
        with OmSession(str(tmp_path / "m.om")) as session:
            answers[mode] = float(session.run({"x": x})["y"][0, 0])
    assert answers["force_fp16"] == float(np.float16(1 / 3))
    assert abs(answers["must_keep_origin_dtype"] - 1 / 3) < 1e-7


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("op-compile", 255, "E20001: Compile operator [MatMulV2] failed."),
        ("python", 255, "E40020: Failed to import Python module [decorator]."),
        ("killed", -9, "ATC start working now"),
        ("crash", -11, "ATC start working now"),
        ("loader", 127, ""),
        ("write", 255, "E13004: Failed to write the OM."),
        ("lies", 0, "ATC run success"),
    ],
)
def test_faults_on_demand(model, tmp_path, fault, status, said):
    command = [sys.executable, "-m", "ascendc.sim.atc", f"--model={model()}", "--framework=5"]
    command += [f"--output={tmp_path / 'm'}", "--soc_version=Ascend310P3", "--input_shape=x:1,3,4,4"]
    env = {**os.environ, "ASCENDC_SIM_ATC_FAULT": fault, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert said in done.stdout
    assert done.stdout.count("TraceBack (most recent call last):") == (status == 255)
    assert ("error while loading shared libraries: libascend_hal.so" in done.stderr) == (fault == "loader")
    assert not (tmp_path / "m.om").exists()


def test_an_om_that_is_cut_short(run, model, tmp_path, monkeypatch):
    monkeypatch.setenv("ASCENDC_SIM_ATC_FAULT", "truncated")
    assert run(model())[0] == 0
    with pytest.raises(Exception, match=r"is a damaged OM: .* the file is cut short"):
        read(tmp_path / "m.om")


def test_a_shell_finds_atc_npu_smi_and_acl(tmp_path):
    """By the script that CANN's own installations are used by."""
    script = plant(tmp_path / "a b", Settings("Ascend310B4", 0, 2))
    program = "import acl; acl.init(); print(acl.get_soc_name(), *acl.rt.get_device_count(), *acl.rt.get_run_mode())"
    lines = f"source '{script}'; npu-smi info; atc --help >/dev/null; python3 -c '{program}'"
    done = subprocess.run(
        ["bash", "-c", lines.replace("python3", f"'{sys.executable}'")], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "Ascend310B4 2 0 0 0"
    from ascendc.cann.npu_smi import chips, exact

    assert [exact(chip.name) for chip in chips(done.stdout)] == ["Ascend310B4"] * 2

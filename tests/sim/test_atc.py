from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ascendc.cann.atc.table import table
from ascendc.cann.om.file import read
from ascendc.cann.om.interface import Gears
from ascendc.runtime.om import OmSession
from ascendc.sim import atc, npu_smi
from ascendc.sim.refusal import UNSIMULATED
from ascendc.sim.settings import Settings
from ascendc.sim.tree import SITE, plant

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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--nonsense=1",), "unknown command line flag 'nonsense'"),
        (("stray", "--nonsense"), "unknown command line flag 'nonsense'"),
        (("stray",), "Non-option parameter: stray"),
        (("precision_mode=fast",), "Non-option parameter: precision_mode=fast"),
        ((" ",), "Non-option parameter:  "),
        (("--precision_mode",), "flag 'precision_mode' is missing its argument"),
    ],
)
def test_words_that_are_no_options_are_told_without_a_code(run, model, words, said):
    code, out, err = run(model(), *words)
    assert (code, out, err) == (255, "", f"ERROR: {said} (simulated)\n")


def test_where_an_om_cannot_be_written(run, model, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.om").mkdir()
    for output, why in (
        (tmp_path / "file/m", "File exists"),
        ("/proc/x/m", "No such file or directory"),
        (tmp_path / "folder", "Is a directory"),
        (tmp_path / ("m" * 300), "File name too long"),
    ):
        code, out, _ = run(model(), f"--output={output}")
        assert code == 255
        assert f"\nE13004: {output}.om cannot be written: {why}.\n" in out


def test_a_model_that_cannot_be_opened(run, tmp_path):
    for path in (tmp_path / "none.onnx", tmp_path, tmp_path / ("m" * 300)):
        code, out, _ = run(path)
        assert code == 255
        assert f"\nE10410: {path} does not exist or cannot be read.\n" in out


def test_a_model_that_is_not_whole(run, model):
    path = model()
    graph = onnx.load(path)
    graph.graph.initializer.append(TensorProto(name="w", data_type=99, dims=[1], raw_data=b"1"))
    onnx.save(graph, path)
    code, out, _ = run(path)
    assert code == 255
    assert f"\nE13005: `{path}` contradicts itself: " in out
    weight = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="gone.bin")
    graph.graph.initializer[-1].CopyFrom(weight)
    path.write_bytes(graph.SerializeToString())
    code, out, _ = run(path)
    assert code == 255
    assert f"\nE13005: external data `{path.parent / 'gone.bin'}` of `{path}` does not exist (`w`)\n" in out


def test_a_log_that_cannot_be_kept_changes_nothing(run, model, monkeypatch):
    monkeypatch.setenv("ASCEND_PROCESS_LOG_PATH", "/proc/x")
    code, out, _ = run(model(), "--precision_mode=fast")
    assert code == 255
    assert "\nE10001: --precision_mode must not be `fast`" in out


def test_a_machine_that_cannot_be_meant(run, model, monkeypatch, capsys):
    monkeypatch.setenv("ASCENDC_SIM_DEVICES", "0")
    said = "ascendc sim: ASCENDC_SIM_DEVICES must be a number from 1 to 64, not `0`\n"
    assert run(model()) == (255, "", said)
    assert npu_smi.main(["info"]) == 1
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    "option",
    [
        *("--mode=1 --om=m.om --json=m.json", "--mode=3", "--mode=7"),
        *("--framework=1", "--external_weight=1", "--save_original_model=true", "--out_nodes=pool:0"),
        "--output_type=HIF8",
    ],
)
def test_what_is_not_simulated_is_refused(run, model, tmp_path, option):
    soc = "Ascend950PR_9599" if "HIF8" in option else "Ascend310P3"
    code, out, _ = run(model(), *option.split(), soc=soc)
    assert code == 255
    assert f"\nE10001: not simulated: {option.split()[0]}\n" in out
    assert not list(tmp_path.glob("*.om*"))


@pytest.mark.parametrize("words", ["--mode=6 --om=m.om", "--singleop=ops.json --output=ops --soc_version=Ascend310P3"])
def test_what_is_not_simulated_is_refused_without_a_model_too(words):
    out = io.StringIO()
    assert atc.main(words.split(), out) == 255
    assert f"\nE10001: not simulated: {words.split()[0]}\n" in out.getvalue()


@pytest.mark.parametrize(
    ("soc", "why"),
    [
        ("Ascend950PR_9599", ""),
        ("Ascend610", ": no operators of `ascend610` are in ascendc's tables; there are: ascend310, "),
    ],
)
def test_a_chip_whose_operators_are_not_known_is_refused(run, model, soc, why):
    code, out, _ = run(model(), soc=soc)
    assert code == 255
    assert f"\nE10001: not simulated: --soc_version={soc}{why}" in out


def test_the_old_name_of_a_chip(run, model, tmp_path):
    assert run(model(), soc="Ascend910")[0] == 0
    assert read(tmp_path / "m.om").soc_version == "Ascend910A"


def test_the_options_that_are_not_simulated_are_atc_s(run, model):
    assert set(UNSIMULATED) <= set(table())
    assert run(model(), "--external_weight=0", "--save_original_model=false", "--out_nodes=")[0] == 0


@pytest.mark.parametrize("mode", ["force_fp16", "must_keep_origin_dtype"])
def test_inputs_that_shall_be_halves(simulated, run, model, tmp_path, mode):
    assert run(model(), "--input_fp16_nodes=x", f"--precision_mode={mode}")[0] == 0
    simulated()
    x = np.random.default_rng(0).random((2, 3, 4, 4)).astype(np.float16)
    with OmSession(str(tmp_path / "m.om")) as session:
        assert (session.inputs[0].dtype, session.outputs[0].dtype) == ("float16", "float32")
        found = session.run({"x": x})["y"]
    np.testing.assert_allclose(found, x.astype(np.float32).mean((2, 3)), atol=2e-3)


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
    config.write_bytes("# 归一化\n".encode("gbk") + AIPP.encode())
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


def test_a_python_without_ascendc_says_which_has_it(tmp_path):
    script = plant(tmp_path, Settings())
    ask = f"source '{script}'; unset PYTHONHOME; PYTHONPATH='{SITE}' '{sys.executable}' -S -c 'import acl'"
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: the simulated acl needs ascendc, which {sys.executable} cannot import: run {sys.executable}"
    )


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

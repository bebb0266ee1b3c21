"""What a failed run of ATC means, in the message that ends a build."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from ascendc.errors import StageError
from ascendc.toolchain.local import Local

FAIL = "echo 'ATC start working now, please wait for a moment.'\necho 'ATC run failed, Please check the detail log'\n"
NO_PARSER = "E16002: No parser is there for Op [/norm/ReduceL2, optype [ai.onnx::18::ReduceL2]]."

MEANING = (
    "ATC has no ONNX parser for an operator at the opset of the model: the look-up is by domain, opset and operator "
    "together, and exact. Here: ReduceL2: 1 of 1 nodes of image.onnx: /norm/ReduceL2; looked up: "
    "ai.onnx::18::ReduceL2; ReduceL2 has a parser at opsets 8–17 (CANN of 2026-08). Export at another opset (13 or 17 "
    "are safe; 11 for CANN 5 and older), or rewrite the operator with others; never only relabel the opset."
)
NO_MODULE = (
    "The Python that ATC loads lacks a module. Here: module sympy. Install it into that very Python, not into a "
    "virtual environment that ATC does not use."
)


@pytest.fixture
def graph_job(job):
    """A job whose model is an ONNX graph with a ReduceL2."""

    def make():
        made = job()
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            [helper.make_node("ReduceL2", ["x"], ["y"], name="/norm/ReduceL2")],
            "norm",
            [value("x", TensorProto.FLOAT, [1, 3, 4, 4])],
            [value("y", TensorProto.FLOAT, [1, 1, 1, 1])],
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), made.onnx)
        return made

    return make


def failure(job, target, workspace):
    with pytest.raises(StageError) as caught:
        Local(target).compile(job, workspace)
    error = caught.value
    return error, error.message.rpartition("; its log: ")[2]


def test_what_atc_says_is_explained_with_its_place_in_the_graph(cann, graph_job, target, workspace):
    cann(f"{FAIL}echo '{NO_PARSER}'\nexit 255")
    error, log = failure(graph_job(), target, workspace)
    assert error.id == "ASC1749"
    assert error.message == f"ATC for image @ edge failed with exit status 255: {NO_PARSER}; its log: {log}"
    assert str(error).splitlines()[1:] == [
        f"  hint: {MEANING}",
        f"        ascendc explain -f {log}",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "ascendc", *error.hint.splitlines()[-1].split()[1:]],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("E16002 (operator): ATC has no ONNX parser")


def test_the_reason_is_found_in_what_atc_keeps_in_logs_of_its_own(cann, job, target, workspace):
    plog = (
        "[ERROR] TBE(7,atc.bin):2026-01-02-03:04:05.678.910 [array_ops.cc:22][OP_PROTO] Expand InferShape:22 "
        "OpName:[Expand_4] no constant"
    )
    write = f"mkdir -p $ASCEND_PROCESS_LOG_PATH/debug; echo '{plog}' >$ASCEND_PROCESS_LOG_PATH/debug/plog-7.log"
    cann(f"{FAIL}{write}\necho 'E19999: Inner Error!'\nexit 255")
    error, log = failure(job(), target, workspace)
    assert error.message == f"ATC for image @ edge failed with exit status 255: E19999: Inner Error!; its log: {log}"
    assert error.hint == (
        "The shape of a node's output cannot be inferred: its inputs do not fit, or a shape is not constant. "
        "Here: node Expand_4. Compare --input_shape with what the model expects, and fold constants before ATC: "
        f"`ascendc check` does, and shows what remains.\n        ascendc explain -f {log}"
    )


def test_a_hint_that_was_there_stays(cann, job, target, workspace):
    cann(f"{FAIL}echo \"E40020: import: No module named 'sympy'\"\nexit 255")
    error, log = failure(job(), target, workspace)
    assert error.id == "ASC1745"
    assert error.hint.splitlines() == [
        NO_MODULE,
        "        export ASCENDC_PYTHON=/path/to/python3",
        f"        ascendc explain -f {log}",
    ]


@pytest.mark.parametrize(
    ("says", "id", "hint"),
    [
        ("echo 'something nobody knows'", "ASC1749", None),
        ("echo 'W11001: slow'", "ASC1749", None),
        ("echo '[ERROR] RUNTIME(7,atc.bin):2026 [a.cc:1]7 F:ErrCode=507899'", "ASC1749", None),
        ("sleep 60", "ASC1740", "export ASCENDC_TIME_LIMIT=2"),
    ],
)
def test_what_is_not_known_is_not_explained(cann, job, target, workspace, says, id, hint):
    cann(f"{FAIL}{says}\nexit 255")
    with pytest.raises(StageError) as caught:
        Local(target).compile(job(1.0), workspace)
    assert (caught.value.id, caught.value.hint) == (id, hint)


def test_a_log_whose_path_has_a_space_can_be_pasted(tmp_path):
    from ascendc.toolchain.verdict import Failure

    error = Failure("ASC1749", "failed").error("image @ edge", Path(tmp_path / "a b" / "log"), "Why. What.")
    assert error.hint == f"Why. What.\n        ascendc explain -f '{tmp_path}/a b/log'"

"""Logs as releases lay them out: with and without brackets, process and time, before the code or behind it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ascendc.cann.explain import diagnosis
from ascendc.cann.explain.logs import Log
from ascendc.cann.explain.where import Model
from ascendc.cann.outline import Node, Outline, Port
from ascendc.errors import UsageError

START = "ATC start working now, please wait for a moment.\n...\n"
FAILED = START + "ATC run failed, Please check the detail log, Try 'atc --help' for more information\n"
PID = "[PID: 4711] 2026-03-04-05:06:07.891.011 "

MODEL = Model(
    "clip.onnx",
    2_340_000_000,
    Outline(
        (Port("pixel_values", "float32", ("batch", 3, 224, 224)), Port("input_ids", "int64", ("batch", 77))),
        (Port("image_embeds", "float32", ("batch", 512)),),
        (
            Node("/conv/Conv", "Conv", "", ("pixel_values", "w"), ("c",)),
            Node("/norm/ReduceL2", "ReduceL2", "", ("c", "axes"), ("n",)),
            Node("/norm2/ReduceL2", "ReduceL2", "", ("n", "axes"), ("m",)),
            Node("", "Gather", "", ("m", "input_ids"), ("/g_out",)),
            Node("/same", "Add", "", ("/g_out", "b"), ("a1",)),
            Node("/same", "Add", "", ("a1", "b"), ("image_embeds",)),
        ),
        (("", 18), ("", 11), ("com.microsoft", 1)),
        8,
    ),
)
ONE_OPSET = Model(
    "clip.onnx", 600_000_000, Outline(MODEL.outline.inputs, MODEL.outline.outputs, MODEL.outline.nodes, (("", 18),), 8)
)


def of(text, model=None, language="en"):
    content = text if isinstance(text, bytes) else text.encode()
    return diagnosis.of_logs([Log("atc.log", content)], language, model)


@dataclass
class Case:
    log: str
    id: str
    where: tuple[str, ...] = ()
    """With `ONE_OPSET`."""
    others: tuple[str, ...] = ()


INPUTS = ("input pixel_values: float32 batch×3×224×224", "input input_ids: int64 batch×77")
NORM = "node /norm/ReduceL2: ReduceL2, inputs c, axes"
TWO = "ReduceL2: 2 of 6 nodes of clip.onnx: /norm/ReduceL2, /norm2/ReduceL2"
LOOKED_UP = "looked up: ai.onnx::18::ReduceL2"

CASES = {
    "no parser, in brackets": Case(
        FAILED + "E16002: No parser for operator [/norm/ReduceL2], optype [ai.onnx::18::ReduceL2].\n"
        "        Solution: Ask.\n        TraceBack (most recent call last):\n"
        "        Adapter failed[FUNC:AdapterOpType][FILE:onnx_parser.cc][LINE:639]\n",
        "E16002",
        (LOOKED_UP, "clip.onnx declares opset 18", TWO, NORM),
    ),
    "no parser, bare, time before the code": Case(
        FAILED + PID + "E16002: no parser known for optype ai.onnx::18::ReduceL2\n",
        "E16002",
        (LOOKED_UP, "clip.onnx declares opset 18", TWO),
    ),
    "no parser, the old code": Case(
        FAILED + "E19010: " + PID + "no parser for Op [some div node, optype [ai.onnx::23::Div]].\n",
        "E19010",
        (
            "looked up: ai.onnx::23::Div",
            "clip.onnx declares opset 18, the log is of a model with opset 23",
            "opset 23 is above 18, the last that ATC has parsers for: nearly every operator is refused, "
            "not this one alone",
            "Div is no operator of clip.onnx itself: ATC made it of another one",
        ),
    ),
    "no parser, and a wrapper": Case(
        FAILED + "E19999: Inner Error!\nE19999  parse failed[FUNC:Parse][FILE:parser.cc][LINE:1]\n"
        "EZ9010: no parser for Op [x, optype [ai.onnx::18::ReduceL2]]\n",
        "EZ9010",
        (LOOKED_UP, "clip.onnx declares opset 18", TWO),
        ("E19999",),
    ),
    "an input that is not there": Case(
        FAILED + "E10016: Opname [pixel_value] of parameter [--input_shape] is not there.\n",
        "E10016",
        ("`pixel_value` is not in clip.onnx; did you mean `pixel_values`?", *INPUTS),
    ),
    "an input that is not there, bare": Case(
        FAILED + "E10016: " + PID + "opname Input_IDs specified in input_shape is not there\n",
        "E10016",
        ("`Input_IDs` is not in clip.onnx; did you mean `input_ids`?", *INPUTS),
    ),
    "a node for an input": Case(
        FAILED + "E10017: Op [/conv/Conv] in [--input_shape] is no Data\n",
        "E10017",
        ("`/conv/Conv` is inside the graph, not an input", *INPUTS),
    ),
    "an output that is not there": Case(
        FAILED + "E11017: [--out_nodes] has [image_embed]\n",
        "E11017",
        ("`image_embed` is not in clip.onnx; did you mean `image_embeds`?", "output image_embeds"),
    ),
    "an unknown SoC": Case(
        FAILED + "E20101: Value [Ascend310P] for parameter [soc_version] is invalid. Reason: no platform file.\n",
        "soc-unknown",
        (
            "`Ascend310P` is no chip's exact name; did you mean `Ascend310P1` or `Ascend310P3` or `Ascend310P5` or "
            "`Ascend310P7`?",
        ),
    ),
    "a SoC in the wrong case, bare": Case(
        FAILED + "E10001: " + PID + "value ascend310p3 of soc_version is invalid\n",
        "soc-unknown",
        ("`ascend310p3` is no chip's exact name; did you mean `Ascend310P3`?",),
    ),
    "bf16 on a chip without": Case(
        FAILED + "E20101: Value [mixed_bfloat16] for [precision_mode_v2] is invalid on Ascend310P3\n",
        "precision-soc",
        ("SoC Ascend310P3",),
    ),
    "an empty parameter": Case(
        FAILED + "E10054: The parameter [--soc_version] is empty.\n", "E10054", ("option --soc_version",)
    ),
    "a symbolic input": Case(
        FAILED + "E10001: Value [-1] for parameter [pixel_values] is invalid. Reason: set input_shape\n",
        "symbolic-input",
        (*INPUTS, 'for example --input_shape="pixel_values:1,3,224,224;input_ids:1,77"'),
    ),
    "a value outside its list": Case(
        FAILED + "E10001: Value [fp17] for parameter [--precision_mode] is invalid.\n",
        "E10001",
        ("option --precision_mode", *INPUTS),
    ),
    "a space in a path": Case(
        FAILED + "E10410: File [/home/u/my models/clip.onnx] not found\n",
        "path-characters",
        ("/home/u/my models/clip.onnx: not taken: space",),
    ),
    "a plus in a path, bare": Case(
        FAILED + "E13026: path /home/u/a+b=c/clip.onnx is not valid\n", "path-characters"
    ),
    "a good path that is not there": Case(
        FAILED + "E13026: path /home/u/clip.onnx is not valid, see check.json\n",
        "E13026",
        ("path /home/u/clip.onnx",),
    ),
    "above 2 GB": Case(
        FAILED + "E10041: Cannot load the model\nE13005: parse\n",
        "E10041",
        ("clip.onnx has 0.60 GB",),
        ("E13005",),
    ),
    "an OM above 2 GB": Case(FAILED + "E13023: item too large\n", "E13023", ("clip.onnx has 0.60 GB",)),
    "a fraction in the AIPP file": Case(
        FAILED + 'E13018: Failed to parse [aipp.cfg]: 3:14: Expected integer in field "mean_chn_0"\n',
        "E13018",
        ("AIPP field mean_chn_0",),
    ),
    "names of nodes twice": Case(FAILED + "E13009: dup\n", "E13009", ("name of 2 nodes: /same",)),
    "no kernel": Case(
        FAILED + "EZ3002: " + PID + "Optype [ReduceL2] of kernel lib [X] is unsupported. Reason: dtype.\n"
        "EZ3003: No kernel for [/norm/ReduceL2], optype [ReduceL2].\n        TraceBack (most recent call last):\n"
        "        build failed, ret:-1[FUNC:BuildModel][FILE:g.cc][LINE:1]\n",
        "EZ3002",
        (TWO, NORM),
        ("EZ3003",),
    ),
    "no kernel, of ATC's own type": Case(
        FAILED + "EZ3003: no kernel for node:/norm/ReduceL2(LpNormV2)\n",
        "EZ3003",
        ("LpNormV2 is no operator of clip.onnx itself: ATC made it of another one", NORM),
    ),
    "no definition": Case(
        FAILED + "E10501: IR for Op [/conv/Conv, optype [Conv2D]] is not there\n",
        "E10501",
        ("Conv2D is no operator of clip.onnx itself: ATC made it of another one",),
    ),
    "an operator at one gear": Case(
        FAILED + "E20001: Failed to compile Op StridedSliceD /norm/ReduceL2_ascend_mbatch_batch_5\n",
        "E20001",
        (NORM, "StridedSliceD is no operator of clip.onnx itself: ATC made it of another one"),
    ),
    "what an operator checks": Case(
        FAILED + "E20001: compile of [/conv/Conv] failed\nE90003: In op[conv2d], pad [9] is too large\n",
        "E90003",
        ("node /conv/Conv: Conv, inputs pixel_values, w",),
        ("E20001",),
    ),
    "an unknown code of operators": Case(
        FAILED + "E20001: compile failed\nE50031: In op[conv2d], something\n", "E5", (), ("E20001",)
    ),
    "an internal error with a shape": Case(
        FAILED + "E19999: Inner Error!\n"
        "E19999  [InferShape] the axes of node:/norm/ReduceL2(LpNormV2) differ[FUNC:InferShape][FILE:m.cc][LINE:1]\n"
        "        TraceBack (most recent call last):\n        build graph failed\n",
        "shape-inference",
        (NORM, "LpNormV2 is no operator of clip.onnx itself: ATC made it of another one", *INPUTS),
    ),
    "an internal error that says nothing": Case(FAILED + "EZ9999: Inner Error!\n", "EZ9999"),
    "an internal error of a part we do not know": Case(FAILED + "EP9999: Inner Error!\n", "E19999"),
    "a Python module": Case(
        FAILED + "E40020: Failed to import [te_fusion]: ModuleNotFoundError: No module named 'decorator'\n",
        "python-module",
        ("module decorator",),
    ),
    "a Python module, the new code": Case(
        FAILED + "EC0010: " + PID + "Import failed [ModuleNotFoundError: No module named 'decorator'.].\n"
        "        TraceBack (most recent call last):\n        AOE failed[FUNC:Initialize][FILE:p.cc][LINE:47]\n"
        "        [GraphOpt][InitTbeFunc] Failed\n",
        "python-module",
        ("module decorator",),
    ),
    "a Python without a reason": Case(FAILED + "E40020: import of te failed\n", "E40020"),
    "an old Python": Case(FAILED + "E40002: Python 3.6\nE19999: Inner Error!\n", "E40002", (), ("E19999",)),
    "a new Python": Case(
        FAILED + "E40021: call failed\nTypeError: cannot pickle 'FrameLocalsProxy' object\n", "python-too-new"
    ),
    "a new numpy": Case(
        FAILED + "E40021: call failed\nAttributeError: `np.float_` was removed in the NumPy 2.0 release.\n",
        "numpy-too-new",
    ),
    "memory": Case(START + "./convert.sh: line 3:  4711 Killed                  atc --model=clip.onnx\n", "killed"),
    "memory in Chinese": Case(START + "convert.sh: 行 3:  4711 已杀死               atc --model=x.onnx\n", "killed"),
    "memory inside": Case(
        FAILED + "E20001: compile failed\nterminate: std::bad_alloc\n", "out-of-memory", (), ()
    ),
    "disk": Case(FAILED + "E13004: write failed [/out/m.om]: No space left on device\n", "disk-full"),
    "gcc": Case(FAILED + "E40021: FileNotFoundError: [Errno 2] No such file or directory: 'g++'\n", "compiler-missing"),
    "an unknown flag": Case(
        "ERROR: unknown command line flag 'input_shpae'\n", "flag-unknown", ("--input_shpae",)
    ),
    "a flag without value": Case(
        "ERROR: flag 'model' is missing its argument; flag description: x\n", "flag-no-value", ("--model",)
    ),
    "a stray word": Case("ERROR: Non-option parameter: b:1,77\n", "flag-stray"),
    "no driver": Case(
        "/x/bin/atc.bin: error while loading shared libraries: libascend_hal.so: cannot open shared object file: "
        "No such file or directory\n",
        "driver-missing",
        ("library libascend_hal.so",),
    ),
    "no libpython": Case(
        "atc.bin: error while loading shared libraries: libpython3.9.so.1.0: cannot open shared object file\n",
        "library-missing",
        ("library libpython3.9.so.1.0",),
    ),
    "no atc": Case("convert.sh: line 2: atc: command not found\n", "atc-missing"),
    "opsets of one domain": Case(FAILED + "E16005: [2] domains\n", "E16005", ("domain ai.onnx: opsets 18",)),
    "AIPP: even": Case(
        FAILED + "E20001: compile of [aipp] failed\nE40021: E81012 Compile op[aipp] failed, cause: for YUV420SP_U8, "
        "load_start_pos_w[15] must be even.\n",
        "aipp-even",
        ("AIPP field load_start_pos_w[15]", *INPUTS),
        ("E20001",),
    ),
    "AIPP: the size": Case(
        FAILED + "E81012: Compile op[aipp] failed, cause: crop_size_w[225] is not the width[224].\n",
        "aipp-size",
        ("AIPP field crop_size_w[225]", *INPUTS),
    ),
    "AIPP: the sum": Case(
        FAILED + "EZ9999: Inner Error!\nEZ9999  Compile op[aipp] failed, cause: crop_size_w[200] + "
        "left_padding_size[12] + right_padding_size[13] is not 224.\n",
        "aipp-size",
    ),
    "AIPP: the window": Case(
        FAILED + "EZ3003: op[aipp] failed, cause: load_start_pos_w[40] + crop_size_w[224] > src_image_size_w[256].\n",
        "aipp-crop",
    ),
    "AIPP: padding": Case(
        FAILED + "E40021: op[aipp] failed, cause: The padding limit is 32, left_padding_size is 40.\n", "aipp-padding"
    ),
    "AIPP: padded width": Case(
        FAILED + "E40021: op[aipp] failed, cause: with padding the output w[1120] is above 1080.\n", "aipp-padding"
    ),
    "AIPP: format": Case(
        FAILED + "E40021: op[aipp] failed, cause: Ascend310P3 has no input format ARGB8888_U8.\n", "aipp-format"
    ),
    "AIPP: csc": Case(
        FAILED + "E40021: op[aipp] failed, cause: YUV400_U8 has no colour, csc_switch[1].\n", "aipp-csc"
    ),
    "AIPP: range": Case(FAILED + "E81012: op[aipp] failed, cause: min_chn_0[300] not in [0, 255].\n", "aipp-range"),
    "AIPP: resize": Case(FAILED + "E81012: op[aipp] failed, cause: resize is for Hi3796CV300ES.\n", "aipp-resize"),
    "AIPP: source": Case(
        FAILED + "E81012: op[aipp] failed, cause: src_image_size_w[4100] should be within [2, 4096].\n", "aipp-source"
    ),
    "AIPP: mode": Case(FAILED + "E81012: op[aipp] failed, cause: aipp_mode is not there.\n", "aipp-mode"),
    "AIPP: input": Case(FAILED + "E10052: AIPP [related_input_name] is for Caffe\n", "aipp-input"),
    "AIPP: something else": Case(FAILED + "E81012: Compile op[aipp] failed, cause: the moon.\n", "E81012", INPUTS),
    "another chip's OM": Case("EE1001: " + PID + "ModelCheckCompatibility failed\n", "om-other-soc"),
    "a return code": Case("[ERROR] acl.mdl.execute failed, ret = 145013\n", "145013"),
    "a return code in brackets": Case("set_context failed, error code is [107002]\n", "107002"),
    "a return code of single operators": Case(
        "call aclnnAdd failed, error code is 561103\nEZ9999[PID: 1] 2026-01-02-03:04:05.678.910 (EZ9999):  Tiling bad\n"
        "        TraceBack (most recent call last):\n       Tiling Failed.\n",
        "tiling",
    ),
    "behind what a framework says": Case(
        "[rank0]: RuntimeError: EZ3002: Optype [Foo] of Ops kernel [X] is unsupported\n",
        "EZ3002",
        ("Foo is no operator of clip.onnx itself: ATC made it of another one",),
    ),
    "warnings only": Case(START + "ATC run success, welcome.\nW11001: Op [/conv/Conv] slow\n", "W11001"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_root_cause_and_its_place(case):
    found = of(case.log, ONE_OPSET)
    assert found.root.id == case.id
    if case.where:
        assert found.root.where == case.where
    if case.others:
        assert tuple(other.id for other in found.others) == case.others
    assert found.quoted
    assert found.root.id == of(case.log).root.id == of(case.log, language="zh").root.id

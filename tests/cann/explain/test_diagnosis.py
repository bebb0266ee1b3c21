"""Logs as releases lay them out: with and without brackets, process and time, before the code or behind it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ascendc.cann.explain import diagnosis
from ascendc.cann.explain.logs import Log
from ascendc.cann.explain.seen import Model
from ascendc.cann.explain.statements import QUOTED
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
MADE_OF = "LpNormV2, which ATC makes of ReduceL2: 2 of 6 nodes of clip.onnx: /norm/ReduceL2, /norm2/ReduceL2"
TO_17 = "ReduceL2 has a parser at opsets 8–17 (CANN of 2026-08)"
TOO_HIGH = (
    "opset 23 is above 18, the last that ATC has parsers for: nearly every operator is refused, not this one alone"
)
A_FAMILY = (
    "`Ascend310P` is no chip's exact name; did you mean `Ascend310P1` or `Ascend310P3` or `Ascend310P5` or "
    "`Ascend310P7`?"
)

CASES = {
    "no parser, in brackets": Case(
        FAILED + "E16002: No parser for operator [/norm/ReduceL2], optype [ai.onnx::18::ReduceL2].\n"
        "        Solution: Ask.\n        TraceBack (most recent call last):\n"
        "        Adapter failed[FUNC:AdapterOpType][FILE:onnx_parser.cc][LINE:639]\n",
        "E16002",
        (TWO, LOOKED_UP, TO_17, "clip.onnx declares opset 18", NORM),
    ),
    "no parser, bare, time before the code": Case(
        FAILED + PID + "E16002: no parser known for optype ai.onnx::18::ReduceL2\n",
        "E16002",
        (TWO, LOOKED_UP, TO_17, "clip.onnx declares opset 18"),
    ),
    "no parser, the old code": Case(
        FAILED + "E19010: " + PID + "no parser for Op [some div node, optype [ai.onnx::23::Div]].\n",
        "E19010",
        (
            "Div is no operator of clip.onnx itself: ATC made it of another one",
            "looked up: ai.onnx::23::Div",
            TOO_HIGH,
            "clip.onnx declares opset 18, the log is of a model with opset 23",
        ),
    ),
    "no parser, and a wrapper": Case(
        FAILED + "E19999: Inner Error!\nE19999  parse failed[FUNC:Parse][FILE:parser.cc][LINE:1]\n"
        "EZ9010: no parser for Op [x, optype [ai.onnx::18::ReduceL2]]\n",
        "EZ9010",
        (TWO, LOOKED_UP, TO_17, "clip.onnx declares opset 18"),
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
        (A_FAMILY,),
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
    "a plus in a path, bare": Case(FAILED + "E13026: path /home/u/a+b=c/clip.onnx is not valid\n", "path-characters"),
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
        (MADE_OF, NORM),
    ),
    "no definition": Case(
        FAILED + "E10501: IR for Op [/conv/Conv, optype [Conv2D]] is not there\n",
        "E10501",
        ("Conv2D, which ATC makes of Conv: 1 of 6 nodes of clip.onnx: /conv/Conv",),
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
        (NORM, MADE_OF, *INPUTS),
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
    "memory inside": Case(FAILED + "E20001: compile failed\nterminate: std::bad_alloc\n", "out-of-memory", (), ()),
    "disk": Case(FAILED + "E13004: write failed [/out/m.om]: No space left on device\n", "disk-full"),
    "gcc": Case(FAILED + "E40021: FileNotFoundError: [Errno 2] No such file or directory: 'g++'\n", "compiler-missing"),
    "an unknown flag": Case("ERROR: unknown command line flag 'input_shpae'\n", "flag-unknown", ("--input_shpae",)),
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
    "AIPP: csc": Case(FAILED + "E40021: op[aipp] failed, cause: YUV400_U8 has no colour, csc_switch[1].\n", "aipp-csc"),
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
    "a title around the code": Case(
        PID + "Compiling_Failed(E40021): op [trans_Cast_2,] did not compile: File x.py, line 1\n    raise E(args)\n",
        "E40021",
        ("node trans_Cast_2: not in the model; ATC inserts such nodes where a dtype or format changes",),
    ),
    "a title behind what a framework says": Case(
        "RuntimeError: No_Engine(EZ3003): nothing runs [/norm/ReduceL2], optype [LpNormV2]\n", "EZ3003", (MADE_OF, NORM)
    ),
    "a title, the code of a framework before it": Case(
        "E20101: No_Chip(E20101): soc_version Ascend310P is unknown\n", "soc-unknown", (A_FAMILY,)
    ),
    "code, process, time, code": Case(
        "E89999: Inner Error!\nE89999[PID: 4711] 2026-03-04-05:06:07.891.011 (E89999):  op[/norm/ReduceL2], no plan"
        "[FUNC:Tiling4Norm][FILE:n.cc][LINE:1]\n",
        "tiling",
        (NORM, *INPUTS),
    ),
    "two dtypes, by the function": Case(
        FAILED
        + "E89999: Inner Error!\nE89999 op[/same], DT_INT64 and DT_INT32 [FUNC:CheckInputsDtypeSame][FILE:u.cc]\n"
        "        InferShape of node:/same(Add) failed\n",
        "dtypes-differ",
        (
            "node /same: Add, inputs a1, b",
            "Add: 2 of 6 nodes of clip.onnx: /same, /same",
            "dtypes INT64, INT32",
        ),
    ),
    "two dtypes, without a code": Case(START + "dtype of inputs a and b is not the same\n", "dtypes-differ"),
    "an input in place of an option": Case(
        FAILED + "E10001: Value [-1] for parameter [pixel_value] is invalid.\n",
        "symbolic-input",
        (
            "`pixel_value` is not in clip.onnx; did you mean `pixel_values`?",
            *INPUTS,
            'for example --input_shape="pixel_values:1,3,224,224;input_ids:1,77"',
        ),
    ),
    "-1 for an option": Case(FAILED + "E10001: Value [-1] for parameter [deterministic] is invalid.\n", "E10001"),
    "an OM of another release": Case(
        "E19999: Inner Error!\nE19999 model made by opp version [7.1.T1], the opp package here is [8.2.T2]\n",
        "opp-version",
    ),
    "no parser, without a code": Case(
        FAILED + "no parser for Op [/norm/ReduceL2, optype [ai.onnx::18::ReduceL2]]\n",
        "E16002",
        (TWO, LOOKED_UP, TO_17, "clip.onnx declares opset 18", NORM),
    ),
    "no parser, in an internal error": Case(
        FAILED + "E19999: Inner Error!\nE19999 nothing for ai.onnx::18::ReduceL2\n",
        "E16002",
        (TWO, LOOKED_UP, TO_17, "clip.onnx declares opset 18"),
    ),
    "a custom operator": Case(
        FAILED + "E16002: no parser, optype [ai.onnx::18::MyMax]\n        no parser, optype [my.domain::1::Foo]\n",
        "operator-custom",
        (
            "MyMax is no operator of clip.onnx itself: ATC made it of another one",
            "Foo is no operator of clip.onnx itself: ATC made it of another one",
            "looked up: ai.onnx::18::MyMax, no operator of ONNX",
            "looked up: my.domain::1::Foo, no operator of ONNX",
        ),
    ),
    "an operator of ONNX that no parser takes": Case(
        FAILED + "E19010: no parser, optype [ai.onnx::18::Scan]\n", "E19010"
    ),
    "an operator of another domain of ONNX": Case(
        FAILED + "E19010: no parser, optype [ai.onnx.ml::3::Scaler]\n", "E19010"
    ),
    "an operator that did not compile, without a code": Case(
        "        build failed, ret:1[FUNC:Build][FILE:b.cc][LINE:1]\n"
        "        compile Op [/norm/ReduceL2_ascend_mbatch_batch_5] failed. (optype: [LpNormV2])\n",
        "E20001",
        (NORM, MADE_OF),
    ),
    "C++ headers": Case(
        FAILED + "E40021: compile failed\n    raise E(args)\n/x/clang.h:20:10: fatal error: 'vector' file not found\n",
        "headers-missing",
    ),
    "a temporary folder": Case(
        FAILED + "E40021: op [trans_TransData_5,]: [EB9999] [errCode:EB0500]message: the dir path . is invalid\n",
        "folder-invalid",
    ),
    "a library of a newer system": Case("libc.so.6: version `GLIBC_2.99' not found\n", "glibc-old"),
    "no dynamic shape": Case(
        FAILED + "EZ3002: Optype [ReduceL2] of [X]: Reason: dynamic shape is not supported here.\n",
        "dynamic-shape",
        (TWO, 'for example --input_shape="pixel_values:1,3,224,224;input_ids:1,77"'),
    ),
    "a module of another package": Case(
        "ModuleNotFoundError: No module named 'attr'\n", "python-module", ("module attr, of the package attrs",)
    ),
    "a module of CANN": Case(
        "ModuleNotFoundError: No module named 'te.platform'\n",
        "python-module",
        ("module te.platform, of CANN itself: not to be installed by pip; set_env.sh makes it known",),
    ),
    "a number behind a colon": Case("Execute(a.om) error:507011\n", "507011"),
    "a number of a framework": Case("CANN failure 500001: in Conv\n", "500001"),
    "a number that no table has": Case("synchronize failed, error code:507048\n", "507"),
    "another release's library": Case(
        "atc.bin: symbol lookup error: libge_x.so: undefined symbol: _ZN2ge1A\n",
        "libraries-mixed",
        ("library libge_x.so",),
    ),
    "CANN's own files": Case("[ASCEND_OPP_PATH] is not a folder\n", "not-set-up"),
    "CANN's own files, by an option": Case(
        FAILED + "E10001: Value [linux] for parameter [--host_env_os] is wrong.\n", "not-set-up"
    ),
    "sys.argv": Case("AttributeError: module 'sys' has no attribute 'argv'\n", "python-argv"),
    "a module of Python's own": Case(
        START + "ModuleNotFoundError: No module named '_ctypes'\nATC run failed\nE40000: te\n",
        "python-broken",
        ("module _ctypes",),
        ("E40000",),
    ),
    "a module that Python no longer has": Case("ModuleNotFoundError: No module named 'imp'\n", "python-too-new"),
    "modules that do not fit": Case("ImportError: cannot import name 'a' from 'b' (/b.py)\n", "python-import"),
    "a dead worker": Case(START + "Traceback:\nBrokenPipeError: [Errno 32] Broken pipe\n", "worker-died"),
    "a dead worker, and why": Case(START + "BrokenPipeError: [Errno 32] Broken pipe\nKilled\n", "killed"),
    "what calibration ran": Case(
        "[ERROR] AMCT(7,atc.bin):2026-01-02-03:04:05[m.cpp:9]execute failed, errorCode is 507011\n"
        "[ERROR] AMCT(7,atc.bin):2026-01-02-03:04:05[s.cpp:9]calibration failed\n"
        + FAILED.removeprefix(START)
        + "EZ9999: Inner Error!\nEZ9999  kernel of Conv2D failed\n",
        "507011",
        (),
        ("logged-error", "EZ9999"),
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


def test_the_cause_in_both_languages_and_the_next_command():
    text = FAILED + "E16002: no parser, optype [ai.onnx::18::ReduceL2], soc Ascend310P3\n"
    english, chinese = of(text, ONE_OPSET).root, of(text, ONE_OPSET, "zh").root
    assert english.command == chinese.command == "ascendc check clip.onnx --soc Ascend310P3"
    assert english.cause.startswith("ATC has no ONNX parser for an operator at the opset of the model: ")
    assert chinese.cause.startswith("ATC 没有该算子在当前 opset 下的 ONNX 解析器：")
    assert chinese.where[0] == "ReduceL2：clip.onnx 的 6 个节点中有 2 个：/norm/ReduceL2、/norm2/ReduceL2"


def test_an_option_that_a_log_names_is_explained_next():
    assert of(FAILED + "E10005: Value [1] for [--enable_single_stream]\n").root.command == (
        "ascendc atc docs enable_single_stream"
    )
    assert of(FAILED + "E10005: Value [1] for [--no_option_at_all]\n").root.command == "ascendc atc lint -f SCRIPT"


def test_without_a_model_what_the_log_names_is_shown():
    found = of(FAILED + "EZ3003: no kernel for [/norm/ReduceL2], optype [LpNormV2]\n")
    assert found.root.where == ("operator LpNormV2", "node /norm/ReduceL2")
    assert found.root.command == "ascendc check MODEL.onnx --soc SOC"
    assert found.found.nodes == ("/norm/ReduceL2",)
    keyed = of(FAILED + "E16002: no parser, optype [ai.onnx::18::Conv]\n")
    assert keyed.root.where[0] == "looked up: ai.onnx::18::Conv"  # which names the operator


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("ai.onnx::10::Upsample", "Upsample has a parser at opsets 8–9, 11–16 (CANN of 2026-08)"),
        (
            "ai.onnx::18::QuantizeLinear",
            "QuantizeLinear has a parser at no opset (CANN of 2026-08): rewrite it with other operators",
        ),
        ("ai.onnx::18::Erf", "CANN of 2026-08 has a parser for Erf at opset 18: the one that wrote the log is older"),
        ("my.domain::1::Foo", "looked up: my.domain::1::Foo, no operator of ONNX"),
        ("ai.onnx.ml::3::Scaler", "looked up: ai.onnx.ml::3::Scaler"),
    ],
)
def test_at_which_opsets_there_are_parsers(key, said):
    assert of(FAILED + f"E16002: optype [{key}]\n").root.where[-1] == said


def test_many_nodes_are_counted():
    nodes = tuple(Node(f"/n{i}", "Erf", "", ("a",), ("b",)) for i in range(40))
    model = Model("m.onnx", 1, Outline((), (), nodes, (("", 13),), 7))
    found = of(FAILED + "E16002: optype [ai.onnx::13::Erf]\n", model)
    assert found.root.where[0] == "Erf: 40 of 40 nodes of m.onnx: /n0, /n1, /n2 and 37 more"
    assert "等共 40 个" in of(FAILED + "E16002: optype [ai.onnx::13::Erf]\n", model, "zh").root.where[0]


def test_a_node_without_a_name_is_known_by_its_output():
    found = of(FAILED + "E16002: optype [ai.onnx::18::Gather]\n", ONE_OPSET)
    assert found.root.where[0] == "Gather: 1 of 6 nodes of clip.onnx: /g_out"


def test_two_opsets_of_one_domain_show():
    found = of(FAILED + "E16005: x\n", MODEL)
    assert found.root.where == ("domain ai.onnx: opsets 18, 11", "domain com.microsoft: opsets 1")


def test_only_the_last_run_that_failed_counts():
    first, second = FAILED + "E10009: two gears\n", FAILED + "E13023: too large\n"
    assert of(first + second).root.id == "E13023"
    assert of(first + second + START + "ATC run success\n").root.id == "E13023"
    assert of(first + second + START + "ATC run success\nW11001: slow\n").root.id == "E13023"
    assert [one.id for one in of(first + second).others] == []


def test_what_a_driver_misses_is_no_cause_where_atc_runs_without_a_device():
    plog = (
        "[ERROR] RUNTIME(7,atc.bin):2026-01-02-03:04:05.678.910 [api.cc:23]7 Get:ErrCode=507899, InnerCode=0x7020010\n"
    )
    assert of(plog + FAILED + "E20001: compile failed\n").root.id == "E20001"
    unknown = of(FAILED + plog.replace("507899", "507033") + "E20001: compile failed\n")
    assert (unknown.root.id, [quote.line for quote in unknown.quoted]) == ("E20001", [5])
    assert of(plog.replace("atc.bin", "python3")).root.id == "507899"


def test_logs_of_a_folder_count_from_the_newest():
    old, new = Log("old.log", b"E10009: gears\n"), Log("new.log", b"x\nE13023: large\n")
    found = diagnosis.of_logs([new, old])
    assert (found.root.id, [one.id for one in found.others]) == ("E13023", ["E10009"])
    assert found.quoted == (diagnosis.Quote("new.log", 2, "E13023: large"),)


PLOG = (
    "[INFO] GE(7,atc.bin):2026-01-02-03:04:05.678.910 [a.cc:1]7 E16002: not an error\n"
    "[ERROR] TBE(7,atc.bin):2026-01-02-03:04:05.678.910 [/home/ops.cc:22][OP_PROTO] F:22 OpName:[Expand_4] bad\n"
)


def test_an_error_of_a_plog_without_a_code_is_quoted_with_its_node():
    found = of(PLOG)
    assert (found.root.id, found.root.code, found.root.where) == ("logged-error", None, ("node Expand_4",))
    assert found.quoted[0].line == 2
    assert found.quoted[0].text.endswith("OpName:[Expand_4] bad")


def test_functions_in_a_plog_say_what_failed():
    assert of(PLOG.replace("F:22", "ExpandInferShape:22")).root.id == "shape-inference"


def test_a_code_in_a_plog_counts_more_than_an_error_without():
    assert of(PLOG + PLOG.splitlines()[1].replace("OpName", "report E13023: OpName")).root.id == "E13023"


def test_quotes_are_cut_and_cannot_disturb_a_terminal():
    found = of(b"E13023: \x1b[31mred\x1b[0m \x07bell \xff " + "\u202e".encode() + b"x" * 5000 + b"\n")
    [quote] = found.quoted
    assert quote.text.startswith("E13023: red  bell    xxx")
    assert len(quote.text) == QUOTED
    assert quote.text.endswith("…")


def test_carriage_returns_and_utf_16_are_read(tmp_path):
    from ascendc.cann.explain import logs

    path = tmp_path / "a.log"
    path.write_bytes((FAILED + "E13023: large\n").replace("\n", "\r\n").encode("utf-16"))
    found = diagnosis.of_logs(logs.read(str(path)))
    assert (found.root.id, found.quoted[0].text) == ("E13023", "E13023: large")


def test_what_ascendc_wrote_into_a_log_is_not_read():
    with pytest.raises(UsageError, match="names an error"):
        of("ascendc: atc=E13023: x\n")


def test_a_log_that_names_no_error_is_quoted_at_its_end():
    with pytest.raises(UsageError) as caught:
        of("one\ntwo\nthree\n\nfour \x1b[1m!\n")
    assert caught.value.id == "ASC2402"
    assert str(caught.value).splitlines() == [
        "nothing in `atc.log` names an error that is known; it ends with:",
        *("    two", "    three", "    four !"),
        "  hint: run ATC with --log=error, then: ascendc explain -f ~/ascend/log/debug/plog",
    ]


def test_an_empty_log():
    with pytest.raises(UsageError) as caught:
        of("")
    assert caught.value.message == "nothing in `atc.log` names an error that is known; it is empty"


@pytest.mark.parametrize(
    "text",
    [
        "atc --model=a.onnx --insert_op_conf=aipp.cfg --input_format=NCHW --soc_version=Ascend310P3\n",
        "exporting E100200 and 0xE10001 and v.E10001: fine\n",
        "step 137, loss 0.5, Killed Bill is a film? no: numpy is fine\n".replace("Killed ", "killed "),
        "retrieved 145013 pictures\n",
        "error: 123456 pictures, failure 123456, code 123456, 507011 pictures\n",
        "[WARNING] GE(7,atc.bin):2026-01-02-03:04:05.678.910 [a.cc:1]7 E16002: x\n",
    ],
)
def test_what_only_looks_like_an_error_is_none(text):
    with pytest.raises(UsageError):
        of(text)


def test_the_summary_is_of_first_sentences():
    found = of(FAILED + "E13023: x\n", ONE_OPSET)
    assert diagnosis.summary(found) == (
        "The OM, or something in it, would be larger than 2 GB. Here: clip.onnx has 0.60 GB. Keep weights outside the "
        "OM: --external_weight=1, and take the folder `weight` along with the OM; or compile in fp16."
    )
    chinese = of(FAILED + "E10016: x\n", None, "zh")
    assert diagnosis.summary(chinese).startswith("参数中的输入名（或节点名）在模型里不存在。使用 ONNX 图中的原名")


def test_what_is_quoted_of_a_title_is_the_line_below_too():
    found = of("E19999: Inner Error!\n\nE19999  the axes differ[FUNC:F][FILE:a.cc][LINE:1]\n")
    assert [(quote.line, quote.text) for quote in found.quoted] == [
        (1, "E19999: Inner Error!"),
        (3, "E19999  the axes differ[FUNC:F][FILE:a.cc][LINE:1]"),
    ]


def test_what_is_quoted_is_where_the_sign_is():
    found = of("E40021: op [x] did not compile\n  File x\n  raise y\nfatal error: 'vector' file not found\n1 error\n")
    assert [quote.line for quote in found.quoted] == [1, 4]


def test_internal_errors_of_what_ran_are_quoted_with_it():
    log = CASES["what calibration ran"].log
    assert [quote.line for quote in of(log).quoted] == [1, 4, 5]


def test_names_in_a_model_cannot_disturb_a_terminal():
    outline = Outline((Port("a\x1b[2Jb", None, None),), (), (Node("n" * 9000, "Add", "", (), ()),), (("", 13),), 7)
    found = of(FAILED + "E10016: x\nE16002: optype [ai.onnx::13::Add]\n", Model("m\n.onnx", 1, outline))
    assert found.root.where == ("input ab: unknown type of unknown rank",)
    found = of(FAILED + "E16002: optype [ai.onnx::13::Add]\n", Model("m.onnx", 1, outline))
    assert len(found.root.where[0]) == QUOTED

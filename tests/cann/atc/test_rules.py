"""Every rule with one command that breaks it and one that does not."""
# ruff: noqa: E501

import pytest

from ascendc.cann.atc.table import table

STATIC = "--input_shape=x:1,3,224,224"
BATCH = "--input_shape=x:-1,3,224,224 --dynamic_batch_size"
IMAGE = "--input_shape=x:1,3,-1,-1 --dynamic_image_size"
DIMS = "--input_shape=x:-1,-1 --dynamic_dims"


@pytest.mark.parametrize(
    ("bad", "said", "good"),
    [
        # values
        ("--log=warn", "E10010 log: must not be `warn`; allowed: debug, info, warning, error, null (did you mean `warning`?)", "--log=warning"),
        ("--op_select_implmode=high_preformance", "E10001 op_select_implmode", "--op_select_implmode=high_performance"),
        ("--disable_reuse_memory=true", "E10006 disable_reuse_memory: must not be `true`; allowed: 0, 1", "--disable_reuse_memory=1"),
        ("--enable_single_stream=1", "E10005 enable_single_stream: must not be `1`; allowed: true, false", "--enable_single_stream=true"),
        ("--precision_mode=FORCE_FP16", "E10001 precision_mode", "--precision_mode=force_fp16"),
        ("--input_format=NHWC", "E10001 input_format", "--input_format=ND"),
        ("--framework=4", "E10007 framework", "--framework=5"),
        ("--raw_ge_options_ignore_unsupported=ja", "E10003 raw_ge_options_ignore_unsupported", "--raw_ge_options_ignore_unsupported=Yes"),
        ("--static_model_ops_lower_limit=-2", "E10001 static_model_ops_lower_limit", "--static_model_ops_lower_limit=-1"),
        ("--multi_stream_parallel_mode=MainStream:65", "E10001 multi_stream_parallel_mode", "--multi_stream_parallel_mode=MainStream:64"),
        # paths
        ("--model='a b.onnx'", "E10001 model: `a b.onnx` holds ` `; allowed in paths: a-z A-Z 0-9 . / _ - and common CJK characters", "--model=/a-b_1/模型.onnx"),
        ("--insert_op_conf=a+b.cfg", "E10001 insert_op_conf", "--insert_op_conf=../aipp.cfg"),
        ("--output=om/", "E10022 output: `om/` lacks a file name behind the folder", "--output=om/m"),
        ("--output=" + "y" * 5000, "E10021 output: has 5000 characters; allowed: 4096", "--output=" + "y" * 4000),
        # what is needed
        ("--mode=1 --om=m.om", "E10004 json: must be given in mode 1; it is what is written", "--mode=1 --om=m.om --json=m.json"),
        ("--mode=5 --om=g.pbtxt --json=g.json", "E10001 om", "--mode=5 --om=g.txt --json=g.json"),
        ("--mode=6 --om=m.om --framework=5", "E10057 framework: must not be given in mode 6", "--mode=1 --om=m.om --json=m.json --framework=5"),
        ("--mode=30", "E10055 mode: 30 is for Ascend035 only, not for Ascend310P3", "--mode=30 --soc_version=Ascend035"),
        ("--soc_version=Ascend035A", "E10055 mode: must be 30 for Ascend035A", "--soc_version=Ascend035A --mode=30"),
        ("--mode=7 --input_hint_shape=0:[1]", "E10001 input_hint_shape: is not taken in mode 7", "--mode=7"),
        ("--framework=0", "E10008 weight: must be given for a Caffe model", "--framework=0 --weight=w.caffemodel"),
        # what excludes, what needs
        ("--precision_mode=force_fp16 --precision_mode_v2=fp16", "E10056 precision_mode: and --precision_mode_v2 exclude each other", "--precision_mode_v2=fp16"),
        (f"{BATCH}=1,2 --dynamic_dims='1;2'", "E10009 dynamic_batch_size: and --dynamic_dims exclude each other", f"{BATCH}=1,2"),
        (f"{BATCH}=1,2 --input_hint_shape='0:[1]'", "E10001 dynamic_batch_size", "--input_hint_shape='0:[1]'"),
        (f"{DIMS}='1,2;3,4' --insert_op_conf=a.cfg", "E10001 dynamic_dims", f"{BATCH}=1,2 --insert_op_conf=a.cfg"),
        ("--enable_compress_weight=true --compress_weight_conf=c", "E10047 enable_compress_weight", "--enable_compress_weight=false --compress_weight_conf=c"),
        ("--enable_single_stream=true --multi_stream_parallel_mode=cv", "usage enable_single_stream", "--enable_single_stream=false --multi_stream_parallel_mode=cv"),
        ("--dynamic_batch_size=1,2", "E10004 dynamic_batch_size: must go together with --input_shape", f"{BATCH}=1,2"),
        ("--optypelist_for_implmode=Gelu", "E10001 optypelist_for_implmode", "--optypelist_for_implmode=Gelu --op_select_implmode=high_performance"),
        ("--deterministic_level=2", "E10001 deterministic_level: must go together with --deterministic", "--deterministic_level=2 --deterministic=1"),
        ("--deterministic=1 --deterministic_level=0", "E10001 deterministic_level", "--deterministic=0 --deterministic_level=0"),
        ("--modify_mixlist=m.json", "E10001 modify_mixlist: needs a mixed precision mode", "--modify_mixlist=m.json --precision_mode_v2=mixed_float16"),
        ("--auto_tune_mode=RL", "E10001 auto_tune_mode: is gone from ATC; the tool AOE took its place", "--log=info"),
        # chips
        ("--soc_version=ascend310p3", "E20101 soc_version: `ascend310p3` is no chip that ATC knows (CANN 8.1); did you mean Ascend310P3?", "--soc_version=Ascend310P3"),
        ("--soc_version=310B4", "E20101 soc_version", "--soc_version=Ascend310B4"),
        ("--soc_version=Ascend310B", "E20101 soc_version: `Ascend310B` names a family, not a chip; allowed: Ascend310B1, Ascend310B2, Ascend310B3, Ascend310B4", "--soc_version=Ascend310B1"),
        ("--precision_mode=allow_mix_precision_bf16", "E20101 precision_mode: must not be allow_mix_precision_bf16 on Ascend310P3, which has no bfloat16", "--precision_mode=allow_mix_precision_bf16 --soc_version=Ascend310B1"),
        ("--precision_mode_v2=mixed_bfloat16 --soc_version=Ascend910A", "E20101 precision_mode_v2", "--precision_mode_v2=mixed_bfloat16 --soc_version=Ascend910B4"),
        ("--precision_mode_v2=mixed_hif8 --soc_version=Ascend910B4", "E20101 precision_mode_v2", "--precision_mode_v2=mixed_hif8 --soc_version=Ascend910_95"),
        ("--output_type=HIF8", "E10001 output_type", "--output_type=FP16"),
        ("--virtual_type=1 --soc_version=Ascend310", "E20101 virtual_type", "--virtual_type=1 --soc_version=Ascend310P3"),
        ("--aicore_num=9", "E20103 aicore_num: must not be 9 on Ascend310P3; allowed: 1 to 8", "--aicore_num='8|'"),
        # shapes
        ("--input_shape=1,3,224,224", "E10002 input_shape: `1,3,224,224` lacks the name of the input; expected: name:1,3,224,224", STATIC),
        ("--input_shape=x：1,3", "E10002 input_shape: `x：1,3` holds a full-width `：`, which ATC does not take for `:`", STATIC),
        ("--input_shape=x:1,3,224,224,y:1,3", "E10016 input_shape: `x:1,3,224,224,y` looks like two inputs joined by a comma: a name ends at the last colon", "--input_shape='x:1,3,224,224;y:1,3'"),
        ("--input_shape=x:-1,3,y:1,3", "E10016 input_shape: `x:-1,3,y` looks like two inputs joined by a comma: a name ends at the last colon", "--input_shape='x:-1,3;y:1,3'"),
        ("--input_shape=x:1,3；y:1,3", "E10016 input_shape: `x:1,3；y:1,3` holds a full-width `；`, which ATC does not take for `;`", "--input_shape='x:1,3;y:1,3'"),
        ("--input_shape=x:1，3", "E10002 input_shape: `x:1，3` holds a full-width `，`, which ATC does not take for `,`", "--input_shape=x:1,3"),
        ("--input_shape='x:1,3;'", "E10002 input_shape: has an empty item: a `;` too many", "--input_shape='x:1,3;y:2'"),
        ("--input_shape=x:1,3.0", "E10002 input_shape: `3.0` in the shape of `x` must be a whole number", "--input_shape=x.3:1,3"),
        ("--input_shape=x:1,3a", "E10002 input_shape: `3a` in the shape of `x` must be digits only", "--input_shape='x:1, 3'"),
        ("--input_shape=x:n,3", "E10014 input_shape: `n` in the shape of `x` must be a number", STATIC),
        ("--input_shape=x:1,,3", "E10014 input_shape: the shape of `x` lacks a size between its commas", STATIC),
        ("--input_shape=x:0,3", "E10011 input_shape: `0` in the shape of `x` must be positive", STATIC),
        ("--input_shape=x:9223372036854775808", "E10013 input_shape: `9223372036854775808` in the shape of `x` is too large", "--input_shape=x:9223372036854775807"),
        ("--input_shape=:1,3", "E10016 input_shape: `:1,3` lacks the name of the input", "--input_shape=a:b:1,3"),
        ("--input_shape=x:1~,3", "E10048 input_shape", "--input_shape=x:1~8,3"),
        ("--input_shape=x:1~-1,3", "E10048 input_shape: `1~-1` in the shape of `x` must not have -1 in a range; -1 alone stands for any size", "--input_shape=x:-1,3"),
        ("--input_shape=x:-2,3", "E10011 input_shape", "--input_shape=-1,3"),
        ("--input_shape=x:-1,b", "E10002 input_shape", "--input_shape='x:-1,3;scalar:'"),
        ("--input_shape_range=x:1~8,3", "E10048 input_shape_range: `1~8,3` must stand in one pair of brackets", "--input_shape_range='x:[1~8,3]'"),
        # gears
        (f"{BATCH}=8", "E10035 dynamic_batch_size: has one gear; ATC wants at least two", f"{BATCH}=1,8"),
        (f"{BATCH}=1,8,1", "E10039 dynamic_batch_size: lists `1` more than once", f"{BATCH}=1,8,"),
        (f"{BATCH}=0,8", "E10038 dynamic_batch_size: `0` holds 0; allowed: 1 and more", f"{BATCH}=1,8"),
        (f"{BATCH}='1;8'", "E10003 dynamic_batch_size: holds `;`; allowed: digits and `,`", f"{BATCH}=1,8"),
        ("--input_shape=x:-1,3,-1,224 --dynamic_batch_size=1,2", "E10018 input_shape", f"{BATCH}=1,2"),
        (f"{STATIC} --dynamic_batch_size=1,2", "E10031 input_shape", f"{BATCH}=1,2"),
        ("--input_shape=x:1~8,3 --dynamic_batch_size=1,2", "E10040 input_shape", "--input_shape='x:-1,3;y:1,3' --dynamic_batch_size=1,2"),
        (f"{IMAGE}='224;336'", "E10020 dynamic_image_size: `224` must be a height and a width", f"{IMAGE}='224,224;336,336;'"),
        (f"{IMAGE}='224x224;336x336'", "E10003 dynamic_image_size", f"{IMAGE}='224,224;336,336'"),
        ("--input_shape=x:-1,3,-1,-1 --dynamic_image_size='1,1;2,2'", "E10019 input_shape", f"{IMAGE}='1,1;2,2'"),
        (f"{STATIC} --dynamic_image_size='1,1;2,2'", "E10019 input_shape", f"{IMAGE}='1,1;2,2'"),
        (f"{IMAGE}='1,1;2,2' --input_format=ND", "E10003 input_format: must be NCHW with --dynamic_image_size, not ND", f"{IMAGE}='1,1;2,2' --input_format=NCHW"),
        ("--framework=5 --input_shape=x:1,-1,-1,3 --dynamic_image_size='1,1;2,2'", "E10019 input_shape", "--framework=3 --input_shape=x:1,-1,-1,3 --dynamic_image_size='1,1;2,2'"),
        (f"{DIMS}='1;2'", "E10003 dynamic_dims: `1` must have one size for each -1 in --input_shape, which has 2", f"{DIMS}='1,1;2,2'"),
        (f"{DIMS}='1,a;2,2'", "E10001 dynamic_dims", f"{DIMS}='1,1;2,2'"),
        (f"{STATIC} --dynamic_dims='1,1;2,2'", "E10001 input_shape: must have -1 where --dynamic_dims is to vary it", f"{DIMS}='1,1;2,2'"),
        # names
        ("--out_nodes='a:0;b'", "E10001 out_nodes: `b` has no index, others do; expected: node:0;node:1, or names of tensors only", "--out_nodes='a;b'"),
        ("--out_nodes=a:x", "E10001 out_nodes: `a:x` must end in the number of an output", "--out_nodes=a:0"),
        ("--out_nodes=a:", "E10014 out_nodes", "--out_nodes='a:0;a:1'"),
        ("--out_nodes=a:b:0", "E10001 out_nodes", "--out_nodes=a/b:0"),
        ("--out_nodes=a --framework=3", "E10001 out_nodes", "--out_nodes=a:0 --framework=3"),
        ("--output_type=fp16", "E10001 output_type", "--output_type=FP16"),
        ("--output_type=a:0:FP32", "E10001 output_type: names nodes, which must be in --out_nodes", "--output_type=a:0:FP32 --out_nodes=a:0"),
        ("--output_type=a:1:FP32 --out_nodes=a:0", "E10001 output_type: `a:1` is not in --out_nodes", "--output_type='a:0:FP32;b:1:FP16' --out_nodes='b:1;a:0'"),
        ("--output_type=a:FP32 --out_nodes=a:0", "E10001 output_type: `a:FP32` must be node:index:TYPE", "--output_type=INT8"),
        ("--output_type=a:0:INT64 --out_nodes=a:0", "E10001 output_type", "--output_type=a:0:INT8 --out_nodes=a:0"),
        ("--input_fp16_nodes='x;'", "E10016 input_fp16_nodes", "--input_fp16_nodes='x;y'"),
        ("--is_input_adjust_hw_layout=1 --input_fp16_nodes=x", "E10005 is_input_adjust_hw_layout: must not hold `1`; allowed: true, false", "--is_input_adjust_hw_layout=true --input_fp16_nodes=x"),
        ("--is_output_adjust_hw_layout=True --out_nodes=x:0", "E10005 is_output_adjust_hw_layout", "--is_output_adjust_hw_layout='true, false' --out_nodes='x:0;y:0'"),
        ("--singleop=s.json --framework=5", "E10001 framework: must not be given together with --singleop", "--log=info"),
    ],
)  # fmt: skip
def test_an_error_and_its_cure(check, bad, said, good):
    found = check(bad).errors
    assert found == [said] or [text.partition(": ")[0] for text in found] == [said]
    assert check(good).errors == []


@pytest.mark.parametrize(
    ("doubtful", "said", "good"),
    [
        ("--framework=3", "advice framework: is 3 (TensorFlow): what is particular to ONNX models was left out", "--framework=5"),
        ("--framework=5 --model=m.pb", "advice framework: is 5 (ONNX), but the model's name ends in `.pb`", "--model=m.onnx"),
        ("--weight=w.caffemodel", "advice weight: does nothing for an ONNX model", "--log=info"),
        ("--output=m.om", "advice output: ends in `.om`; ATC adds `.om` to it", "--output=m"),
        ("--output=a.om.d/m", "advice output", "--output=a/m"),
        ("--op_select_implmode=enable_float_32_execution", "E10001 op_select_implmode", "--op_precision_mode=o.ini"),
        ("--buffer_optimize=l1_and_l2_optimize", "E10001 buffer_optimize", "--buffer_optimize=l2_optimize"),
        ("--log=", "advice log: has an empty value, which newer ATC refuses", "--log=info"),
        ("--keep_dtype=", "advice keep_dtype: has an empty value: it is as if not given", "--keep_dtype=k.cfg"),
        ("--model=m.pth", "advice model: ends in `.pth`, as a file of PyTorch does; with --framework=5 ATC reads ONNX", "--model=m.onnx"),
        ("--model=m.caffemodel", "advice model: ends in `.caffemodel`, as a file of Caffe's weights does; with --framework=5 ATC reads ONNX", "--model=m.prototxt --framework=0 --weight=m.caffemodel"),
        (f"{STATIC} --input_fp16_nodes=y", "E10016 input_fp16_nodes: names `y`, which --input_shape does not list", f"{STATIC} --input_fp16_nodes=x"),
        ("--input_shape='x:1;y:1' --input_fp16_nodes=x,y", "E10016 input_fp16_nodes: names `x,y`, which --input_shape does not list; names are split by `;`", "--input_shape='x:1;y:1' --input_fp16_nodes='x;y'"),
        ("--is_input_adjust_hw_layout=true,true --input_fp16_nodes=x", "advice is_input_adjust_hw_layout: has 2 values for 1 of --input_fp16_nodes; ATC passes over the rest", "--is_input_adjust_hw_layout=true --input_fp16_nodes=x"),
        ("--oo_level=O1", "advice oo_level: is new: it was seen in ATC's source of 2026-08; CANN 8.1 may not know it", "--deterministic=1"),
        ("--fusion_switch_file='a b'", "advice fusion_switch_file", "--fusion_switch_file=a.cfg"),
        ("--dump_mode=1", "advice dump_mode: has an effect in mode 1 only", "--dump_mode=0"),
        ("--keep_dtype=k.cfg --precision_mode=must_keep_origin_dtype", "advice keep_dtype", "--keep_dtype=k.cfg --precision_mode=force_fp16"),
        ("--op_compiler_cache_mode=enable --op_debug_level=1", "advice op_compiler_cache_mode", "--op_compiler_cache_mode=enable --op_debug_level=0"),
        ("--debug_dir=d", "advice debug_dir", "--debug_dir=d --op_debug_level=2"),
        ("--input_format=ND --insert_op_conf=a.cfg", "advice input_format", "--input_format=NCHW --insert_op_conf=a.cfg"),
        (f"{DIMS}='1,1;2,2' --input_format=NCHW", "advice input_format", f"{DIMS}='1,1;2,2' --input_format=ND"),
        ("--is_input_adjust_hw_layout=true", "advice is_input_adjust_hw_layout: must go together with --input_fp16_nodes", "--is_input_adjust_hw_layout=true --input_fp16_nodes=x"),
        ("--is_input_adjust_hw_layout=true --input_fp16_nodes='x;y'", "advice is_input_adjust_hw_layout: has 1 value for 2 of --input_fp16_nodes; ATC takes the rest for false", "--is_input_adjust_hw_layout=true --input_fp16_nodes=x"),
        ("--input_fp16_nodes=x --insert_op_conf=a.cfg", "E10034 input_fp16_nodes", "--input_fp16_nodes=x"),
        ("--allow_hf32=true --soc_version=Ascend910B4", "advice allow_hf32", "--log=info"),
        ("--soc_version=Ascend910B", "advice soc_version: is a first-generation 910, not the Atlas A2 card that people call 910B; an OM for it does not run there", "--soc_version=Ascend910B4"),
        ("--soc_version=Ascend910", "advice soc_version: `Ascend910` is taken as Ascend910A", "--soc_version=Ascend910A"),
        ("--soc_version=Ascend950PR_9589", "E20101 soc_version", "--soc_version=Ascend310"),
        ("--enable_single_stream=true --soc_version=Ascend310B1", "advice enable_single_stream", "--enable_single_stream=true"),
        ("--sparsity=1", "advice sparsity: has no effect on Ascend310P3", "--sparsity=1 --soc_version=Ascend310B1"),
        ("--core_type=VectorCore --soc_version=Ascend310", "advice core_type", "--core_type=VectorCore"),
        ("--status_check=1 --soc_version=Ascend910B4", "advice status_check", "--status_check=1"),
        ("--aicore_num='24|48'", "E20103 aicore_num", "--aicore_num='8|48'"),
        ("--input_shape=x:1~8,3 --soc_version=Ascend310B4", "advice input_shape: must not hold -1 or a range on Ascend310B4 unless gears are given, say the documents", "--input_shape=x:1~8,3"),
        ("--input_shape='x:[1~8,3]'", "E10002 input_shape: `[1~8,3]` stands in brackets, which older ATC takes and newer refuses", "--input_shape=x:1~8,3"),
        ("--input_shape=x:8~1,3", "advice input_shape: `8~1` in the shape of `x` begins above its end", "--input_shape=x:1~8,3"),
        ("--input_shape=x-1:1,3", "advice input_shape: holds `-1` in a name only, which makes ATC take all of it for a range", "--input_shape=x_1:1,3"),
        ("--input_shape='x:1;x:2'", "advice input_shape: names `x` more than once; ATC takes the first", "--input_shape='x:1;y:2'"),
        ("--input_shape=x:1~8,3 --insert_op_conf=a.cfg", "advice input_shape", "--input_shape='x:1~8,3;y:1' --insert_op_conf=a.cfg"),
        (f"{BATCH}={','.join(map(str, range(1, 102)))}", "E10036 dynamic_batch_size: has 101 gears; the documents allow 100", f"{BATCH}={','.join(map(str, range(1, 101)))}"),
        (f"{BATCH}=1,4096", "advice dynamic_batch_size: has 4096; the documents advise 1 to 2048", f"{BATCH}=1,2048"),
        ("--input_shape='x:-1,3;s:' --dynamic_batch_size=1,2", "E10012 input_shape", f"{BATCH}=1,2"),
        ("--input_shape='x:-1,3;y:3,-1' --dynamic_batch_size=1,2", "advice input_shape", f"{BATCH}=1,2"),
        (f"{IMAGE}='1, 1;2,2'", "advice dynamic_image_size: holds blanks, which newer ATC refuses", f"{IMAGE}='1,1;2,2'"),
        ("--out_nodes='a:0;'", "E10001 out_nodes", "--out_nodes='a:0'"),
    ],
)  # fmt: skip
def test_a_doubt_and_its_cure(check, doubtful, said, good):
    found = check(doubtful)
    if not said.startswith("E20103"):
        assert found.errors == []
    assert [text for text in (*found.warnings, *found.errors) if said in (text, text.partition(": ")[0])]
    assert check(good).errors == []
    assert not [text for text in check(good).warnings if said in (text, text.partition(": ")[0])]


@pytest.mark.parametrize(
    ("text", "cann", "said"),
    [
        ("--auto_tune_mode=RL", "5.1.RC2", "advice auto_tune_mode: is gone from ATC; the tool AOE took its place; CANN 5.1.RC2 may still have it"),
        ("--soc_version=Ascend710", "5.0.4", "advice soc_version: `Ascend710` is what early CANN called Ascend310P3"),
        ("--soc_version=Ascend310", "8.3.RC1", "advice soc_version: Ascend310 was dropped after CANN 8.2; CANN 8.3.RC1 may not know it"),
        ("--oo_level=O1", "8.0.RC2", "advice oo_level: is new: it was seen in ATC's source of 2026-08; CANN 8.0.RC2 may not know it"),
    ],
)  # fmt: skip
def test_what_depends_on_the_cann(check, text, cann, said):
    found = check(text, cann=cann)
    assert found.errors == []
    assert said in found.warnings


def test_everything_is_said_at_once(check):
    found = check("--log=warn --mode=2 --foo=1 --disable_reuse_memory=true --input_shape=x:0 --output=o/", alone=True)
    assert found.codes == [
        "usage foo",
        "E10010 log",
        "E10001 mode",
        "E10006 disable_reuse_memory",
        "E10022 output",
    ]


def test_help_asks_for_nothing(check):
    assert check("--help", alone=True) == ([], [])


def test_every_option_of_the_table_is_taken_with_its_default_and_its_values(check):
    for option in table().values():
        for value in (*option.allowed, *([option.default] if option.default and option.kind != "file" else [])):
            options = f"--{option.name}={value}"
            found = [text for text in check(options).errors if f" {option.name}: must not be `" in text]
            assert found == []


def test_the_table_hangs_together():
    for option in table().values():
        assert {*option.conflicts, *option.requires} <= set(table())
        assert all(
            option.name in table()[other].conflicts for other in option.conflicts if "input_" not in option.name + other
        )
        assert option.default in ("", *option.allowed) or not option.allowed
        assert option.meaning.endswith(".")
        assert not option.allowed or option.code != "usage"
        assert not set(option.older) & set(option.allowed)

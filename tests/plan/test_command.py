from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascendc.cann.atc import command
from ascendc.cann.atc import extra as atc_extra
from ascendc.cann.atc import table as atc_table
from ascendc.cann.atc.command import AtcOptions, InputShape
from ascendc.cann.soc import resolve
from ascendc.cann.version import Cann
from ascendc.errors import UsageError
from ascendc.model import AtcHints, Image, Part, Tensor
from ascendc.plan.command import options_for
from ascendc.target import Batch, PartTarget, Target

IMAGE = Image(4, 6, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
PIXELS = Tensor("pixels", "float32", ("batch", 3, 4, 6), IMAGE)
IDS = Tensor("ids", "int32", ("batch", 77))


def options(*inputs, sizes=(1,), precision="fp16", aipp="none", extra=(), hints=None, soc="Ascend310P3"):
    wanted = PartTarget(Batch(sizes), precision, aipp)
    target = Target("edge", resolve(soc).soc, Cann("8.1.RC1"), (("part", wanted),), atc_options=extra)
    part = Part("part", inputs or (IDS,), ())
    return options_for(part, wanted, target, hints or AtcHints())


def refusal(**more):
    with pytest.raises(UsageError) as caught:
        options(**more)
    return caught.value.id, caught.value.message


def test_a_static_batch_is_said_in_the_shape():
    assert options(IDS, sizes=(8,)).argv("m.onnx", "om/m") == (
        "--framework=5",
        "--model=m.onnx",
        "--output=om/m",
        "--soc_version=Ascend310P3",
        "--input_format=ND",
        "--input_shape=ids:8,77",
        "--precision_mode=force_fp16",
        "--op_compiler_cache_mode=enable",
        "--log=error",
    )


def test_gears_are_minus_one_in_every_batched_input():
    scalar = Tensor("scale", "float32", ())
    fixed = Tensor("table", "float32", (2, 5))
    argv = options(IDS, fixed, scalar, sizes=(1, 2, 4, 8)).argv("m.onnx", "m")
    assert "--input_shape=ids:-1,77;table:2,5;scale:" in argv
    assert "--dynamic_batch_size=1,2,4,8" in argv


def test_aipp_needs_nchw_and_brings_small_channel():
    hints = AtcHints("ND", small_channel=True)
    with_aipp = options(PIXELS, aipp="rgb", hints=hints, sizes=(1, 4)).argv("m.onnx", "m", "aipp.cfg")
    assert "--input_format=NCHW" in with_aipp
    assert "--insert_op_conf=aipp.cfg" in with_aipp
    assert "--dynamic_batch_size=1,4" in with_aipp
    assert "--enable_small_channel=1" in with_aipp
    without = options(PIXELS, hints=hints).argv("m.onnx", "m")
    assert "--input_format=ND" in without
    assert not [word for word in without if word.startswith(("--enable_small_channel", "--insert_op_conf"))]


@pytest.mark.parametrize(
    ("precision", "mode"),
    [("fp16", "force_fp16"), ("mixed", "allow_mix_precision"), ("origin", "must_keep_origin_dtype")],
)
def test_precision_modes(precision, mode):
    assert f"--precision_mode={mode}" in options(precision=precision).argv("m.onnx", "m")
    assert mode in atc_table.table()["precision_mode"].allowed


def test_implementation_modes_come_from_the_plugin():
    argv = options(hints=AtcHints(high_performance_ops=("Gelu", "SoftmaxV2"))).argv("m.onnx", "m")
    assert argv[7:9] == ("--op_select_implmode=high_performance", "--optypelist_for_implmode=Gelu,SoftmaxV2")


def test_the_cache_folder_is_the_callers():
    assert "--op_compiler_cache_dir=/cache" in options().argv("m.onnx", "m", cache="/cache")


def test_extra_options_come_last_by_name_and_win_over_defaults():
    argv = options(extra=(("log", "debug"), ("deterministic", "1"))).argv("m.onnx", "m")
    assert argv[-3:] == ("--op_compiler_cache_mode=enable", "--deterministic=1", "--log=debug")
    assert "--log=error" not in argv


def test_options_survive_json():
    from pydantic import TypeAdapter

    adapter = TypeAdapter(AtcOptions)
    made = options(IDS, sizes=(1, 2), extra=(("deterministic", "1"),))
    assert adapter.validate_json(adapter.dump_json(made)) == made


@pytest.mark.parametrize(
    ("sizes", "id", "text"),
    [
        ((), "ASC1710", "batch must be one positive size, or 2 to 100 of them, not []"),
        ((0,), "ASC1710", "batch must be one positive size, or 2 to 100 of them, not [0]"),
        ((1, 2, 2), "ASC1711", "batch gears must ascend and differ, not [1, 2, 2]"),
        ((4, 1), "ASC1711", "batch gears must ascend and differ, not [4, 1]"),
    ],
)
def test_batches_that_atc_refuses(sizes, id, text):
    assert refusal(sizes=sizes) == (id, text)


def test_more_gears_than_atc_documents():
    assert refusal(sizes=tuple(range(1, 102)))[0] == "ASC1710"


def test_an_input_name_that_atc_would_split():
    with pytest.raises(UsageError) as caught:
        options(Tensor("a;b", "float32", (1,)))
    assert caught.value.id == "ASC1712"
    assert caught.value.message == "input `a;b` of part `part` must not hold `;`: ATC splits --input_shape there"


def test_a_colon_in_an_input_name_is_fine():
    assert str(InputShape("serving:0", (1, 2))) == "serving:0:1,2"


@pytest.mark.parametrize(
    ("shape", "axis", "name"), [(("batch", "length"), 1, "length"), (("n", 3), 0, "n"), ((3, "batch"), 1, "batch")]
)
def test_a_symbolic_axis_that_is_not_the_batch(shape, axis, name):
    with pytest.raises(UsageError) as caught:
        options(Tensor("x", "float32", shape))
    assert caught.value.id == "ASC1713"
    assert caught.value.message == (
        f"axis {axis} of input `x` of part `part` is `{name}`; "
        "it must be a number: only the first axis may be symbolic, and is then called `batch`"
    )


@pytest.mark.parametrize(
    ("extra", "id", "text"),
    [
        ([("oo_levle", "O1")], "ASC1714", "`oo_levle` is not an option of ATC (did you mean `oo_level`?)"),
        ([("--log", "x")], "ASC1714", "`--log` is not an option of ATC (did you mean `log`?)"),
        ([("xyz", "1")], "ASC1714", "`xyz` is not an option of ATC"),
        ([("soc_version", "Ascend310")], "ASC1715", "`soc_version` must not be given: ascendc sets it from `soc`"),
        (
            [("precision_mode_v2", "fp16")],
            "ASC1715",
            "`precision_mode_v2` must not be given: ascendc sets it from `precision`",
        ),
        (
            [("dynamic_batch_size", "4")],
            "ASC1715",
            "`dynamic_batch_size` must not be given: ascendc sets it from the model's inputs and `batch`",
        ),
        ([("auto_tune_mode", "RL")], "ASC1716", "`auto_tune_mode` must not be given: ATC dropped it in favour of AOE"),
        (
            [("mode", "1")],
            "ASC1716",
            "`mode` must not be given: it makes ATC do something else than compile an ONNX graph to an OM",
        ),
        (
            [("keep_dtype", "/x.cfg")],
            "ASC1717",
            "`keep_dtype` must not be given: it names a file, which would not travel along",
        ),
        ([("deterministic", "2")], "ASC1718", "`deterministic` must not be `2`; allowed: 0, 1"),
        (
            [("log", "warn")],
            "ASC1718",
            "`log` must not be `warn`; allowed: debug, info, warning, error, null (did you mean `warning`?)",
        ),
        (
            [("static_model_ops_lower_limit", "-2")],
            "ASC1718",
            "`static_model_ops_lower_limit` must not be `-2`; allowed: whole numbers from -1",
        ),
        ([("aicore_num", "")], "ASC1718", "`aicore_num` must not be ''; allowed: one line of text"),
        (
            [("enable_single_stream", "true"), ("multi_stream_parallel_mode", "cv")],
            "ASC1719",
            "`enable_single_stream` and `multi_stream_parallel_mode` exclude each other",
        ),
        ([("deterministic_level", "1")], "ASC1720", "`deterministic_level` must go together with `deterministic`"),
    ],
)  # fmt: skip
def test_extra_options_that_cannot_be_passed_on(extra, id, text):
    assert refusal(extra=tuple(extra)) == (id, text)


def test_an_extra_option_that_the_plugin_already_sets():
    extra = (("op_select_implmode", "high_precision"), ("optypelist_for_implmode", "Gelu"))
    assert options(extra=extra).extra == extra
    id, text = refusal(extra=extra, hints=AtcHints(high_performance_ops=("Gelu",)))
    assert (id, text) == (
        "ASC1715",
        "`op_select_implmode` must not be given: ascendc sets it from the plugin's hints",
    )


def test_a_value_with_shell_metacharacters_stays_one_word():
    extra = (("out_nodes", "a b;$(id)`x`'\"&|"),)
    assert options(extra=extra).argv("m.onnx", "m")[-1] == "--out_nodes=a b;$(id)`x`'\"&|"


def test_every_option_that_is_emitted_is_in_the_table():
    made = options(PIXELS, sizes=(1, 2), aipp="rgb", hints=AtcHints(small_channel=True, high_performance_ops=("Gelu",)))
    names = [word[2:].partition("=")[0] for word in made.argv("m", "o", "a", "c")]
    assert set(names) <= set(atc_table.table())
    assert set(names) >= {"framework", "dynamic_batch_size", "insert_op_conf", "optypelist_for_implmode"}
    assert set(atc_extra.OWNED) <= set(atc_table.table())


def test_the_table_says_where_it_is_from():
    record = json.loads((Path(command.__file__).parents[1] / "data" / "atc_options.json").read_text())
    assert set(record) == {"version", "source", "schema", "options"}
    names = [option["name"] for option in record["options"]]
    assert len(names) == len(set(names)) == 90
    for option in atc_table.table().values():
        assert set(option.conflicts) | set(option.requires) <= set(names)


@pytest.mark.parametrize("path", ["/a b", "/a+b", "/a@b", "/a=b", "/~", "/a:b", "/a,b", "/a\n", ""])
def test_paths_that_atc_refuses(path):
    assert not command.accepts_path(path)


def test_a_path_that_atc_accepts():
    assert command.accepts_path("/a/b-1_2.x")

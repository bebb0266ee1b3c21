from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from ascendc.cann.aipp.derive import Preprocessor, derive
from ascendc.cann.aipp.op import AippOp
from ascendc.cann.aipp.write import write
from ascendc.cli.aipp import schema_text
from ascendc.model import Image as Wanted

SCHEMA = Path(__file__).parents[2] / "docs" / "aipp-lint.schema.json"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OP = derive(Preprocessor(16, 16, MEAN, STD))
NV12 = derive(Preprocessor(16, 16, MEAN, STD), "nv12")


@pytest.fixture
def config(tmp_path):
    """A configuration of these blocks, in a file."""

    def made(*ops, name="aipp.cfg"):
        path = tmp_path / name
        path.write_text(write(ops), encoding="utf-8")
        return path

    return made


@pytest.fixture
def onnx(tmp_path):
    from onnx import TensorProto, helper, save

    x = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, 16, 16])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3, 16, 16])
    graph = helper.make_graph([helper.make_node("Relu", ["pixels"], ["y"])], "g", [x], [y])
    save(helper.make_model(graph), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.fixture
def picture(tmp_path):
    """Red above, blue below: 40 × 32."""
    pixels = np.zeros((32, 40, 3), np.uint8)
    pixels[:16, :, 0] = 200
    pixels[16:, :, 2] = 250
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.fixture
def preprocess(tmp_path):
    path = tmp_path / "preprocess.json"
    path.write_text(Wanted(16, 16, MEAN, STD).to_json(), encoding="utf-8")
    return path


def test_lint_says_what_becomes_of_the_input(ascendc, config, onnx):
    path = config(OP)
    ran = ascendc("aipp", "lint", path, "--soc", "310P3", "--model", onnx)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "aipp_op[0]: pixels takes 768 bytes a picture: RGB888_U8, 16×16 (height × width); the network sees 16×16",
        f"{path}: 1 block, no errors, 0 doubts",
    ]


def test_lint_says_what_is_wrong_where_and_what_to_do(ascendc, config, onnx):
    path = config(replace(OP, src_image_size_w=32, var_reci_chn_1=()))
    ran = ascendc("aipp", "lint", path, "--model", onnx)
    assert (ran.code, ran.err) == (4, "")
    assert ran.out.splitlines() == [
        "error  E81012 at kernel: aipp_op[0].src_image_size_w",
        "  line 5: src_image_size_w 32 must be the width of input `pixels (3×16×16)`: 16, not 32",
        "  fix: src_image_size_w 16, or crop: true with crop_size_w 16",
        "doubt  aipp_op[0].var_reci_chn_1",
        "  line 1: `var_reci_chn_1` not set: channel 1 is not divided, others are",
        "  fix: add var_reci_chn_1",
        f"{path}: 1 block, 1 error (1 at kernel), 1 doubt",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), ["not judged: whether sizes and channels are those of the model's input (--model M.onnx)"]),
        (("--size", "16x16"), ["not judged: whether channels are those of the model's input (--model M.onnx)"]),
        (("--model", "model.onnx"), []),
    ],
)
def test_what_cannot_be_judged_without_the_model_is_said(ascendc, config, onnx, monkeypatch, options, said):
    monkeypatch.chdir(onnx.parent)
    ran = ascendc("aipp", "lint", config(OP), *options)
    assert [line for line in ran.out.splitlines() if line.startswith("not judged")] == said


def test_without_a_model_no_input_is_named(ascendc, config):
    written = json.loads(ascendc("aipp", "lint", config(OP), "--size", "16x16", "--json").out)
    assert (written["ops"][0]["input"], written["ops"][0]["result"]) == (None, [16, 16])


def test_a_size_that_nothing_says_is_the_network_s(ascendc, config):
    ran = ascendc("aipp", "lint", config(replace(OP, src_image_size_w=0, src_image_size_h=0)))
    assert ran.out.splitlines()[0] == "aipp_op[0]: the input takes RGB888_U8 of the network's size"


def test_the_options_of_atc_reach_the_rules(ascendc, config, onnx):
    path, bare = config(OP), config(replace(OP, src_image_size_w=0, src_image_size_h=0), name="bare.cfg")
    gears = ("--dynamic-image-size", "16,16;32,32")
    assert "E10052 at graph" in ascendc("aipp", "lint", path, *gears).out
    assert ascendc("aipp", "lint", bare, *gears).code == 0
    assert "E10001 at graph" in ascendc("aipp", "lint", path, "--dynamic-dims").out
    assert "E10034 at graph" in ascendc("aipp", "lint", path, "--model", onnx, "--input-fp16-nodes", "x;pixels").out
    assert (
        "must be the width of the model's input (?×16×32): 32, not 16"
        in ascendc("aipp", "lint", path, "--size", "16x32").out
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--size", "16"), "`16` must be height and width, such as 224x224"),
        (("--dynamic-image-size", "16;32"), "`16;32` must be heights and widths, such as 224,224;448,448"),
        (("--soc", "tegra"), "ASC1211 unknown SoC `tegra`"),
        (("--input-fp16-nodes", "x"), "ASC2204 --input-fp16-nodes must come with --model"),
        (("--model", "no.onnx"), "ASC2301 the ONNX file `no.onnx` does not exist"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(ascendc, config, options, said):
    ran = ascendc("aipp", "lint", config(OP), *options)
    assert ran.code == 2
    assert said in ran.err


def test_what_was_assumed_of_a_soc_s_name_is_said(ascendc, config):
    ran = ascendc("aipp", "lint", config(OP), "--soc", "310P")
    assert ran.err == "ascendc: `310P` is taken as Ascend310P3, as on the Atlas 300I Pro, 300V and 300I Duo\n"


def test_no_file_or_another_kind_of_file(ascendc, onnx):
    assert ascendc("aipp", "lint", "no.cfg") == (
        2,
        "",
        "ascendc: ASC2201 the AIPP configuration `no.cfg` does not exist\n",
    )
    ran = ascendc("aipp", "lint", onnx)
    assert (ran.code, ran.out) == (2, "")
    assert "ASC2202" in ran.err


@pytest.mark.parametrize(
    ("op", "code"),
    [(OP, 0), (replace(OP, src_image_size_w=5000), 4), (replace(OP, padding_value=float("inf"), crop_size_w=3), 0)],
)
def test_json_is_the_contract(ascendc, config, op, code):
    ran = ascendc("aipp", "lint", config(op), "--json")
    written = json.loads(ran.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    jsonschema.validate(written, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert ran.code == code
    assert list(written) == ["version", "ok", "ops", "errors", "lint"]
    assert (written["version"], written["ok"], len(written["ops"])) == ("1", code == 0, 1)
    assert [list(error) for error in written["errors"]] == [["code", "field", "gate", "message", "fix"]] * (code // 4)
    assert all(list(doubt) == ["field", "message", "fix"] for doubt in written["lint"])


def test_the_schema_is_that_of_the_classes():
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


def test_lint_imports_nothing_heavy(config, onnx):
    """Which is what keeps it below 0.3 s: numpy, onnx, rich and torch take longer than all of it."""
    code = (
        "import sys; from ascendc.cli import cli\n"
        "cli.main(sys.argv[1:], standalone_mode=False)\n"
        "print(*sorted({'numpy', 'onnx', 'onnx_ir', 'rich', 'torch', 'pydantic', 'PIL'} & set(sys.modules)))"
    )
    asked = ["aipp", "lint", str(config(OP)), "--soc", "310B4", "--model", str(onnx), "--json"]
    done = subprocess.run([sys.executable, "-c", code, *asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_derive_writes_a_block_that_lints_clean(ascendc, preprocess, tmp_path):
    ran = ascendc("aipp", "derive", preprocess)
    assert (ran.code, ran.out) == (0, write([OP]))
    out = tmp_path / "made.cfg"
    assert ascendc("aipp", "derive", preprocess, "--source", "nv21", "--rank", 2, "-o", out).code == 0
    assert ascendc("aipp", "lint", out).out.endswith("1 block, no errors, 0 doubts\n")
    assert "  related_input_rank: 2\n" in out.read_text()


def test_derive_reads_a_bundle_s(ascendc, preprocess, tmp_path):
    (tmp_path / "assets").mkdir()
    preprocess.rename(tmp_path / "assets" / "preprocess.json")
    assert ascendc("aipp", "derive", tmp_path).out == write([OP])
    ran = ascendc("aipp", "derive", tmp_path / "assets")
    assert (ran.code, ran.err.split()[1]) == (2, "ASC2207")


@pytest.mark.parametrize(
    "text",
    [
        Wanted(-1, 16, MEAN, STD).to_json(),
        Wanted(16, 10**9, MEAN, STD).to_json(),
        Wanted(16, 16, MEAN, STD, resize_to="16").to_json(),
        Wanted(16, 16, MEAN, STD, resize="crop").to_json(),
        "{",
        "[]",
        '{"a": 1}',
        '{"height": 1}',
        Wanted(16, 16, MEAN, (0.0, 1.0, 1.0)).to_json(),
        "null",
        "\x00",
    ],
)
def test_what_is_no_preprocess_json(ascendc, preprocess, text):
    preprocess.write_text(text)
    ran = ascendc("aipp", "derive", preprocess)
    assert (ran.code, ran.err.split()[1]) == (2, "ASC2208")


def shown(ascendc, tmp_path, *arguments):
    """The lines, and the picture as an array."""
    ran = ascendc("aipp", "show", *arguments, "-o", tmp_path / "seen.png")
    assert ran.code == 0, ran.err
    return ran.out.splitlines(), np.asarray(Image.open(tmp_path / "seen.png")).astype(int)


def test_show_says_and_shows_what_the_network_sees(ascendc, config, picture, preprocess, tmp_path):
    lines, seen = shown(ascendc, tmp_path, config(OP), picture, "--against", preprocess)
    scaled = f"{picture} scaled (bicubic, the shorter side to 16, the centre cut out)"
    assert lines[:3] == [
        "aipp_op[0], emulated as on Ascend310P3",
        f"handed over: RGB888_U8 16×16, 768 bytes, bytes RGB; {scaled}",
        "the network sees 1×3×16×16 (batch×channels×height×width):",
    ]
    figures = [re.fullmatch(r"  channel (\d): min (\S+), max (\S+), mean (\S+)", line).groups() for line in lines[3:6]]
    assert figures[1] == ("1", "-2.0352", "-2.0352", "-2.0352"), "no green: 0 as ImageNet has it"
    [error] = re.fullmatch(rf"against {preprocess}: max error (\S+), mean \S+", lines[6]).groups()
    assert 0 < float(error) < 0.003
    assert lines[7:] == [f"picture: {tmp_path / 'seen.png'}"]
    assert np.abs(seen[2, 8] - [200, 0, 0]).max() <= 1
    assert np.abs(seen[13, 8] - [0, 0, 250]).max() <= 1


def wrong(lines):
    return [line.removeprefix("looks wrong: ") for line in lines if line.startswith("looks wrong")]


MANY = "means, factors, colour conversion or the order of channels differ (ascendc aipp derive writes the right block)"
NOT_USED_TO = "this is not what the model is used to: "


def test_exchanged_colours_are_seen(ascendc, config, picture, preprocess, tmp_path):
    swapped = config(replace(OP, rbuv_swap_switch=True))
    lines, seen = shown(ascendc, tmp_path, swapped, picture, "--against", preprocess)
    assert wrong(lines) == [
        "rbuv_swap_switch exchanges red and blue of the RGB handed over; right for BGR (--source bgr)",
        NOT_USED_TO + "red and blue are exchanged (rbuv_swap_switch)",
    ]
    uneven = preprocess.with_name("uneven.json")  # whose channels differ so much that swapped values fit neither
    figures = (0.9, 0.5, 0.1), (0.1, 0.3, 0.9)
    uneven.write_text(Wanted(16, 16, *figures).to_json())
    made = config(derive(Preprocessor(16, 16, *figures), "bgr"), name="uneven.cfg")
    lines, seen = shown(ascendc, tmp_path, made, picture, "--against", uneven)
    assert wrong(lines)[1:] == [NOT_USED_TO + "red and blue are exchanged (rbuv_swap_switch)"]
    lines, seen = shown(ascendc, tmp_path, config(replace(OP, min_chn_0=0.0, min_chn_1=0.0, min_chn_2=0.0)), picture)
    assert seen[2, 8].tolist() == [200, 0, 0]
    lines, seen = shown(ascendc, tmp_path, config(replace(OP, rbuv_swap_switch=True)), picture)
    assert seen[2, 8][2] > 180 > 20 > seen[2, 8][0]
    lines, seen = shown(ascendc, tmp_path, swapped, picture, "--against", preprocess, "--source", "bgr")
    assert wrong(lines) == []
    assert seen[2, 8][0] > 180


def test_unconverted_yuv_is_seen(ascendc, config, picture, preprocess, tmp_path):
    lines, seen = shown(ascendc, tmp_path, config(NV12), picture, "--against", preprocess)
    assert wrong(lines) == []
    assert "nv12 of BT.601 full range" in lines[1]
    assert np.abs(seen[2, 8] - [200, 0, 0]).max() <= 4
    lines, seen = shown(ascendc, tmp_path, config(replace(NV12, csc_switch=False)), picture, "--against", preprocess)
    assert wrong(lines) == [
        "channels are Y, U and V: colours are not converted (csc_switch)",
        NOT_USED_TO + "these pictures want the matrix and biases of YUV→RGB BT.601 full range",
    ]
    assert np.abs(seen[2, 8] - [200, 0, 0]).max() > 50


@pytest.fixture
def edges(tmp_path):
    """Colours that change from pixel to pixel, of which NV12 keeps half."""
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "edges.png")
    return tmp_path / "edges.png"


@pytest.mark.parametrize("yuv", ["bt601-full", "bt601-narrow", "bt709-full", "bt709-narrow"])
@pytest.mark.parametrize("source", ["nv12", "nv21"])
def test_what_nv12_loses_is_no_error_of_the_block(ascendc, config, edges, preprocess, tmp_path, source, yuv):
    standard, range = yuv.split("-")
    right = config(derive(Preprocessor(16, 16, MEAN, STD), source, standard=standard, range=range))
    lines, _ = shown(ascendc, tmp_path, right, edges, "--against", preprocess, "--source", source)
    assert wrong(lines) == []
    [error] = [float(line.split("max error ")[1].split(",")[0]) for line in lines if line.startswith("against")]
    assert error < 0.03, "which is two levels of 255"


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (("--source", "nv21"), "U and V are exchanged (rbuv_swap_switch)"),
        (("--yuv", "bt709-full"), "these pictures want the matrix and biases of YUV→RGB BT.709 full range"),
        (("--yuv", "bt601-narrow"), "these pictures want the matrix and biases of YUV→RGB BT.601 narrow range"),
    ],
)
def test_other_yuv_than_the_block_s_is_named(ascendc, config, edges, preprocess, tmp_path, options, cause):
    lines, _ = shown(ascendc, tmp_path, config(NV12), edges, "--against", preprocess, *options)
    assert wrong(lines) == [NOT_USED_TO + cause]


def test_the_unused_byte_at_the_other_end(ascendc, config, edges, preprocess, tmp_path):
    path = config(derive(Preprocessor(16, 16, MEAN, STD), "xrgb"))
    lines, _ = shown(ascendc, tmp_path, path, edges, "--against", preprocess, "--source", "rgbx")
    assert wrong(lines) == [NOT_USED_TO + "the unused byte is at the other end (ax_swap_switch)"]


def test_doubts_of_the_block_are_shown_with_it(ascendc, config, picture, tmp_path):
    two = config(replace(OP, csc_switch=True), replace(OP, related_input_rank=1, rbuv_swap_switch=True))
    lines, _ = shown(ascendc, tmp_path, two, picture)
    doubts = [line for line in lines if line.startswith("doubtful: line 5: csc_switch without ")]
    assert [line.removeprefix("doubtful: line 5: csc_switch without ") for line in doubts] == [
        "the whole matrix: the kernel takes what is missing from YUV→BGR BT.601, whatever comes in",
        "output_bias_0, output_bias_1, output_bias_2: the kernel takes 16, 128, 128",
    ]
    assert "doubtful" not in "".join(shown(ascendc, tmp_path, two, picture, "--block", 1)[0])


def test_what_an_odd_cut_does_to_chroma_is_not_known(ascendc, config, picture, tmp_path):
    cut = replace(NV12, crop=True, load_start_pos_w=1, crop_size_w=8, crop_size_h=16)
    lines, _ = shown(ascendc, tmp_path, config(cut), picture, "--soc", "310B4")
    assert (
        "doubtful: cut at an odd place: how a chip pairs chroma there is not known, the emulation may be wrong" in lines
    )


def test_the_picture_is_not_written_over(ascendc, config, picture, monkeypatch):
    before = picture.read_bytes()
    monkeypatch.chdir(picture.parent)
    ran = ascendc("aipp", "show", config(OP), picture, "-o", picture.name)
    assert (ran.code, ran.err) == (
        2,
        "ascendc: ASC2211 `picture.png` must not be written: it is the picture\n  hint: -o OUT.png\n",
    )
    assert picture.read_bytes() == before
    assert ascendc("aipp", "show", config(OP, name="picture.cfg"), picture).out.endswith("picture: picture-seen.png\n")
    assert picture.read_bytes() == before


def test_a_refused_block_s_hint_judges_it_for_the_same_size(ascendc, config, picture, preprocess):
    path = config(replace(OP, src_image_size_w=18))
    assert ascendc("aipp", "show", path, picture, "--against", preprocess).err == (
        f"ascendc: ASC2209 ATC would refuse `{path}`: aipp_op[0].src_image_size_w: line 5: src_image_size_w 18 must be "
        "the width of the model's input (?×16×16): 16, not 18\n"
        f"  hint: ascendc aipp lint {path} --size 16x16\n"
    )


@pytest.mark.parametrize(
    ("figures", "source", "said"),
    [
        (
            Wanted(15, 16, MEAN, STD),
            "nv12",
            "`src_image_size_h` must be even with input_format YUV420SP_U8, not 15: pixels share their colour in pairs",
        ),
        (Wanted(16, 16, (123.675, 116.28, 103.53), STD), "rgb", "`min_chn_0` must be 0 to 255, not 31537.1"),
        (Wanted(16, 16, MEAN, (1e-9, 1.0, 1.0)), "bgr", "`var_reci_chn_0` must be -65504 to 65504, not 3.92157e+06"),
    ],
)
def test_derive_writes_nothing_that_atc_would_refuse(ascendc, tmp_path, figures, source, said):
    path = tmp_path / "preprocess.json"
    path.write_text(figures.to_json())
    ran = ascendc("aipp", "derive", path, "--source", source)
    assert (ran.code, ran.out, ran.err) == (
        2,
        "",
        f"ascendc: ASC2214 no {source} block can do what `{path}` says: ATC would refuse it, {said}\n",
    )
    assert ascendc("aipp", "derive", path).code == (0 if source == "nv12" else 2)


def test_derive_into_a_folder_that_is_not_there(ascendc, preprocess):
    ran = ascendc("aipp", "derive", preprocess, "-o", "no/aipp.cfg")
    assert (ran.code, ran.err) == (
        2,
        "ascendc: ASC2213 `no/aipp.cfg` cannot be written: No such file or directory\n",
    )


@pytest.mark.parametrize(
    ("op", "said"),
    [
        (
            replace(OP, **{f"min_chn_{c}": 0.0 for c in range(3)}, **{f"var_reci_chn_{c}": () for c in range(3)}),
            [
                "values go up to 253: pixels are not divided (var_reci_chn)",
                NOT_USED_TO + "pixels are neither divided nor centred",
            ],
        ),
        (replace(OP, **{f"min_chn_{c}": 0.0 for c in range(3)}), [NOT_USED_TO + "means are not subtracted"]),
        (
            replace(
                OP, **{f"min_chn_{c}": 0.0 for c in range(3)}, **{f"var_reci_chn_{c}": (1 / 255,) for c in range(3)}
            ),
            [NOT_USED_TO + "pixels are divided by 255, but not by the standard deviation, nor centred"],
        ),
        (
            replace(OP, **{f"var_reci_chn_{c}": (1 / 255,) for c in range(3)}),
            [NOT_USED_TO + "pixels are not divided by the standard deviation"],
        ),
        (
            derive(Preprocessor(16, 16, (0.6, 0.5, 0.4), (0.3, 0.2, 0.2))),
            [NOT_USED_TO + MANY],
        ),
    ],
)
def test_wrong_figures_are_named(ascendc, config, picture, preprocess, tmp_path, op, said):
    lines, _ = shown(ascendc, tmp_path, config(op), picture, "--against", preprocess)
    assert wrong(lines) == said


def test_what_aipp_cuts_is_compared_with_the_same_centre(ascendc, config, picture, preprocess, tmp_path):
    preprocess.write_text(Wanted(16, 16, MEAN, STD, resize_to=20).to_json())
    cut = replace(OP, src_image_size_h=20, src_image_size_w=20, crop=True, crop_size_h=16, crop_size_w=16)
    cut = replace(cut, load_start_pos_h=2, load_start_pos_w=2)
    lines, _ = shown(ascendc, tmp_path, config(cut), picture, "--against", preprocess)
    assert wrong(lines) == []
    assert [line for line in lines if line.startswith("against")] != []


def test_grey_with_a_border(ascendc, config, picture, preprocess, tmp_path):
    grey = replace(OP, input_format="YUV400_U8", padding=True, top_padding_size=4, padding_value=-1.0)
    lines, seen = shown(ascendc, tmp_path, config(grey), picture, "--soc", "310B4")
    assert "the network sees 1×1×20×16 (batch×channels×height×width):" in lines
    assert seen.shape == (20, 16)


def test_a_block_for_another_shape_is_not_compared(ascendc, config, picture, preprocess, tmp_path):
    lines, _ = shown(ascendc, tmp_path, config(OP), picture, "--against", preprocess, "--size", "16x16", "--soc", "310")
    assert wrong(lines) == []
    padded = replace(OP, src_image_size_h=12, padding=True, top_padding_size=4)
    lines, _ = shown(ascendc, tmp_path, config(padded), picture, "--against", preprocess)
    assert f"against {preprocess}: not compared, since the block changes channels or adds a border" in lines


@pytest.mark.parametrize(
    ("op", "options", "id"),
    [
        (replace(OP, src_image_size_w=5000), (), "ASC2209"),
        (OP, ("--block", 1), "ASC2209"),
        (OP, ("--source", "nv12"), "ASC2212"),
        (replace(OP, src_image_size_w=0, src_image_size_h=0), (), "ASC2209"),
        (OP, ("--soc", "SD3403"), "ASC2205"),
        (AippOp("dynamic", max_src_image_size=1000), (), "ASC2205"),
        (replace(OP, input_format="ARGB8888_U8"), (), "ASC2205"),
        (replace(OP, resize=True, resize_output_w=16, resize_output_h=16), (), "ASC2205"),
        (OP, ("--against", "no.json"), "ASC2207"),
        (OP, ("-o", "no/such/folder.png"), "ASC2211"),
    ],
)
def test_what_cannot_be_shown(ascendc, config, picture, op, options, id, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = ascendc("aipp", "show", config(op), picture, *options)
    assert (ran.code, ran.err.split()[1]) == (2, id)


def test_what_is_no_picture(ascendc, config, preprocess, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = ascendc("aipp", "show", config(OP), preprocess)
    assert (ran.code, ran.err.split()[1]) == (2, "ASC2210")

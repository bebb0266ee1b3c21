from __future__ import annotations

import re

import numpy as np
import pytest

from ascendc.cann.aipp.lint import lint
from ascendc.cann.aipp.question import Question
from ascendc.cann.aipp.read import read
from ascendc.cann.outline import Outline, Port
from ascendc.cann.soc import resolve
from ascendc.errors import UsageError
from ascendc.model import Image, Part, Tensor
from ascendc.plan import pixels as aipp
from ascendc.target import Batch, PartTarget, Target

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def part(*, mean=MEAN, std=STD, size=(224, 224), shape=None):
    image = Image(*size, mean, std)
    ids = Tensor("ids", "int32", ("batch", 77))
    pixels = Tensor("pixels", "float32", shape or ("batch", 3, *size), image)
    return Part("both", (ids, pixels), ())


def configs(part, soc="Ascend310P3", wanted="rgb"):
    target_part = PartTarget(Batch((1,)), "fp16", wanted)
    return aipp.configs_for(part, target_part, Target("edge", resolve(soc).soc, None, (("both", target_part),)))


def parse(text):
    """The fields of the only block, as ATC would read them: protobuf text."""
    body = re.fullmatch(r"(?:#.*\n)*aipp_op \{\n(.*)\}\n", text, re.DOTALL)[1]
    fields = [line.strip().split(": ") for line in body.splitlines()]
    assert len({name for name, _ in fields}) == len(fields), "a field that is given twice is a parse error (E13018)"
    return dict(fields)


def apply(fields, image):
    """What static AIPP computes, in float64: channel swap, then (x - mean - min) * var."""
    assert fields["aipp_mode"] == "static"
    assert fields["input_format"] == "RGB888_U8"
    assert not {"crop", "padding", "csc_switch", "rbuv_swap_switch", "ax_swap_switch"} & set(fields)
    assert image.shape[1:] == (int(fields["src_image_size_h"]), int(fields["src_image_size_w"]), 3)
    planes = image.transpose(0, 3, 1, 2).astype(np.float64)
    out = np.empty_like(planes)
    for c in range(3):
        out[:, c] = (planes[:, c] - float(fields.get(f"min_chn_{c}", 0))) * float(fields[f"var_reci_chn_{c}"])
    return out


def reference(image, mean=MEAN, std=STD):
    planes = image.transpose(0, 3, 1, 2) / 255.0
    return (planes - np.array(mean)[:, None, None]) / np.array(std)[:, None, None]


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)


def test_it_normalises_as_the_model_expects(pictures):
    fields = parse(aipp.text(configs(part())))
    assert fields["related_input_rank"] == "1"
    assert np.abs(apply(fields, pictures) - reference(pictures)).max() < 1e-6


@pytest.mark.parametrize(
    ("mean", "std"),
    [
        (MEAN[::-1], STD[::-1]),
        (MEAN[::-1], STD),
        ((0.485, 0.456, 0.406), STD),
        (MEAN, (0.229, 0.224, 0.225)),
        ((0.0, 0.0, 0.0), STD),
    ],
)
def test_a_wrong_order_or_mean_would_be_seen(pictures, mean, std):
    """The same comparison on configurations that are wrong: blue first, ImageNet's figures, no mean."""
    fields = parse(aipp.text(configs(part(mean=mean, std=std))))
    assert np.abs(apply(fields, pictures) - reference(pictures)).max() > 1e-3


def test_means_are_floats_in_min_chn_since_mean_chn_is_an_integer():
    fields = parse(aipp.text(configs(part())))
    assert not [name for name in fields if name.startswith("mean_chn")]
    assert fields["min_chn_0"] == "122.770938"


def test_the_source_size_is_the_models_own():
    fields = parse(aipp.text(configs(part(size=(48, 32)))))
    assert (fields["src_image_size_h"], fields["src_image_size_w"]) == ("48", "32")


@pytest.mark.parametrize("soc", ["Ascend310", "Ascend310P3", "Ascend310B4", "Ascend910B4"])
def test_it_lints_clean_before_the_model_it_is_for(soc):
    text = aipp.text(configs(part(), soc))
    model = Outline(
        (Port("ids", "int32", ("batch", 77)), Port("pixels", "float32", ("batch", 3, 224, 224))), (), (), (), 8
    )
    report = lint(read(text), Question(soc=resolve(soc).soc, model=model))
    assert (report.ok, report.errors, report.lint) == (True, (), ())
    [block] = report.ops
    assert (block.input, block.source, block.bytes) == ("pixels", (224, 224), 150528)


def test_without_aipp_there_is_no_configuration():
    assert configs(part(), wanted="none") == ()
    assert aipp.text(()) is None


def refusal(*arguments, **more):
    with pytest.raises(UsageError) as caught:
        configs(*arguments, **more)
    return caught.value.id, caught.value.message


def test_a_part_without_an_image():
    text = Part("text", (Tensor("ids", "int32", ("batch", 77)),), ())
    assert refusal(text) == ("ASC1730", "aipp must be none: part `text` has no image input")


def test_a_soc_without_static_aipp():
    assert refusal(part(), soc="Ascend035") == ("ASC1731", "aipp must be none: Ascend035 has no static AIPP")


@pytest.mark.parametrize(
    ("shape", "said"),
    [(("batch", 1, 224, 224), "batch×1×224×224"), ((3, 224, 224), "3×224×224")],
)
def test_an_input_that_is_no_rgb_image_of_its_size(shape, said):
    assert refusal(part(shape=shape)) == (
        "ASC1732",
        f"image input `pixels` must be batch×3×224×224 for AIPP, neither side above 4096, not {said}",
    )


def test_an_image_larger_than_aipp_takes():
    assert refusal(part(size=(4097, 8)))[0] == "ASC1732"


@pytest.mark.parametrize("mean", [-0.5, 1.5, float("nan")])
def test_means_outside_the_pixel_range(mean):
    assert refusal(part(mean=(mean, 0.5, 0.5))) == (
        "ASC1733",
        f"the means of image input `pixels` must be 0 to 1 for AIPP, not ({mean}, 0.5, 0.5)",
    )


@pytest.mark.parametrize("deviation", [0.0, -0.5, 5e-8, float("inf"), float("nan")])
def test_deviations_that_no_factor_is_there_for(deviation):
    said = f"must be 6e-08 or more, and finite, for AIPP, not ({deviation}, 1.0, 1.0)"
    assert refusal(part(std=(deviation, 1.0, 1.0))) == (
        "ASC1734",
        f"the standard deviations of image input `pixels` {said}",
    )

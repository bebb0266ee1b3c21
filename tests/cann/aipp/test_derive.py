from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ascendc.cann.aipp.derive import SOURCES, Preprocessor, derive
from ascendc.cann.aipp.emulate import emulate, normalised
from ascendc.cann.aipp.lint import lint
from ascendc.cann.aipp.pack import pack
from ascendc.cann.aipp.question import Question
from ascendc.cann.aipp.read import read
from ascendc.cann.aipp.write import write
from ascendc.cann.outline import Outline, Port
from ascendc.cann.soc import resolve

CLIP = Preprocessor(224, 224, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
YUV = [(standard, range) for standard in ("bt601", "bt709") for range in ("full", "narrow")]


def reference(preprocessor, pixels):
    """What the model's own preprocessor gives, in float64: height × width × 3 → 3 × height × width."""
    return ((pixels / 255 - preprocessor.mean) / preprocessor.std).transpose(2, 0, 1)


def worst(op, soc):
    """Largest error of each channel over all 256 values."""
    levels = np.arange(256)[:, None].repeat(3, axis=1)
    wanted = ((levels / 255 - CLIP.mean) / CLIP.std).T
    return np.abs(normalised(op, resolve(soc).soc)[:3].astype(np.float64) - wanted).max(axis=1)


@pytest.mark.parametrize("soc", ["Ascend310", "Ascend310P3", "Ascend910B4"])
def test_clip_s_means_alone_in_min_chn_are_good_to_0_0023_where_each_step_is_fp16(soc):
    assert worst(derive(CLIP), soc) == pytest.approx([1.12e-3, 7.7e-4, 2.23e-3], rel=0.01)


def test_and_to_less_than_one_step_of_fp16_where_only_the_result_is():
    assert worst(derive(CLIP), "Ascend310B4") == pytest.approx([4.8e-4, 7.7e-4, 8.9e-4], rel=0.01)


def test_splitting_means_into_whole_numbers_and_fractions_would_halve_it():
    """The figure that docs/aipp.md gives; emulated."""
    op = derive(CLIP)
    whole = [int(value) for value in op.minimum]
    split = replace(
        op,
        **{f"mean_chn_{channel}": whole[channel] for channel in range(3)},
        **{f"min_chn_{channel}": op.minimum[channel] - whole[channel] for channel in range(3)},
    )
    assert worst(split, "Ascend310P3").max() == pytest.approx(1.13e-3, rel=0.01)
    assert worst(split, "Ascend310B4").max() == pytest.approx(8.9e-4, rel=0.01)


@pytest.mark.parametrize("yuv", YUV)
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_model_what_its_preprocessor_would(source, yuv):
    standard, range = yuv
    pixels = np.random.default_rng(1).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    pixels = np.kron(pixels, np.ones((2, 2, 1), np.uint8))
    op = derive(CLIP, source, standard=standard, range=range)
    found = emulate(op, pack(pixels, source, standard, range), resolve("Ascend310P3").soc)[0]
    error = np.abs(found - reference(CLIP, pixels))
    if source.startswith("nv"):
        assert error.max() <= 2.6 / 255 / min(CLIP.std)  # Y, U and V, and what is made of them, rounded to 8 bits
    else:
        assert error.max() <= 2.3e-3


@pytest.mark.parametrize("wrong", ["full", "narrow", "bt709"])
def test_another_standard_or_range_would_be_seen(wrong):
    right = {"full": ("bt601", "narrow"), "narrow": ("bt601", "full"), "bt709": ("bt601", "full")}[wrong]
    taken = (right[0], wrong) if wrong != "bt709" else (wrong, right[1])
    pixels = np.kron(np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8), np.ones((2, 2, 1), np.uint8))
    op = derive(replace(CLIP, height=16, width=16), "nv12", standard=taken[0], range=taken[1])
    found = emulate(op, pack(pixels, "nv12", *right), resolve("Ascend310P3").soc)[0]
    assert np.abs(found - reference(CLIP, pixels)).max() > 0.2


@pytest.mark.parametrize("yuv", YUV)
@pytest.mark.parametrize("source", SOURCES)
def test_all_of_them_lint_without_an_error(source, yuv):
    standard, range = yuv
    text = write([derive(CLIP, source, standard=standard, range=range, rank=1)])
    model = Outline((Port("ids", "int32", (1, 77)), Port("pixels", "float32", (1, 3, 224, 224))), (), (), (), 8)
    report = lint(read(text), Question(soc=resolve("Ascend310").soc, model=model))
    assert report.errors == ()
    hd = source.startswith("nv") and standard == "bt709"
    assert [doubt.field for doubt in report.lint] == (["aipp_op[0].matrix_r0c0"] if hd else [])

"""The emulator against published formulas in float64, written here on their own, pixel by pixel."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann.aipp.derive import SOURCES, Preprocessor, derive
from ascendc.cann.aipp.emulate import emulate, normalised
from ascendc.cann.aipp.op import MATRIX, AippOp
from ascendc.cann.aipp.pack import grey, pack
from ascendc.cann.soc import resolve
from ascendc.errors import UsageError

FP16, FP32 = resolve("Ascend310P3").soc, resolve("Ascend310B4").soc
UNIT = dict.fromkeys((f"var_reci_chn_{channel}" for channel in range(3)), (1.0,))


def fp16_step(value):
    """The distance of fp16 numbers around `value`."""
    return 2.0 ** (max(math.floor(math.log2(abs(value))) if value else -14, -14) - 10)


def pixel(op, data, size, row, column):
    """The channels of one pixel after loading, cropping and swapping, as documents describe the formats."""
    height, width = size
    if op.crop:
        row, column = row + op.load_start_pos_h, column + op.load_start_pos_w
    if op.input_format == "YUV400_U8":
        return [data[row * width + column]]
    if op.input_format == "YUV420SP_U8":
        at = height * width + (row // 2) * width + (column // 2) * 2
        first, second = data[at], data[at + 1]
        return [data[row * width + column], *((second, first) if op.rbuv_swap_switch else (first, second))]
    if op.input_format == "XRGB8888_U8":
        at = (row * width + column) * 4
        found = [data[at + byte] for byte in ((1, 2, 3) if op.ax_swap_switch else (0, 1, 2))]
    else:
        at = (row * width + column) * 3
        found = [data[at + byte] for byte in range(3)]
    return found[::-1] if op.rbuv_swap_switch else found


def convert(op, channels):
    """Colour conversion with real numbers: what the chip gives may differ by 1."""
    if not op.csc_switch:
        return [float(value) for value in channels]
    rows = [[getattr(op, name)[0] for name in MATRIX[3 * row : 3 * row + 3]] for row in range(3)]
    if "YUV" in op.input_format:
        biased = [value - bias for value, bias in zip(map(int, channels), op.input_bias, strict=True)]
        found = [sum(c * v for c, v in zip(row, biased, strict=True)) / 256 for row in rows]
    else:
        sums = [sum(c * int(v) for c, v in zip(row, channels, strict=True)) / 256 for row in rows]
        found = [value + bias for value, bias in zip(sums, op.output_bias, strict=True)]
    found = [min(max(value, 0.0), 255.0) for value in found]
    return found[:1] if not any(rows[1] + rows[2]) else found


@st.composite
def cases(draw):
    """A block of any of the four formats, its source, and the sizes that it implies."""
    name = draw(st.sampled_from(["RGB888_U8", "XRGB8888_U8", "YUV400_U8", "YUV420SP_U8"]))
    height, width = (2 * draw(st.integers(2, 5)) for _ in range(2))
    op = AippOp("static", input_format=name, src_image_size_h=height, src_image_size_w=width)
    if name != "YUV400_U8":
        op = replace(op, rbuv_swap_switch=draw(st.booleans()))
    if name == "XRGB8888_U8":
        op = replace(op, ax_swap_switch=draw(st.booleans()))
    if draw(st.booleans()):
        top, left = 2 * draw(st.integers(0, 1)), 2 * draw(st.integers(0, 1))
        op = replace(op, crop=True, load_start_pos_h=top, load_start_pos_w=left)
        op = replace(op, crop_size_h=draw(st.integers(1, height - top)), crop_size_w=draw(st.integers(1, width - left)))
    if name != "YUV400_U8" and draw(st.booleans()):
        coefficients = {field: (draw(st.integers(-600, 600)),) for field in MATRIX}
        if draw(st.booleans()):
            coefficients |= dict.fromkeys(MATRIX[3:], (0,))
        biases = {
            f"{side}_bias_{c}": (draw(st.sampled_from([0, 16, 128])),) for side in ("input", "output") for c in range(3)
        }
        op = replace(op, csc_switch=True, **coefficients, **biases)
    if draw(st.booleans()):
        op = replace(op, **{f"mean_chn_{c}": draw(st.integers(0, 255)) for c in range(3)})
    if draw(st.booleans()):
        op = replace(op, **{f"min_chn_{c}": draw(st.floats(0, 255)) for c in range(3)})
    op = replace(op, **{f"var_reci_chn_{c}": (draw(st.floats(1 / 255, 1)),) for c in range(3)})
    if draw(st.booleans()):
        pads = {f"{side}_padding_size": draw(st.integers(0, 3)) for side in ("left", "right", "top", "bottom")}
        op = replace(op, padding=True, padding_value=draw(st.floats(-8, 8)), **pads)
    size = {"RGB888_U8": 3, "XRGB8888_U8": 4, "YUV400_U8": 1, "YUV420SP_U8": 1.5}[name]
    seed = draw(st.integers(0, 2**32 - 1))
    data = np.random.default_rng(seed).integers(0, 256, int(height * width * size), dtype=np.uint8)
    return op, data, (height, width)


@settings(deadline=None, max_examples=120)
@given(cases(), st.sampled_from([FP16, FP32]))
def test_it_is_what_the_formulas_say_within_rounding(case, soc):
    op, data, size = case
    found = emulate(op, data.tobytes(), soc)
    tall, wide = (op.crop_size_h, op.crop_size_w) if op.crop else size
    assert found.dtype == np.float16
    rows, columns = op.border
    assert found.shape[0] == 1
    assert found.shape[2:] == (tall + rows, wide + columns)
    top, left = (op.top_padding_size, op.left_padding_size) if op.padding else (0, 0)
    for row in range(tall + rows):
        for column in range(wide + columns):
            inside = top <= row < top + tall and left <= column < left + wide
            if not inside:
                assert (found[0, :, row, column] == np.float16(op.padding_value)).all()
                continue
            channels = convert(op, pixel(op, data, size, row - top, column - left))
            assert len(channels) == found.shape[1]
            for channel, value in enumerate(channels):
                mean, least, factor = op.mean[channel], op.minimum[channel], op.reciprocal[channel]
                exact = (value - mean - least) * factor
                # One step of the conversion; half a step of fp16 each for least and its difference (fp16 chips),
                # for the factor, and for the result.
                slack = factor if op.csc_switch else 0.0
                if soc is FP16:
                    slack += (fp16_step(least) + fp16_step(abs(value - mean - least) + 1)) / 2 * factor
                    slack += abs(exact) * 2**-11 + factor * 2**-10
                slack += fp16_step(abs(exact) + slack) / 2 + abs(exact) * 2**-20 + 1e-5
                assert abs(float(found[0, channel, row, column]) - exact) <= slack


def test_conversion_is_in_whole_numbers_adds_128_and_saturates():
    coefficients = dict(zip(MATRIX, [(256,), (0,), (0,), (0,), (1,), (127,), (-256,), (0,), (0,)], strict=True))
    zero = {f"{side}_bias_{c}": (0,) for side in ("input", "output") for c in range(3)}
    op = AippOp(
        "static",
        input_format="RGB888_U8",
        src_image_size_h=1,
        src_image_size_w=2,
        csc_switch=True,
        **coefficients,
        **zero,
    )
    found = emulate(op, np.array([[[9, 1, 1], [255, 0, 1]]], np.uint8), FP16)
    # (1 + 127 + 128) >> 8 is 1, (127 + 128) >> 8 is 0; what is below 0 is 0
    assert found[0, :, 0].T.tolist() == [[9, 1, 0], [255, 0, 0]]
    biased = replace(op, output_bias_0=(200,), output_bias_2=(10,))
    assert emulate(biased, np.array([[[9, 1, 1], [255, 0, 1]]], np.uint8), FP16)[0, :, 0].T.tolist() == [
        [209, 1, 1],
        [255, 0, 0],
    ]


def test_swap_comes_before_means():
    """Means belong to the channels that the network sees."""
    op = AippOp("static", input_format="RGB888_U8", rbuv_swap_switch=True, src_image_size_h=1, src_image_size_w=2)
    op = replace(op, mean_chn_0=1, mean_chn_1=2, mean_chn_2=3)
    found = emulate(op, np.array([[[10, 20, 30]] * 2], np.uint8), FP16)
    assert found[0, :, 0, 0].tolist() == [29, 18, 7]


def test_chips_round_differently():
    """123.675 is 123.6875 in fp16: chips that round every step see it, those that round at the end do not."""
    op = AippOp("static", input_format="YUV400_U8", min_chn_0=123.675, var_reci_chn_0=(1.0,))
    assert normalised(op, FP16)[0, 124] == np.float16(124 - 123.6875)
    assert normalised(op, FP32)[0, 124] == np.float16(124 - 123.675)
    assert normalised(op, FP16)[0, 124] != normalised(op, FP32)[0, 124]


def test_a_crop_at_an_odd_place_takes_the_chroma_it_begins_in():
    planes = np.concatenate([np.zeros((4, 4)), [[10, 11, 20, 21], [30, 31, 40, 41]]]).astype(np.uint8)
    op = AippOp("static", input_format="YUV420SP_U8", src_image_size_h=4, src_image_size_w=4)
    op = replace(op, crop=True, load_start_pos_w=1, load_start_pos_h=1, crop_size_h=2, crop_size_w=2)
    assert emulate(op, planes, FP32)[0, 1].tolist() == [[10, 10], [10, 10]]


def test_several_pictures_and_sizes_that_only_the_network_says():
    op = AippOp("static", input_format="RGB888_U8", **UNIT)
    data = np.arange(2 * 2 * 4 * 3, dtype=np.uint8).reshape(2, 2, 4, 3)
    assert np.array_equal(emulate(op, data, FP16, (2, 4)), data.transpose(0, 3, 1, 2))
    cut = replace(op, crop=True, src_image_size_h=2, src_image_size_w=4)
    assert np.array_equal(emulate(cut, data, FP16, (2, 2)), data[:, :, :2].transpose(0, 3, 1, 2))


def test_what_is_beyond_fp16_is_infinite_without_a_warning():
    op = AippOp("static", input_format="YUV400_U8", var_reci_chn_0=(65504.0,), padding=True, padding_value=1e9)
    assert np.isinf(normalised(op, FP16)[0, 2])
    assert np.isinf(emulate(replace(op, top_padding_size=1), np.zeros((2, 2), np.uint8), FP16, (2, 2))[0, 0, 0]).all()


@pytest.mark.parametrize(
    ("op", "soc", "words"),
    [
        (AippOp("dynamic"), FP16, "the block cannot be emulated: aipp_mode must be static"),
        (
            AippOp("static", input_format="RAW16"),
            FP16,
            "the block cannot be emulated: input_format must be one of RGB888",
        ),
        (
            AippOp("static", input_format="RGB888_U8", resize=True),
            FP16,
            "the block cannot be emulated: resize must be false",
        ),
        (
            AippOp("static", input_format="RGB888_U8"),
            resolve("SD3403").soc,
            "the block cannot be emulated: how SD3403 rounds",
        ),
        (
            AippOp("static", input_format="RGB888_U8"),
            resolve("Ascend035").soc,
            "the block cannot be emulated: how Ascend035",
        ),
        (
            AippOp("static", input_format="RGB888_U8"),
            FP16,
            "the block says no source size, and so the network's size must",
        ),
    ],
)
def test_what_cannot_be_emulated(op, soc, words):
    with pytest.raises(UsageError) as caught:
        emulate(op, b"", soc)
    assert caught.value.id == "ASC2205"
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize("source", [b"", b"1234", np.zeros((2, 2, 3), np.float32)])
def test_a_source_of_another_size_or_type(source):
    op = AippOp("static", input_format="RGB888_U8", src_image_size_h=2, src_image_size_w=2)
    with pytest.raises(UsageError, match=r"must be uint8, 12 bytes a picture \(RGB888_U8, 2×2: batch×height×width×3\)"):
        emulate(op, source, FP16)


PICTURE = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)


@pytest.mark.parametrize("source", SOURCES)
def test_packing_is_undone_by_the_block_for_it(source):
    """What is packed comes out as RGB again: exact for bytes, within the conversion's rounding for YUV."""
    flat = np.kron(PICTURE[:4, :3], np.ones((2, 2, 1), np.uint8))  # 2 by 2 of one colour, as YUV420 can hold
    unit = Preprocessor(8, 6, (0.0, 0.0, 0.0), (1 / 255,) * 3)
    found = emulate(derive(unit, source), pack(flat, source), FP16)[0].transpose(1, 2, 0)
    assert np.abs(found - flat.astype(float)).max() <= (2 if source.startswith("nv") else 0)


def test_grey_is_luma():
    assert grey(np.array([[[255, 255, 255], [255, 0, 0]]], np.uint8)).tolist() == [[255, 76]]


@pytest.mark.parametrize(
    ("v", "red"),
    [(129, 101), (130, 103), (126, 97)],  # 101.4, 102.8 and 97.2: to the nearest, not down
)
def test_conversion_rounds_to_the_nearest(v, red):
    op = replace(derive(Preprocessor(2, 2, (0.0,) * 3, (1.0,) * 3), "nv12"), **UNIT)
    assert emulate(op, bytes([100] * 4 + [128, v]), FP32)[0, 0].tolist() == [[red, red]] * 2

"""The drawn shapes: named, coloured, placed and repeatable."""

import itertools

import numpy as np
import pytest
from ascendc_plugins.clip.shapes import COLORS, SHAPES, caption, captions, draw, drawings


def inked(shape, size, seed):
    """Where the shape is: the pixels that another colour changes."""
    red, blue = (draw(color, shape, size=size, seed=seed) for color in ("red", "blue"))
    return (red != blue).any(axis=2)


def test_captions_name_every_colour_and_shape_once():
    assert caption("red", "square") == "a red square"
    assert captions()[:2] == ("a red circle", "a red square")
    assert len(set(captions())) == len(COLORS) * len(SHAPES) == 30


def test_a_drawing_is_an_rgb_array_of_the_size_asked_for():
    square = draw("red", "star", size=64, seed=0)
    assert (square.shape, square.dtype) == ((64, 64, 3), np.uint8)
    assert draw("red", "star", size=(50, 80), seed=0).shape == (50, 80, 3)


def test_the_seed_decides_the_drawing():
    first, again, other = (draw("cyan", "cross", size=(70, 90), seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("size", [(64, 2000), (2000, 64), (97, 101), (16, 16)])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_lies_inside_the_central_square(shape, size):
    side = min(size)
    top, left = ((length - side) // 2 for length in size)
    for seed in range(5):
        mask = inked(shape, size, seed)
        inside = mask[top : top + side, left : left + side].sum()
        assert inside == mask.sum()
        assert inside > 0.06 * side**2  # large enough to be told from the others


def test_shapes_differ_from_each_other():
    masks = [inked(shape, 64, seed=3) for shape in SHAPES]
    for one, other in itertools.combinations(masks, 2):
        assert (one != other).mean() > 0.03


@pytest.mark.parametrize(
    ("color", "bright"),
    [("red", "R"), ("green", "G"), ("blue", "B"), ("yellow", "RG"), ("purple", "RB"), ("cyan", "GB")],
)
def test_the_shape_has_its_colour_in_rgb_order(color, bright):
    assert color in COLORS
    for seed in range(10):
        mean = np.median(draw(color, "circle", size=64, seed=seed)[inked("circle", 64, seed)], axis=0)
        assert "".join(name for name, value in zip("RGB", mean, strict=True) if value > 100) == bright


def test_drawings_show_every_class_before_any_comes_twice():
    shown = [name for _, name in drawings(60, seed=1)]
    assert set(shown[:30]) == set(shown[30:]) == set(captions())


def test_drawings_vary_in_size_both_ways():
    sizes = [picture.shape[:2] for picture, _ in drawings(40, seed=2)]
    assert len(set(sizes)) > 30
    assert any(height > width for height, width in sizes)
    assert any(height < width for height, width in sizes)


def test_drawings_repeat_for_the_same_seed():
    one, again, other = (list(drawings(3, seed)) for seed in (7, 7, 8))
    for (picture, name), (same, same_name) in zip(one, again, strict=True):
        np.testing.assert_array_equal(picture, same)
        assert name == same_name
    assert any(a.shape != b.shape for (a, _), (b, _) in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("color", "shape", "message"),
    [
        ("pink", "square", "'pink' cannot be drawn; allowed: red, green, blue, yellow, purple, cyan"),
        ("red", "cube", "'cube' cannot be drawn; allowed: circle, square, triangle, star, cross"),
    ],
)
def test_what_has_no_name_is_refused(color, shape, message):
    with pytest.raises(ValueError, match=r"cannot be drawn") as error:
        draw(color, shape, size=64, seed=0)
    assert str(error.value) == message


def test_a_drawing_too_small_is_refused():
    with pytest.raises(ValueError, match=r"too small") as error:
        draw("red", "star", size=(15, 300), seed=0)
    assert str(error.value) == "a drawing of 15 x 300 is too small: sides must be 16 or longer"

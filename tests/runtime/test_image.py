import json
import os
import random
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from ascendc.runtime import InputError, Preprocessing, name_of

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def preprocessing(height=8, width=8, resize="shortest-edge", resize_to=None, interpolation="bicubic"):
    return Preprocessing(height, width, resize, resize_to, interpolation, CLIP_MEAN, CLIP_STD)


def noise(height, width, channels=3, seed=0):
    return np.random.RandomState(seed).randint(0, 256, (height, width, channels)).astype(np.uint8)


# -- by hand, on any Python --------------------------------------------------------------------------------------


def test_it_is_read_from_preprocess_json(tmp_path):
    fields = {"height": 8, "width": 9, "resize": "squash", "resize_to": None, "interpolation": "bilinear"}
    (tmp_path / "preprocess.json").write_text(json.dumps(dict(fields, mean=[0.5] * 3, std=[0.25] * 3)))
    read = Preprocessing.read(tmp_path / "preprocess.json")
    assert read == Preprocessing(8, 9, "squash", None, "bilinear", (0.5,) * 3, (0.25,) * 3)


def test_floats_are_normalised_per_channel_and_channels_come_first():
    pixels = noise(8, 8)
    batch = preprocessing().batch([pixels, pixels[::-1]])
    assert batch.shape == (2, 3, 8, 8)
    assert batch.dtype == np.float32
    wanted = (pixels / 255 - CLIP_MEAN) / CLIP_STD
    np.testing.assert_allclose(batch[0], wanted.transpose(2, 0, 1), atol=1e-6)
    np.testing.assert_array_equal(batch[1], batch[0][:, ::-1])


def test_uint8_is_raw_pixels_with_channels_last():
    pixels = noise(8, 8)
    batch = preprocessing().batch([pixels], "uint8")
    assert batch.dtype == np.uint8
    np.testing.assert_array_equal(batch, pixels[None])


def test_float16_is_the_rounded_float32():
    batch = preprocessing().batch([noise(8, 8)], "float16")
    np.testing.assert_array_equal(batch, preprocessing().batch([noise(8, 8)]).astype(np.float16))


def test_the_centre_is_cut_out():
    pixels = noise(8, 13)  # nothing to scale; 5 columns too many, the odd one on the right
    np.testing.assert_array_equal(preprocessing().pixels(pixels), pixels[:, 2:10])


def test_a_scaled_picture_smaller_than_the_crop_is_framed_in_black():
    pixels = noise(5, 5)
    cropped = preprocessing(resize_to=5).pixels(pixels)
    np.testing.assert_array_equal(cropped[2:7, 2:7], pixels)
    assert cropped.sum() == pixels.sum()


def test_transparency_is_seen_on_white(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4, :, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "half.png")
    seen = preprocessing().pixels(tmp_path / "half.png")
    assert (seen[:4] == 0).all()
    assert (seen[4:] == 255).all()


@pytest.mark.parametrize("orientation", range(10))
def test_exif_orientation_is_applied(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noise(8, 8)).save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(preprocessing().pixels(tmp_path / "turned.png"), upright)


def test_a_path_with_spaces_and_plus_works(tmp_path):
    folder = tmp_path / "a + b"
    folder.mkdir()
    Image.fromarray(noise(8, 8)).save(folder / "my picture.png")
    np.testing.assert_array_equal(preprocessing().pixels(str(folder / "my picture.png")), noise(8, 8))


def test_a_picture_is_called_by_its_path_or_its_place():
    assert name_of("cat.png", 3) == "cat.png"
    assert name_of(noise(1, 1), 3) == "image 4"


# -- wrong pictures ----------------------------------------------------------------------------------------------


def refused(image):
    with pytest.raises(InputError) as error:
        preprocessing().pixels(image)
    return str(error.value)


def test_a_missing_file(tmp_path):
    assert refused(tmp_path / "cat.png") == "image {} does not exist".format(tmp_path / "cat.png")


def test_a_folder(tmp_path):
    assert refused(tmp_path) == f"image {tmp_path} is a folder"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(str(tmp_path / "pipe.png"))
    assert refused(tmp_path / "pipe.png") == "image {} is no regular file".format(tmp_path / "pipe.png")


def test_a_small_file_that_would_fill_the_memory_is_not_decoded(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("L", (8, 8)).save(str(path))
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 13000, 7000)  # the size in the header, and its checksum
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    path.write_bytes(bytes(content))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own; the program passes it over too
        assert refused(path) == f"image {path} is too large: 13000×7000 pixels; allowed: 89,478,485 in all"


def test_too_little_memory_is_said_of_the_picture(tmp_path, monkeypatch):
    Image.new("L", (8, 8)).save(str(tmp_path / "a.png"))

    def full(self, mode):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", full)
    assert refused(tmp_path / "a.png") == "image {} is too large for the memory that is free".format(tmp_path / "a.png")


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_an_image_that_is_none(content, tmp_path):
    path = tmp_path / "notes.png"
    path.write_bytes(content)
    assert refused(path) == (
        f"image {path} is not a picture that Pillow can read; allowed: JPEG, PNG, WebP, BMP, GIF, TIFF"
    )


@pytest.mark.parametrize("kind", ["jpg", "png", "gif", "bmp", "tif"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_picture(kind, kept, tmp_path):
    path = tmp_path / ("cat." + kind)
    Image.fromarray(noise(64, 64)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert refused(path).startswith(f"image {path} is ")


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of damaged TIFF tags before it gives up or goes on
@pytest.mark.parametrize("kind", ["jpg", "png", "gif", "bmp", "tif", "webp"])
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(kind, tmp_path):
    path = tmp_path / ("cat." + kind)
    Image.fromarray(noise(32, 32)).save(path)
    sound = path.read_bytes()
    rng = random.Random(0)
    for _ in range(40):
        damaged = bytearray(sound)
        for _ in range(rng.randint(1, 20)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        shape, told = None, ""
        try:
            shape = preprocessing().pixels(path).shape
        except InputError as error:
            told = str(error)
        assert shape == (8, 8, 3) or told.startswith(f"image {path} is ")


def test_more_than_8_bits_of_grey(tmp_path):
    path = tmp_path / "depth.png"
    Image.fromarray(np.full((8, 8), 40000, np.uint16)).save(path)
    assert refused(path) == f"image {path} has more than 8 bits per grey pixel; allowed: 8"


def test_a_strip():
    assert refused(noise(1, 20000000)) == "an image array is too oblong: 20000000×1 pixels would become 160000000×8"


@pytest.mark.parametrize(
    ("array", "shown"),
    [
        (np.zeros((8, 8), np.uint8), "8×8 uint8"),
        (np.zeros((3, 8, 8), np.uint8), "3×8×8 uint8"),
        (np.zeros((8, 8, 3)), "8×8×3 float64"),
        (np.zeros((0, 8, 3), np.uint8), "0×8×3 uint8"),
    ],
)
def test_an_array_that_is_no_picture(array, shown):
    assert refused(array) == "an image array must be height × width × 3, uint8; not " + shown


# -- against transformers, on the host ---------------------------------------------------------------------------


@pytest.fixture
def reference():
    pytest.importorskip("transformers", reason="transformers is not for this Python")
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    def process(image, size, crop, **options):
        processor = CLIPImageProcessorPil(size=size, crop_size={"height": crop, "width": crop}, **options)
        return np.asarray(processor(image, return_tensors="np")["pixel_values"])

    return process


SIZES = [(8, 8), (7, 31), (31, 7), (224, 224), (225, 337), (337, 225), (479, 641), (1, 1), (2, 3), (1, 97), (500, 3)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("crop", [32, 33])
def test_it_equals_the_processor(size, crop, reference):
    pixels = noise(*size)
    ours = preprocessing(crop, crop, resize_to=crop).batch([pixels])
    theirs = reference(Image.fromarray(pixels), {"shortest_edge": crop}, crop)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", SIZES[:6])
@pytest.mark.parametrize(("edge", "crop"), [(40, 32), (37, 32), (20, 32), (21, 32)])
def test_it_equals_the_processor_when_edge_and_crop_differ(size, edge, crop, reference):
    ours = preprocessing(crop, crop, resize_to=edge).batch([noise(*size)])
    theirs = reference(Image.fromarray(noise(*size)), {"shortest_edge": edge}, crop)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_squash_equals_the_processor(size, interpolation, reference):
    ours = preprocessing(24, 24, resize="squash", interpolation=interpolation).batch([noise(*size)])
    resample = {"bilinear": 2, "bicubic": 3}[interpolation]
    theirs = reference(
        Image.fromarray(noise(*size)), {"height": 24, "width": 24}, 24, do_center_crop=False, resample=resample
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_equals_the_processor(mode, reference, tmp_path):
    path = tmp_path / ("picture." + {"CMYK": "tif", "YCbCr": "tif"}.get(mode, "png"))
    Image.fromarray(noise(50, 37, 4)).convert(mode).save(path)
    ours = preprocessing(32, 32, resize_to=32).batch([path])
    with Image.open(path) as picture:
        theirs = reference(picture, {"shortest_edge": 32}, 32)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_a_transparent_palette_equals_the_processor(reference, tmp_path):
    picture = Image.fromarray(noise(50, 37)).convert("P")
    picture.save(tmp_path / "a.gif", transparency=3)
    ours = preprocessing(32, 32, resize_to=32).batch([tmp_path / "a.gif"])
    with Image.open(tmp_path / "a.gif") as picture:
        theirs = reference(picture, {"shortest_edge": 32}, 32)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_jpeg_equals_the_processor(reference, tmp_path):
    Image.fromarray(noise(90, 121)).save(tmp_path / "a.jpg", quality=80)
    ours = preprocessing(32, 32, resize_to=32).batch([tmp_path / "a.jpg"])
    with Image.open(tmp_path / "a.jpg") as picture:
        theirs = reference(picture, {"shortest_edge": 32}, 32)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    (tmp_path / "round.png").symlink_to(tmp_path / "round.png")
    with pytest.raises(InputError, match=r"^image .*round\.png (does not exist|is damaged or cannot be read: )"):
        preprocessing().pixels(tmp_path / "round.png")

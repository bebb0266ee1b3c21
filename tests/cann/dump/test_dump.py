"""Dump files and folders, written here as their documents say."""

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascendc.cann.dump import file, folder, layout
from ascendc.errors import AscendcError, UsageError
from ascendc.protobuf import message, number, varint

FLOAT, HALF, BFLOAT = 1, 2, 27
ND, NC1HWC0 = 2, 3


def shape(*dims):
    return message(1, b"".join(map(varint, dims)))


def output(array, dtype=FLOAT, origin=b"", size=None, original=(), data=b""):
    body = number(1, dtype) + number(2, ND) + message(3, shape(*array.shape)) + message(4, origin)
    body += message(5, data) if data else b""
    return message(3, body + number(6, array.nbytes if size is None else size) + message(7, shape(*original)))


def fed(array):
    return message(4, number(1, HALF) + number(2, ND) + message(3, shape(*array.shape)) + number(5, array.nbytes))


def dump(head, *arrays):
    return struct.pack("<Q", len(head)) + head + b"".join(array.tobytes() for array in arrays)


ROWS = np.arange(6, dtype=np.float32).reshape(2, 3)
PICTURE = np.ones((4,), np.float16)
HEAD = message(1, b"2.0") + number(2, 7) + message(6, b"block/MatMul")


@pytest.fixture
def write(tmp_path):
    def write(content, name="MatMulV2.block_MatMul.3.1.1700000000"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def test_tensors_lie_behind_their_description_inputs_first(write):
    origin = message(1, b"/block/MatMul") + number(2, 1)
    path = write(dump(HEAD + output(ROWS, origin=origin, original=(3, 2)) + fed(PICTURE), PICTURE, ROWS))
    found = file.read(path)
    assert (found.said.version, found.said.op, found.said.simulated) == ("2.0", "block/MatMul", False)
    taken, given_ = found.said.tensors
    assert (taken.way, taken.dtype, taken.format, taken.shape) == ("input", "float16", "ND", (4,))
    assert (given_.way, given_.node, given_.node_index, given_.original_shape) == ("output", "/block/MatMul", 1, (3, 2))
    np.testing.assert_array_equal(found.values(taken), PICTURE)
    np.testing.assert_array_equal(found.values(given_), ROWS)


def test_files_from_before_version_2_hold_the_bytes_inside(write):
    found = file.read(write(message(1, b"1.0") + output(ROWS, data=ROWS.tobytes())))
    np.testing.assert_array_equal(found.values(found.said.tensors[0]), ROWS)


def test_bfloat16_is_read_as_float32(write):
    halves = (ROWS.view(np.uint32) >> 16).astype(np.uint16)
    found = file.read(write(dump(HEAD + output(halves, BFLOAT), halves)))
    np.testing.assert_array_equal(found.values(found.said.tensors[0]), ROWS)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it has no version, and describes no tensor"),
        (dump(HEAD + output(ROWS)), "output 0 should have 24 bytes, and 0 are left"),
        (dump(HEAD + output(ROWS, size=1 << 62), ROWS), f"output 0 should have {1 << 62} bytes, and 24 are left"),
        (dump(HEAD + message(3, b"") * 5000), "it describes more than 4096 tensors and attributes"),
        (dump(HEAD + message(3, message(3, message(1, b"\1" * 200))), ROWS), "a shape has more than 128 axes"),
        (b"\xff" * 40, "the number at byte 0 has no end"),
    ],
)
def test_what_is_no_dump_is_told(write, content, why):
    path = write(content)
    with pytest.raises(UsageError) as caught:
        file.read(path)
    assert caught.value.id == "ASC2820"
    assert caught.value.message == f"`{path}` is no dump of AscendCL, or only the beginning of one: {why}"


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (output(ROWS, size=20), "output 0 is float32 2×3, and has 20 bytes"),
        (output(ROWS, 28), "output 0 holds int4, which numpy does not have"),
        (output(ROWS, 99), "output 0 holds 99, which numpy does not have"),
        (output(np.zeros((0, 3), np.float32)), "output 0 is float32 0×3, and has 0 bytes"),
    ],
)
def test_a_tensor_that_cannot_be_had_is_told(write, head, why):
    path = write(dump(HEAD + head, ROWS))
    found = file.read(path)
    with pytest.raises(UsageError) as caught:
        found.values(found.said.tensors[0])
    assert caught.value.message == f"the dump `{path}` cannot be compared: {why}"


GOOD = dump(HEAD + output(ROWS, origin=message(1, b"n"), original=(2, 3)) + fed(PICTURE), PICTURE, ROWS)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6), cut=st.integers(0, 40)
)
def test_whatever_the_bytes_it_tells_or_refuses(write, changes, cut):
    content = bytearray(GOOD)
    for at, byte in changes:
        content[at] = byte
    try:
        found = file.read(write(bytes(content[: len(content) - cut])))
        for tensor in found.said.tensors:
            layout.plain(found.values(tensor), tensor.format, tensor.original_shape)
    except AscendcError as error:
        assert error.id in ("ASC2820", "ASC2821")  # noqa: PT017 - any other exception fails the test


# -- layouts -----------------------------------------------------------------------------------------------------


def test_blocks_of_channels_are_joined():
    picture = np.arange(2 * 5 * 2 * 3).reshape(2, 5, 2, 3)
    filled = np.concatenate([picture, np.full((2, 3, 2, 3), -1)], axis=1)
    blocked = filled.reshape(2, 2, 4, 2, 3).transpose(0, 1, 3, 4, 2)
    np.testing.assert_array_equal(layout.plain(blocked, "NC1HWC0", (2, 5, 2, 3)), picture)


def test_blocks_of_a_matrix_are_joined():
    matrix = np.arange(2 * 5 * 6).reshape(2, 5, 6)
    filled = np.full((2, 8, 8), -1)
    filled[:, :5, :6] = matrix
    blocked = filled.reshape(2, 2, 4, 2, 4).transpose(0, 3, 1, 2, 4)  # N1, M1, M0, N0
    np.testing.assert_array_equal(layout.plain(blocked, "FRACTAL_NZ", (2, 5, 6)), matrix)


def test_blocks_of_a_vector_are_joined():
    """Ascend/msprobe takes it for a matrix of one row."""
    filled = np.full((16, 32), -1)
    filled[0, :20] = np.arange(20)
    blocked = filled.reshape(1, 16, 2, 16).transpose(2, 0, 1, 3)
    np.testing.assert_array_equal(layout.plain(blocked, "FRACTAL_NZ", (20,)), np.arange(20))


def test_what_cannot_be_turned_is_nothing():
    assert layout.plain(np.zeros((2, 2, 4, 4)), "FRACTAL_NZ", ()) is None
    assert layout.plain(ROWS, "FRACTAL_Z", (2, 3)) is None
    assert layout.plain(np.zeros((2, 2, 2, 2, 4)), "NC1HWC0", (2, 9, 2, 2)) is None
    assert layout.plain(ROWS, "ND", (3, 2)).shape == (3, 2)
    assert layout.plain(ROWS, "ND", (4, 2)).shape == (2, 3)


# -- folders -----------------------------------------------------------------------------------------------------


def test_runs_are_in_order_and_long_names_are_mapped(write, tmp_path):
    for run in (10, 2):
        write(GOOD, f"20260101/0/net/1/{run}/MatMulV2.a_b.3.1.17")
    write(GOOD, "20260101/0/net/1/2/Conv2D.c.3.1.17.0.0.0.0")
    write(GOOD, "20260101/0/net/1/2/12a456")
    write(b"12a456,Add." + b"x" * 300 + b".4.1.18\n", "20260101/0/net/1/2/mapping.csv")
    write(GOOD, "20260101/0/net/1/2/Pooling.pool1.1147.1589195081588018")
    write(b"{}", "20260101/0/net/1/2/notes.json")
    found = folder.runs(tmp_path)
    assert [run.folder.name for run in found] == ["2", "10"]
    assert [(one.type, one.node) for one in found[0].files] == [
        ("Add", "x" * 300),
        ("Conv2D", "c"),
        ("MatMulV2", "a_b"),
        ("Pooling", "pool1"),
    ]
    assert folder.written("/a.b c\\d") == "_a_b_c_d"


def test_a_folder_without_dumps_or_with_several_models_is_told(write, tmp_path):
    with pytest.raises(UsageError) as caught:
        folder.runs(tmp_path)
    assert (caught.value.id, caught.value.message) == ("ASC2822", f"`{tmp_path}` holds no dump of AscendCL")
    assert not folder.holds_dumps(tmp_path)
    for model in ("one", "two"):
        write(GOOD, f"t/0/{model}/1/0/MatMulV2.a_b.3.1.17")
    assert folder.holds_dumps(tmp_path)
    with pytest.raises(UsageError) as caught:
        folder.runs(tmp_path)
    named = ", ".join(str(tmp_path / "t" / "0" / model / "1") for model in ("one", "two"))
    assert caught.value.message == f"`{tmp_path}` holds dumps of several models; name one of {named}"

"""Samples against a model's inputs."""

import subprocess
import sys

import numpy as np
import pytest

from ascendc.errors import UsageError
from ascendc.precision.feeds import drawn, fit, read

PLAIN = "g (float[n,4] x) => (float[n,4] y) { y = Relu(x) }"
TWO = "g (float[n,4] x, int32[n,4] ids) => (float[n,4] y) { y = Relu(x) }"


def refused(error, id):
    with pytest.raises(UsageError) as caught:
        error()
    assert caught.value.id == id
    return caught.value


def test_a_few_samples_are_fed_at_a_time(graph):
    feeds = fit(graph(PLAIN), {"x": np.arange(40, dtype=np.float32).reshape(10, 4)})
    assert [len(one["x"]) for one in feeds.runs()] == [8, 2]
    assert [one["x"][:, 0].tolist() for one in feeds.runs([1, 5])] == [[4, 20]]
    assert (feeds.count, feeds.several(4), feeds.several(11)) == (10, 4, 10)


def test_a_fixed_batch_is_kept(graph):
    feeds = fit(graph(PLAIN.replace("[n,4]", "[3,4]")), {"x": np.ones((6, 4), np.float32)})
    assert [len(one["x"]) for one in feeds.runs()] == [3, 3]
    assert (feeds.several(4), feeds.several(1), feeds.several(9)) == (3, 3, 6)


def test_an_input_without_samples_is_the_same_in_every_run(graph):
    model = graph("g (float[n,4] x, float[4] s, float t) => (float[n,4] y) { a = Mul(x, s) y = Mul(a, t) }")
    ones = {"x": np.ones((9, 4), np.float32), "s": np.ones(4, np.float32), "t": np.float32(2)}
    assert [[one[name].shape for name in "xst"] for one in fit(model, ones).runs()] == [
        [(8, 4), (4,), ()],
        [(1, 4), (4,), ()],
    ]


def test_numbers_take_the_inputs_type_where_they_are_the_same_numbers(graph):
    found = fit(graph(TWO), {"x": np.ones((2, 4)), "ids": np.ones((2, 4), np.int64), "more": np.ones(3)})
    assert [found.arrays[name].dtype for name in ("x", "ids")] == [np.float32, np.int32]


@pytest.mark.parametrize(
    ("id", "arrays", "message"),
    [
        ("ASC2711", {"ids": np.ones((2, 4), np.int32)}, "the samples lack the input `x`; they hold `ids`"),
        ("ASC2711", {}, "the samples lack the input `x`; they hold nothing"),
        (
            "ASC2712",
            {"x": np.ones((2, 4)), "ids": np.full((2, 4), 2**40)},
            "input `ids` takes int32; the samples are int64",
        ),
        (
            "ASC2712",
            {"x": np.ones((2, 4)), "ids": np.ones((2, 4))},
            "input `ids` takes int32; the samples are float64",
        ),
        ("ASC2713", {"x": np.ones((2, 5))}, "input `x` takes N×4 (samples first); the samples are 2×5"),
        ("ASC2713", {"x": np.ones(4)}, "input `x` takes N×4 (samples first); the samples are 4"),
        (
            "ASC2714",
            {"x": np.ones((2, 4)), "ids": np.ones((3, 4), np.int32)},
            "inputs must have equally many samples, at least one: `x` has 2, `ids` has 3",
        ),
        (
            "ASC2714",
            {"x": np.ones((0, 4)), "ids": np.ones((0, 4), np.int32)},
            "inputs must have equally many samples, at least one: `x` has 0, `ids` has 0",
        ),
    ],
)
def test_what_does_not_fit(graph, id, arrays, message):
    assert refused(lambda: fit(graph(TWO), arrays), id).message == message


def test_a_fixed_batch_is_not_divided(graph):
    model = graph(PLAIN.replace("[n,4]", "[3,4]"))
    error = refused(lambda: fit(model, {"x": np.ones((4, 4), np.float32)}), "ASC2714")
    assert error.message == "the model is fixed to a batch of 3; 4 samples are no multiple of it"


def test_samples_are_read_from_an_archive_or_a_folder(tmp_path):
    np.savez(tmp_path / "s.npz", x=np.ones(3))
    assert read(tmp_path / "s.npz")["x"].tolist() == [1, 1, 1]
    (tmp_path / "f").mkdir()
    np.save(tmp_path / "f" / "a.b.npy", np.ones(2))
    assert read(tmp_path / "f")["a.b"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone.npz", "there is no such file or folder"),
        ("text.npz", "it is no .npz archive"),
        ("empty", "the folder holds no .npy file"),
        ("torn.npz", "`torn.npz` cannot be read: Error -3 while decompressing data: invalid distance too far back"),
        ("folder", "`x.npy` cannot be read: No data left in file"),
    ],
)
def test_what_holds_no_samples(tmp_path, name, why):
    np.savez_compressed(tmp_path / "torn.npz", x=np.arange(4000))
    content = bytearray((tmp_path / "torn.npz").read_bytes())
    content[200:260] = bytes(60)
    (tmp_path / "torn.npz").write_bytes(content)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.npy").write_bytes(b"")
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "empty").mkdir()
    error = refused(lambda: read(tmp_path / name), "ASC2710")
    assert error.message == f"--samples `{tmp_path / name}` cannot be read: {why}"
    assert error.hint == "it is an .npz with an array for each input, or a folder with <input>.npy, samples first"


def test_floats_are_drawn(graph):
    found = drawn(graph("g (float[n,4] x, float s) => (float[n,4] y) { y = Mul(x, s) }"), "m.onnx")
    assert (found["x"].shape, found["x"].dtype, found["s"].shape) == ((8, 4), np.float32, ())
    assert np.array_equal(found["x"], drawn(graph(PLAIN), "m.onnx")["x"]), "the same every time"
    assert drawn(graph(PLAIN.replace("[n,4]", "[3,4]")), "m.onnx")["x"].shape == (9, 4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TWO, "`ids` holds int32: what its numbers mean is not known"),
        ("g (float[n,m] x) => (float[n,m] y) { y = Relu(x) }", "axis 1 of `x` is open"),
    ],
)
def test_what_cannot_be_drawn_is_made_by_a_command(tmp_path, graph, text, why):
    error = refused(lambda: drawn(graph(text), "my model.onnx"), "ASC2715")
    assert error.message == f"samples are needed, since {why}"
    command, _, rest = error.hint.partition("python -c ")[2].partition(" && ")
    assert rest == "ascendc forecast 'my model.onnx' --samples samples.npz"
    python = f"exec python -c {command.replace('N', '7')}".replace("python", sys.executable, 1)
    subprocess.run(["bash", "-c", python], cwd=tmp_path, check=True)
    fit(graph(text), read(tmp_path / "samples.npz"))

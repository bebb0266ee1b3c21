"""Folders of pictures, asked of a bundle where it lies."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ascendc.runtime import __main__ as runtime

HALF = """
import numpy as np
from ascendc_runtime import Answer, PictureError

def open_service(sessions, assets):
    return Service(sessions["main"])

class Service:
    def __init__(self, session):
        self.session, self.offset = session, 0.0

    def run(self, images=(), texts=(), arrays=(), top_k=5):
        if not len(images):
            labels = np.array(["label"])
            return Answer(["a label"], [{"label": "label"}], {"names": labels, "embeddings": np.ones((1, 3), "f")})
        x = np.array([[self.size(image)] * 3 for image in images], np.float32) + self.offset
        y = self.session.run_batched({"x": x, "k": np.zeros(len(x), np.int32)})["y"]
        lines = ["{}: {:.0f}".format(image, row[0]) for image, row in zip(images, y)]
        return Answer(lines, [{"image": str(image), "y": float(row[0])} for image, row in zip(images, y)], {"y": y})

    def size(self, image):
        with open(image, "rb") as file:
            content = file.read()
        if not content:
            raise PictureError("image {} is empty".format(image))
        return len(content)
"""

MORE = (
    HALF
    + """
    def labelled(self, file, templates=()):
        self.offset = 100.0 * (1 + len(templates))
        return self

    def answers(self, images, texts=(), top_k=5, on_broken=None):
        for image in images:
            try:
                answer = self.run([image])
            except PictureError as error:
                if on_broken is None:
                    raise
                on_broken(image, error)
                continue
            yield Answer(["*" + answer.lines[0]], answer.results, dict(answer.arrays, names=np.array([image])))
"""
)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "pictures"
    path.mkdir()
    for i, name in enumerate(("c.png", "a.png", "b.png", "notes.txt")):
        (path / name).write_text("x" * (i + 1))
    return path


@pytest.fixture
def run(write_bundle, capsys, monkeypatch):
    """Ask a bundle with the device half `text`; its exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    made = []

    def run(text, *args):
        sys.modules.pop("ascendc_device", None)
        made[:] = made or [write_bundle()]
        (made[0] / "python/ascendc_device/__init__.py").write_text(text)
        for cached in (made[0] / "python/ascendc_device").glob("__pycache__/*"):
            cached.unlink()
        code = runtime.main(["--bundle", str(made[0]), "run", "--device", "cpu", *map(str, args)])
        return (code, *capsys.readouterr())

    yield run
    sys.modules.pop("ascendc_device", None)


@pytest.mark.parametrize(("half", "mark"), [(HALF, ""), (MORE, "*")], ids=["asked one by one", "that streams"])
def test_a_folder_is_answered_picture_by_picture(run, folder, half, mark):
    code, out, err = run(half, "--image", folder)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:4] == [f"{mark}{folder / name}.png: {y}" for name, y in (("a", 5), ("b", 7), ("c", 3))] + [
        "3 pictures"
    ]
    assert lines[4] == "note: made by hand"
    assert lines[5].startswith("main: onnxruntime ")


def test_files_and_folders_may_be_mixed(run, folder):
    _, out, _ = run(HALF, "--image", folder / "notes.txt", folder)
    assert out.splitlines()[:2] == [f"{folder / 'notes.txt'}: 9", f"{folder / 'a.png'}: 5"]


def test_files_alone_keep_their_contract(run, folder):
    _, out, _ = run(MORE, "--image", folder / "a.png", folder / "b.png", "--json")
    record = json.loads(out)
    assert [result["y"] for result in record["results"]] == [5, 7]
    assert sorted(record) == ["devices", "engines", "notes", "passed_over", "results"]


@pytest.mark.parametrize("half", [HALF, MORE], ids=["asked one by one", "that streams"])
def test_json_is_one_object_a_line(run, folder, half):
    (folder / "b.png").write_text("")
    code, out, err = run(half, "--image", folder, "--json", "--skip-broken")
    assert (code, err) == (4, "")
    first, second, third, last = map(json.loads, out.splitlines())
    assert first == {"image": str(folder / "a.png"), "y": 5.0}
    assert second == {"image": str(folder / "b.png"), "error": f"image {folder / 'b.png'} is empty"}
    assert third["y"] == 3.0
    assert (last["pictures"], last["skipped"], last["devices"]) == (2, 1, {"main": "cpu"})
    assert sorted(last) == ["devices", "engines", "notes", "passed_over", "pictures", "skipped"]


def test_a_broken_picture_is_named_and_so_is_the_way_on(run, folder):
    (folder / "b.png").write_text("")
    code, out, err = run(MORE, "--image", folder)
    assert code == 2
    assert out == f"*{folder / 'a.png'}: 5\n"
    assert err == (
        f"error: image {folder / 'b.png'} is empty\n  hint: --skip-broken leaves such pictures out, and says which\n"
    )


def test_skipped_pictures_are_listed(run, folder):
    (folder / "b.png").write_text("")
    (folder / "c.png").write_text("")
    code, out, err = run(MORE, "--image", folder, "--skip-broken")
    assert code == 4
    assert out.splitlines()[:2] == [f"*{folder / 'a.png'}: 5", "1 picture, 2 skipped"]
    assert err.splitlines() == [f"skipped: image {folder / name} is empty" for name in ("b.png", "c.png")]


def test_names_and_arrays_are_kept(run, folder, tmp_path):
    output = tmp_path / "kept.npz"
    for half in (HALF, MORE):
        assert run(half, "--image", folder, "--output", output)[0] == 0
        with np.load(str(output)) as kept:
            assert kept["names"].tolist() == [str(folder / name) for name in ("a.png", "b.png", "c.png")]
            assert kept["y"].tolist() == [[5.0] * 3, [7.0] * 3, [3.0] * 3]
    assert run(MORE, "--image", folder / "a.png", "--output", output)[1].startswith("*")


def test_what_fails_leaves_the_file_that_was_there(run, folder, tmp_path):
    output = tmp_path / "kept.npz"
    output.write_text("before")
    (folder / "c.png").write_text("")
    assert run(MORE, "--image", folder, "--output", output)[0] == 2
    assert output.read_text() == "before"
    for path in folder.glob("*.png"):
        path.write_text("")
    code, _, err = run(MORE, "--image", folder, "--output", output, "--skip-broken")
    assert code == 2
    assert err.endswith("error: --output: there is nothing to write: no picture could be taken\n")
    assert output.read_text() == "before"
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_labels_reach_the_service(run, folder, tmp_path):
    _, out, _ = run(MORE, "--image", folder, "--labels", "labels.txt")
    assert out.startswith(f"*{folder / 'a.png'}: 205\n")
    _, out, _ = run(MORE, "--image", folder / "a.png", "--labels=labels.txt", "--template", "a {}", "the {}")
    assert out.startswith(f"{folder / 'a.png'}: 605\n")
    assert run(MORE, "--labels", "labels.txt", "--output", tmp_path / "labels.npz")[0] == 0
    with np.load(str(tmp_path / "labels.npz")) as kept:
        assert sorted(kept) == ["embeddings", "names"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--labels", "a.txt"], "this bundle ranks no labels: --labels is not for its model"),
        (["--template", "a {}"], "--template makes texts of labels: give --labels FILE.txt"),
        (["--texts", "a", "--output", "e.npz"], "--output is for the embeddings of pictures or labels; --embed keeps "),
        (["--image", "{}", "--embed", "e"], "--embed does not go with pictures that are answered one by one; --output"),
        (["--image", "{}", "--arrays", "e"], "--arrays does not go with pictures that are answered one by one\n"),
        (["--texts", "1", "--embed", "/no/e"], "--embed: `/no/e.npz` cannot be written: No such file or directory\n"),
        (["--image", "{}", "--output", ""], "--output: `.` must end in .npz"),
        (["--texts", "1", "--labels", ""], "this bundle ranks no labels: --labels is not for its model"),
        (["--image", "{}", "--output", "e.npy"], "--output: `e.npy` must end in .npz"),
        (
            ["--image", "{}", "--output", "/no/e.npz"],
            "--output: `/no/e.npz` cannot be written: No such file or directory\n",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(run, folder, arguments, message):
    code, _, err = run(HALF, *[str(folder) if argument == "{}" else argument for argument in arguments])
    assert code == 2
    assert err.startswith("error: " + message)


def test_an_empty_folder_is_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run(HALF, "--image", tmp_path / "empty")
    assert code == 2
    assert err.startswith(f"error: folder {tmp_path / 'empty'} holds no pictures; allowed: files in .bmp, .gif, ")


def test_a_half_that_fails_while_it_streams_is_named(run, folder):
    text = MORE.replace("yield Answer", "1 / 0; yield Answer")
    code, _, err = run(text, "--image", folder)
    assert code == 3
    assert err.startswith("error: the bundle's device half failed in answers(): ZeroDivisionError: division by zero\n")
    code, _, err = run(
        MORE.replace('yield Answer(["*"', 'yield Answer("*"').replace("lines[0]]", "lines[0]"), "--image", folder
    )
    assert code == 3
    assert "failed in answers(): Answer.lines must be a list, not str" in err


def test_outputs_that_cannot_be_joined_are_named(run, folder, tmp_path):
    text = HALF.replace('{"y": y}', '{"y": np.zeros((1, int(y[0, 0])))}')
    code, _, err = run(text, "--image", folder, "--output", tmp_path / "kept.npz")
    assert (code, err) == (2, "error: --output: `y` has several shapes: 3, 5, 7\n")


def test_several_rows_of_a_picture_are_not_joined(run, folder, tmp_path):
    text = HALF.replace('{"y": y}', '{"y": np.zeros((3, 2))}')
    code, _, err = run(text, "--image", folder, "--output", tmp_path / "kept.npz")
    assert (code, err) == (2, "error: --output: `y` has 3 rows for a picture; one is kept of each\n")
    assert run(text, "--image", folder)[0] == 0


def test_pictures_and_folders_that_were_left_out_are_told_whatever_ends_it(run, folder, monkeypatch):
    (folder / "locked").mkdir()
    (folder / "a.png").write_text("")
    scandir = os.scandir

    def locked(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)  # these tests may run as root, whom no mode keeps out
    code, out, err = run(MORE, "--image", folder, "--skip-broken")
    said = ["image {} is empty".format(folder / "a.png"), "folder {} cannot be read: Permission denied"]
    assert (code, out.splitlines()[2]) == (4, "2 pictures, 2 skipped")
    assert err.splitlines() == ["skipped: " + said[0], "skipped: " + said[1].format(folder / "locked")]
    text = MORE.replace("yield Answer", "1 / 0; yield Answer")
    code, _, err = run(text, "--image", folder, "--skip-broken")
    assert code == 3
    assert err.startswith(f"skipped: {said[0]}\nerror: the bundle's device half failed in answers(): ")
    code, out, err = run(HALF, "--image", folder / "b.png", folder / "locked")
    assert (code, out) == (2, "{}: 7\n".format(folder / "b.png"))
    assert err.startswith("error: {}\n  hint: --skip-broken ".format(said[1].format(folder / "locked")))


@pytest.fixture
def started(write_bundle, folder):
    """A bundle's own process, which answers without an end."""
    bundle = write_bundle()
    (bundle / "python/ascendc_device/__init__.py").write_text(
        MORE.replace("for image in images:", "for image in list(images) * 100000:")
    )
    command = [sys.executable, "-m", "ascendc.runtime", "--bundle", str(bundle), "run", "--image", str(folder)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=str(root),
        env=dict(os.environ, PYTHONPATH=str(root)),
    ) as process:
        assert process.stdout.readline().startswith(b"*")
        yield process
        process.kill()


def test_ctrl_c_is_no_traceback(started):
    started.send_signal(2)
    _, err = started.communicate(timeout=60)
    assert (started.returncode, err) == (130, b"error: interrupted\n")


def test_who_reads_no_further_ends_it(started):
    started.stdout.close()
    assert started.wait(60) == 141
    assert started.stderr.read() == b""


def test_a_full_disk_is_no_traceback(write_bundle):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "ascendc.runtime", "--bundle", str(write_bundle()), "run", "--texts", "1"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=str(root), env=dict(os.environ, PYTHONPATH=str(root))
        )
    assert (done.returncode, done.stderr) == (2, b"error: standard output: No space left on device\n")


def test_a_name_that_is_no_text_is_said(write_bundle, folder):
    bundle = write_bundle()
    (bundle / "python/ascendc_device/__init__.py").write_text(MORE)
    (folder / os.fsdecode(b"\xff.png")).write_text("x")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "ascendc.runtime", "--bundle", str(bundle), "run", "--image", str(folder)]
    for more in ([], ["--json"]):
        done = subprocess.run(
            command + more, stdout=subprocess.PIPE, cwd=str(root), env=dict(os.environ, PYTHONPATH=str(root))
        )
        assert done.returncode == 0
        assert b"\\udcff.png" in done.stdout

import json
import sys

import pytest

from ascendc.runtime.bundle import BundleError, open_bundle


def refusal(call, *args):
    with pytest.raises(BundleError) as caught:
        call(*args)
    return str(caught.value)


def test_an_intact_bundle_has_no_complaints(write_bundle):
    bundle = open_bundle(write_bundle())
    assert list(bundle.complaints()) == []
    assert bundle.manifest.targets == ("card",)
    assert bundle.manifest.later == ("models/card/main.om",)


def test_there_must_be_a_manifest(tmp_path):
    path = tmp_path / "manifest.json"
    assert refusal(open_bundle, tmp_path) == f"{path}: cannot be read: No such file or directory"
    path.write_text("{")
    assert refusal(open_bundle, tmp_path).startswith(f"{path}: is not JSON: ")
    path.write_bytes(b"\xff")
    assert refusal(open_bundle, tmp_path) == f"{path}: is not UTF-8"
    with path.open("wb") as file:
        file.truncate((16 << 20) + 1)
    assert refusal(open_bundle, tmp_path) == f"{path}: is larger than any manifest"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("om", "../../x.om", "artefacts[0].om: must be a relative path inside the bundle"),
        ("om", "/x.om", "artefacts[0].om: must be a relative path inside the bundle"),
        ("batch", "1", 'artefacts[0].batch: must be a list, not "1"'),
        ("limit", "high", 'artefacts[0].limit: must be a number of 0 or more, not "high"'),
        ("onnx", "models/other.onnx", "artefacts[0].onnx: `models/other.onnx` is not among the files"),
    ],
)
def test_a_manifest_is_not_believed(write_bundle, field, value, message):
    folder = write_bundle(lambda document: document["artefacts"][0].__setitem__(field, value))
    assert refusal(open_bundle, folder).startswith("{}: {}".format(folder / "manifest.json", message))


def test_missing_edited_and_truncated_files_are_named(write_bundle):
    folder = write_bundle()
    (folder / "golden/main/x.npy").unlink()
    model = folder / "models/main.onnx"
    content = model.read_bytes()
    model.write_bytes(content.replace(b"affine", b"Affine"))
    half = folder / "python/ascendc_device/__init__.py"
    half.write_text("# short")
    assert list(open_bundle(folder).complaints()) == [
        "{}: is missing; manifest.json lists it".format(folder / "golden/main/x.npy"),
        f"{model}: was changed: its sha256 is not the one in manifest.json",
        "{}: has 7 bytes; manifest.json says {}".format(half, size_of(folder, "python/ascendc_device/__init__.py")),
    ]


def size_of(folder, name):
    return json.loads((folder / "manifest.json").read_text())["files"][name]["size"]


def test_links_are_not_followed(write_bundle, tmp_path):
    folder = write_bundle()
    path = folder / "golden/main/x.npy"
    path.rename(tmp_path / "x.npy")
    path.symlink_to(tmp_path / "x.npy")
    assert list(open_bundle(folder).complaints()) == [f"{path}: is not a plain file of this bundle"]


def test_folders_that_are_links_are_not_followed(write_bundle, tmp_path):
    folder = write_bundle()
    (folder / "models").rename(tmp_path / "models")
    (folder / "models").symlink_to(tmp_path / "models")
    path = folder / "models/main.onnx"
    assert list(open_bundle(folder).complaints()) == [f"{path}: is not a plain file of this bundle"]


def test_what_the_bundle_does_not_hold_is_said(write_bundle):
    bundle = open_bundle(write_bundle())
    path = bundle.folder / "manifest.json"
    assert bundle.artefact("main").target == "card"
    assert refusal(bundle.artefact, "text") == f"{path}: holds no text; it holds main @ card"
    assert refusal(bundle.artefact, "main", "x") == f"{path}: holds no main @ x; it holds main @ card"
    assert refusal(bundle.golden, "text") == f"{path}: holds no golden outputs of text"


def test_an_om_is_found_once_it_is_there(write_bundle):
    bundle = open_bundle(write_bundle())
    artefact = bundle.artefact("main")
    assert bundle.om(artefact) is None
    (bundle.folder / "models/card").mkdir()
    (bundle.folder / artefact.om).write_bytes(b"")
    assert bundle.om(artefact) == bundle.folder / artefact.om


def test_the_device_half_is_the_bundles_own(write_bundle, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "ascendc_device", raising=False)
    bundle = open_bundle(write_bundle())
    half = bundle.device_half()
    del sys.modules["ascendc_device"]
    assert half.__file__ == str(bundle.folder / "python/ascendc_device/__init__.py")

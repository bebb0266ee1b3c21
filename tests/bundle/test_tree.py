import stat

import pytest

from ascendc.bundle.tree import LINKED_FROM, Placed, Tree, TreeFile, materialise, refuse_file, refuse_place
from ascendc.errors import EnvironmentLacksError, UsageError
from ascendc.store import stat_index
from ascendc.store.stat_index import sha256

MANIFEST = '{"schema": "ascendc/bundle/1", "files": {"a/one.txt": {}, "run.sh": {}, "big.bin": {}}}'


@pytest.fixture
def tree(store):
    def make(text="one", manifest=MANIFEST):
        return Tree(
            (
                TreeFile("a/one.txt", store.put_bytes(text.encode())),
                TreeFile("big.bin", store.put_bytes(bytes(LINKED_FROM))),
                TreeFile("manifest.json", store.put_bytes(manifest.encode())),
                TreeFile("run.sh", store.put_bytes(b"#!/bin/sh\n"), executable=True),
            )
        )

    return make


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_folder_holds_exactly_the_tree(tree, store, tmp_path):
    folder = tmp_path / "out" / "it"
    assert materialise(tree(), store, folder) == Placed(changed=True)
    assert sorted(contents(folder)) == ["a/one.txt", "big.bin", "manifest.json", "run.sh"]
    assert [p.name for p in folder.parent.iterdir()] == ["it"]


def test_scripts_are_executable_and_large_files_are_links(tree, store, tmp_path):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    assert stat.S_IMODE((folder / "run.sh").stat().st_mode) == 0o755
    assert (folder / "big.bin").stat().st_nlink == 2
    assert not any(path.is_symlink() for path in folder.rglob("*"))


def test_editing_a_small_file_does_not_reach_the_store(tree, store, tmp_path):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    (folder / "a/one.txt").write_text("mine")
    materialise(tree(), store, tmp_path / "other")
    assert (tmp_path / "other/a/one.txt").read_text() == "one"


def test_an_unchanged_folder_is_not_touched(tree, store, tmp_path):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")]}
    assert materialise(tree(), store, folder) == Placed(changed=False)
    assert before == {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")]}


@pytest.mark.parametrize("harm", ["edited", "missing", "mode", "link"])
def test_a_folder_that_differs_is_made_anew(tree, store, tmp_path, harm):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    good = contents(folder)
    path = folder / "a/one.txt"
    if harm == "edited":
        path.write_text("two")
    elif harm == "mode":
        path.chmod(0o755)
    else:
        path.unlink()
        if harm == "link":
            (tmp_path / "elsewhere").write_text("one")
            path.symlink_to(tmp_path / "elsewhere")
    assert materialise(tree(), store, folder).changed
    assert contents(folder) == good
    assert not path.is_symlink()
    assert not path.stat().st_mode & stat.S_IXUSR


def test_a_new_tree_replaces_the_old_and_keeps_what_no_build_made(tree, store, tmp_path):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    (folder / "models/card").mkdir(parents=True)
    (folder / "models/card/image.om").write_bytes(b"hours of ATC")
    (folder / "a/__pycache__").mkdir()
    (folder / "a/__pycache__/x.pyc").write_bytes(b"")
    assert materialise(tree(), store, folder) == Placed(changed=False)
    assert materialise(tree("two"), store, folder) == Placed(True, tmp_path / "it.kept")
    assert contents(tmp_path / "it.kept") == {"models/card/image.om": b"hours of ATC"}
    assert sorted(contents(folder)) == ["a/one.txt", "big.bin", "manifest.json", "run.sh"]
    assert (folder / "a/one.txt").read_text() == "two"


def test_an_empty_folder_is_filled(tree, store, tmp_path):
    folder = tmp_path / "it"
    folder.mkdir()
    assert materialise(tree(), store, folder).changed


@pytest.mark.parametrize("manifest", [None, "{}", "not json", '{"schema": "theirs/1"}', "[]"])
def test_a_folder_that_is_no_bundle_is_not_replaced(tree, store, tmp_path, manifest):
    (tmp_path / "precious.txt").write_text("years of work")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(UsageError) as caught:
        materialise(tree(), store, tmp_path)
    assert caught.value.id == "ASC1804"
    assert caught.value.message == (
        f"`{tmp_path}` holds something else than a bundle (its manifest.json is missing or not ours); "
        "it is not replaced"
    )
    assert (tmp_path / "precious.txt").read_text() == "years of work"


def test_a_file_is_not_replaced(tree, store, tmp_path):
    (tmp_path / "it").write_text("mine")
    with pytest.raises(UsageError, match="is a file; a bundle is a folder") as caught:
        materialise(tree(), store, tmp_path / "it")
    assert caught.value.id == "ASC1803"


def test_a_place_is_refused_before_anything_is_made(tmp_path):
    (tmp_path / "file").touch()
    refuse_place(tmp_path / "new" / "bundle")
    for place in (tmp_path / "file", tmp_path / "file" / "bundle"):
        with pytest.raises(UsageError) as caught:
            refuse_place(place)
        assert caught.value.message == f"`{tmp_path}/file` is a file; a bundle is a folder"
    with pytest.raises(UsageError, match="holds something else than a bundle"):
        refuse_place(tmp_path)
    refuse_file(tmp_path)


@pytest.mark.parametrize("interruption", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interruption_leaves_the_old_bundle(tree, store, tmp_path, monkeypatch, interruption):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    good = contents(folder)

    def link(blob, target):
        raise interruption

    monkeypatch.setattr(store, "link", link)
    with pytest.raises((KeyboardInterrupt, EnvironmentLacksError)) as caught:
        materialise(tree("two"), store, folder)
    assert contents(folder) == good
    assert not list(tmp_path.glob(".it.*"))
    if isinstance(caught.value, EnvironmentLacksError):
        assert caught.value.id == "ASC1805"
        assert caught.value.message == f"the bundle cannot be written at {folder}: No space left on device"


def test_a_failing_second_rename_puts_the_old_bundle_back(tree, store, tmp_path, monkeypatch):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    good, rename = contents(folder), type(folder).rename

    def fail(self, target):
        if self.name == ".it.new":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(type(folder), "rename", fail)
    with pytest.raises(EnvironmentLacksError):
        materialise(tree("two"), store, folder)
    assert contents(folder) == good


def test_a_build_killed_between_its_renames_is_recovered(tree, store, tmp_path):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    folder.rename(tmp_path / ".it.old")
    (tmp_path / ".it.new").mkdir()
    (tmp_path / ".it.new/half").write_text("")
    assert materialise(tree(), store, folder) == Placed(changed=False)
    assert not (tmp_path / ".it.new").exists()
    assert not (tmp_path / ".it.old").exists()


def test_a_build_killed_before_clearing_up_loses_no_om(tree, store, tmp_path):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    (folder / "image.om").write_bytes(b"om")
    folder.rename(tmp_path / ".it.old")
    materialise(tree("two"), store, tmp_path / "other")
    (tmp_path / "other").rename(folder)
    assert materialise(tree("two"), store, folder) == Placed(changed=False, kept=tmp_path / "it.kept")
    assert contents(tmp_path / "it.kept") == {"image.om": b"om"}


def test_an_edit_through_a_link_is_mended_from_a_store_that_has_it_again(tree, store, tmp_path):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    good = contents(folder)
    (folder / "big.bin").chmod(0o644)
    (folder / "big.bin").write_bytes(bytes([1]) * LINKED_FROM)
    assert materialise(tree(), store, folder).changed  # making the tree puts the object again
    assert contents(folder) == good


def test_a_link_of_another_bundle_makes_nobody_hash(tree, store, tmp_path, monkeypatch):
    folder = tmp_path / "it"
    materialise(tree(), store, folder)
    materialise(tree(), store, tmp_path / "other")  # big.bin has a link more, and another ctime
    hashed = []
    monkeypatch.setattr(stat_index, "sha256", lambda path: hashed.append(path.name) or sha256(path))
    materialise(tree(), store, folder)
    assert "big.bin" not in hashed


def test_a_link_to_the_folder_stays_a_link(tree, store, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to("real")
    materialise(tree(), store, tmp_path / "alias")
    assert str((tmp_path / "alias").readlink()) == "real"
    assert (tmp_path / "real/run.sh").is_file()


def test_external_data_are_linked_and_onnxruntime_takes_them(store, tmp_path):
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((1 << 18,), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "add",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1 << 18])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1 << 18])],
        [weights],
    )
    made = tmp_path / "made"
    made.mkdir()
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.save(model, made / "m.onnx", save_as_external_data=True, location="m.onnx.data", size_threshold=0)
    files = tuple(TreeFile(f"models/{name}", store.put(made / name)) for name in ("m.onnx", "m.onnx.data"))

    materialise(Tree(files), store, tmp_path / "bundle")

    assert (tmp_path / "bundle/models/m.onnx.data").stat().st_nlink == 2
    session = onnxruntime.InferenceSession(tmp_path / "bundle/models/m.onnx", providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": np.zeros(1 << 18, np.float32)})
    assert (y == 1).all()

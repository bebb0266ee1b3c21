import json

import numpy as np
import pytest

from ascendc.runtime import Session, TensorSpec, engine
from ascendc.runtime import __main__ as runtime
from ascendc.runtime.bundle import BundleError, open_bundle
from ascendc.runtime.engine import NoEngineError, open_part
from ascendc.runtime.selftest import judge_files, selftest

IDLE = (
    "note: the OM is not run: an .om needs CANN's Python module acl (No module named 'acl'): "
    "source its set_env.sh, then run again"
)


def put_om(folder, state="om-deferred"):
    om = folder / "models/card/main.om"
    om.parent.mkdir()
    om.write_bytes(b"an OM")
    return om


def test_the_golden_test_passes_on_the_onnx(write_bundle):
    verdict = selftest(open_bundle(write_bundle()), "main")
    assert verdict.ok
    assert verdict.engine.startswith("onnxruntime ")
    assert verdict.engine.endswith(" CPUExecutionProvider")
    assert str(verdict) == f"main: {verdict.engine}: error {verdict.error:.1e} of the sample distance (limit 2e-04): ok"


@pytest.mark.parametrize("name", ["y", "same", "double"])
def test_a_wrong_answer_of_any_output_is_refused(write_bundle, name):
    right = {"y": 3.0, "same": 1.0, "double": 7}[name]
    shape = (5,) if name == "double" else (5, 3)
    wrong = (np.arange(np.prod(shape)).reshape(shape) * right).astype(np.int32 if name == "double" else np.float32)
    verdict = selftest(open_bundle(write_bundle(**{name: wrong})), "main")
    assert verdict.error > 0.1
    assert not verdict.ok
    assert str(verdict).endswith("(limit 2e-04): REFUSED")


def test_an_answer_that_is_not_finite_is_refused(write_bundle, write_onnx):
    folder = write_bundle(x=np.full((5, 3), np.nan, np.float32))
    verdict = selftest(open_bundle(folder), "main")
    assert verdict.error is None
    assert not verdict.ok
    assert "output `y`: the candidate holds 15 of 15 values that are not finite: REFUSED" in str(verdict)


def test_an_answer_of_another_shape_is_refused(write_bundle):
    verdict = selftest(open_bundle(write_bundle(y=np.zeros((5, 4), np.float32))), "main")
    assert not verdict.ok
    assert "output `y`: the candidate must have the reference's shape 5×4, not 5×3" in str(verdict)


def test_golden_arrays_must_hold_the_samples_that_the_manifest_says(write_bundle):
    bundle = open_bundle(write_bundle(y=np.zeros((4, 3), np.float32)))
    with pytest.raises(BundleError, match=r"golden/main/y\.npy: has the shape \(4, 3\); 5 samples were expected"):
        selftest(bundle, "main")


def test_inputs_of_another_type_are_refused(write_bundle):
    verdict = selftest(open_bundle(write_bundle(x=np.zeros((5, 3)))), "main")
    assert not verdict.ok
    assert "input `x` must be float32, not float64" in str(verdict)


@pytest.mark.parametrize("name", ["golden/main/x.npy", "golden/main/y.npy", "models/main.onnx"])
def test_a_damaged_file_is_refused_before_anything_runs(write_bundle, name):
    folder = write_bundle()
    path = folder / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(BundleError) as caught:
        selftest(open_bundle(folder), "main")
    assert str(caught.value) == f"{path}: was changed: its sha256 is not the one in manifest.json"


def test_an_array_that_is_none_is_refused_though_its_digest_is_right(write_bundle):
    def relist(document):
        document["golden"][0]["outputs"][0]["array"] = "models/main.onnx"

    folder = write_bundle(relist)
    with pytest.raises(BundleError, match=r"main\.onnx: cannot be read as an array: "):
        selftest(open_bundle(folder), "main")


def test_an_om_that_cannot_run_here_is_passed_over_aloud(write_bundle):
    folder = write_bundle()
    put_om(folder)
    opened = open_part(open_bundle(folder), "main")
    assert not opened.is_om
    assert opened.notes == (IDLE,)
    verdict = selftest(open_bundle(folder), "main")
    assert verdict.ok
    assert verdict.notes == opened.notes


def test_the_oms_of_a_bundle_are_passed_over_in_one_note(write_bundle):
    def two(document):
        document["parts"].append(dict(document["parts"][0], name="other"))
        other = dict(document["artefacts"][0], part="other", om="models/card/other.om")
        document["artefacts"].append(other)

    folder = write_bundle(two)
    put_om(folder)
    (folder / "models/card/other.om").write_bytes(b"another OM")
    bundle = open_bundle(folder)
    assert [open_part(bundle, part).notes for part in ("main", "other")] == [(IDLE,), ()]
    (folder / "models/card/main.om").unlink()
    assert [open_part(bundle, part).notes for part in ("main", "other")] == [(), (IDLE,)]


def test_a_model_that_is_a_link_is_not_opened(write_bundle, tmp_path):
    folder = write_bundle()
    (folder / "models/main.onnx").rename(tmp_path / "main.onnx")
    (folder / "models/main.onnx").symlink_to(tmp_path / "main.onnx")
    with pytest.raises(BundleError, match=r"main\.onnx: is not a plain file of this bundle"):
        open_part(open_bundle(folder), "main")


def test_a_damaged_om_is_refused(write_bundle):
    def compiled(document):
        document["artefacts"][0]["state"] = "om-compiled"
        document["files"]["models/card/main.om"] = document["files"]["golden/main/k.npy"]

    folder = write_bundle(compiled)
    (folder / "models/card").mkdir()
    (folder / "models/card/main.om").write_bytes(b"")
    with pytest.raises(BundleError, match=r"main\.om: has 0 bytes; manifest\.json says "):
        open_part(open_bundle(folder), "main", verify=True)


class PixelSession(Session):
    """What a session over an OM with AIPP is like: it takes pixels, and answers a little differently."""

    inputs = (TensorSpec("x", "uint8", (None, 3)), TensorSpec("k", "int32", (None,)))
    outputs = (TensorSpec("y", "float32", (None, 3)), TensorSpec("same", "float32", (None, 3)),
               TensorSpec("double", "int32", (None,)))  # fmt: skip
    engine = "pixels"

    def _run(self, feeds):
        x = feeds["x"].astype(np.float32) / 255
        return [2 * x + 1.001, x, 2 * feeds["k"]]


def test_an_om_with_aipp_gets_pixels_and_the_limit_of_its_precision(write_bundle, monkeypatch):
    pixels = np.random.RandomState(1).randint(0, 256, (5, 3)).astype(np.uint8)
    x = pixels.astype(np.float32) / 255

    def aipp(document):
        document["artefacts"][0]["aipp"] = "rgb"
        golden = document["golden"][0]
        golden["pixels"] = [
            {"name": "x", "array": "golden/main/px.npy", "samples": "golden/main/px"},
            golden["inputs"][1],
        ]

    folder = write_bundle(aipp, px=pixels, x=x, y=2 * x + 1, same=x)
    assert selftest(open_bundle(folder), "main").limit == 2e-4  # onnxruntime: floats
    put_om(folder)
    monkeypatch.setattr(engine, "open_session", lambda path, device, **_: PixelSession())
    verdict = selftest(open_bundle(folder), "main")
    assert verdict.ok
    assert (verdict.engine, verdict.limit) == ("pixels", 0.03)
    assert verdict.error > 2e-4


def test_a_device_that_is_not_there_is_no_engine(write_bundle):
    with pytest.raises(NoEngineError, match="main: device `npu` needs CANNExecutionProvider, which "):
        open_part(open_bundle(write_bundle()), "main", device="npu")


@pytest.fixture
def judged(write_bundle, tmp_path):
    """The bundle, and ais_bench's output for it, off by `error`."""

    def make(error=0.0):
        bundle = open_bundle(write_bundle())
        folder = tmp_path / "out"
        folder.mkdir()
        for index, name in enumerate(("y", "same", "double")):
            array = np.load(str(bundle.folder / "golden/main" / (name + ".npy")))
            for i, row in enumerate(array + np.asarray(error, array.dtype)):
                np.save(str(folder / f"{i:03d}_{index}.npy"), row[None])
        return bundle, folder

    return make


def test_ais_benchs_files_are_judged_by_the_limit_of_the_om(judged):
    bundle, folder = judged(0.001)
    verdict = judge_files(bundle, "main", None, folder)
    assert verdict.ok
    assert verdict.error > 2e-4
    assert verdict.limit == 0.03


def test_ais_benchs_wrong_files_are_refused(judged):
    bundle, folder = judged(0.5)
    assert not judge_files(bundle, "main", "card", folder).ok


def test_ais_benchs_missing_and_short_files_are_named(judged):
    bundle, folder = judged()
    np.save(str(folder / "003_0.npy"), np.zeros(2, np.float32))
    with pytest.raises(BundleError, match="out: sample 003 has 2 values, not 3"):
        judge_files(bundle, "main", None, folder)
    (folder / "003_0.npy").unlink()
    with pytest.raises(BundleError, match=r"003_0\.npy: cannot be read as an array: "):
        judge_files(bundle, "main", None, folder)


# -- the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def call(capsys):
    def run(folder, *args):
        code = runtime.main(["--bundle", str(folder), *args])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_check_says_what_there_is(write_bundle, call):
    code, out, _ = call(write_bundle(), "check")
    assert code == 0
    assert f"numpy: {np.__version__}\n" in out
    assert "no_such_module: missing; `run` may need it: python3 -m pip install no_such_module\n" in out
    assert "pyACL: not found (No module named 'acl')" in out
    assert "; OMs are not run\n" in out
    assert "note: made by hand\nmain @ card: om-deferred\nfiles: 32 of 32 are as built" in out


def test_check_names_only_the_engines_that_are_used(write_bundle, call, monkeypatch):
    import onnxruntime

    there = ["AzureExecutionProvider", "CPUExecutionProvider", "CUDAExecutionProvider", "XnnpackExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    _, out, _ = call(write_bundle(), "check", "--only", "environment")
    words = "cuda (CUDAExecutionProvider), cpu (CPUExecutionProvider)"
    assert f"onnxruntime: {onnxruntime.__version__}: {words}\n" in out


def test_pyacl_is_an_engine_too(write_bundle, call, monkeypatch):
    import sys
    import types

    monkeypatch.setitem(sys.modules, "acl", types.ModuleType("acl"))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    folder = write_bundle()
    code, out, _ = call(folder, "check", "--only", "environment")
    assert code == 0
    assert "onnxruntime: missing (" in out
    assert out.endswith("pyACL: found; it runs OMs\n")
    monkeypatch.setitem(sys.modules, "acl", None)
    assert call(folder, "check", "--only", "environment")[0] == 5


def test_check_refuses_an_edited_file(write_bundle, call):
    folder = write_bundle()
    (folder / "golden/main/k.npy").write_bytes(b"")
    code, out, _ = call(folder, "check", "--only", "files")
    assert code == 4
    assert "REFUSED: {}: has 0 bytes; manifest.json says ".format(folder / "golden/main/k.npy") in out
    assert "files: 31 of 32 are as built" in out
    assert "python:" not in out


def test_check_tells_of_an_om_that_came_later(write_bundle, call):
    folder = write_bundle()
    put_om(folder)
    _, out, _ = call(folder, "check", "--only", "files")
    assert "main @ card: om-deferred; main.om came later, without a digest\n" in out


def test_selftest_prints_a_line_per_part(write_bundle, call):
    code, out, _ = call(write_bundle(), "selftest")
    assert code == 0
    assert out.startswith("main: onnxruntime ")
    assert out.endswith(" of the sample distance (limit 2e-04): ok\n")


def test_selftest_refuses(write_bundle, call):
    code, out, _ = call(write_bundle(y=np.zeros((5, 3), np.float32)), "selftest", "main")
    assert code == 4
    assert out.endswith(": REFUSED\n")


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("selftest", "--device", "npu"), 5, "error: main: device `npu` needs CANNExecutionProvider, which "),
        (("selftest", "text"), 2, "error: part must be one of main, not `text`\n"),
        (("selftest", "--target", "x"), 2, "error: target must be one of card, not `x`\n"),
        (("compare", "text", "."), 2, "error: part must be one of main, not `text`\n"),
        (("compare", "main", "nowhere"), 4, "error: nowhere/000_0.npy: cannot be read as an array: "),
        (("run",), 2, "error: no texts: give some\n"),
        (
            ("run", "--texts", "1", "--embed", "/no/such/folder/x.npz"),
            2,
            "error: --embed: `/no/such/folder/x.npz` cannot",
        ),
        (("run", "--texts", "import"), 5, "error: No module named 'no_such_module': python3 -m pip install no_such"),
    ],
)
def test_what_goes_wrong_has_its_exit_code(write_bundle, call, own_half, args, code, message):
    got, _, err = call(write_bundle(), *args)
    assert got == code
    assert err.startswith(message)


def test_a_folder_without_a_bundle_is_refused(tmp_path, call):
    code, _, err = call(tmp_path, "check")
    assert code == 4
    assert err == "error: {}: cannot be read: No such file or directory\n".format(tmp_path / "manifest.json")


@pytest.fixture
def own_half(monkeypatch):
    """The device half is imported from the test's own bundle and forgotten afterwards."""
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "ascendc_device", raising=False)
    yield
    sys.modules.pop("ascendc_device", None)


def test_run_answers_and_names_the_engine(write_bundle, call, own_half, tmp_path):
    code, out, _ = call(write_bundle(), "run", "--texts", "1", "2", "--texts=3", "--embed", str(tmp_path / "out.npz"))
    assert code == 0
    lines = out.splitlines()
    assert lines[:3] == ["y is 3.0", "y is 5.0", "y is 7.0"]
    assert lines[3] == "note: made by hand"
    assert lines[4].startswith("main: onnxruntime ")
    assert np.load(str(tmp_path / "out.npz"))["y"].tolist() == [[3.0] * 3, [5.0] * 3, [7.0] * 3]


def test_run_speaks_json(write_bundle, call, own_half):
    folder = write_bundle()
    put_om(folder)
    code, out, _ = call(folder, "run", "--texts", "1", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["results"] == [{"y": 3.0}]
    assert list(answer["engines"]) == ["main"]
    assert answer["notes"][0] == IDLE

import json
import tarfile

import pytest
from click.testing import CliRunner

from ascendc.cli import cli
from ascendc.errors import GateError


@pytest.fixture
def invoke():
    def run(*args):
        result = CliRunner().invoke(cli, ["bundle", *map(str, args)], catch_exceptions=False, standalone_mode=False)
        return result.output

    return run


def test_pack_prints_size_and_digest(tiny_bundle, tmp_path, invoke):
    said = invoke("pack", tiny_bundle(), "-o", tmp_path / "out.tar.gz")
    assert said.startswith(f"{tmp_path}/out.tar.gz: ")
    assert len(said.split("sha256 ")[1].strip()) == 64
    assert tarfile.is_tarfile(tmp_path / "out.tar.gz")


def test_pack_names_the_archive_after_the_bundle(tiny_bundle, tmp_path, invoke, monkeypatch):
    folder = tiny_bundle()
    monkeypatch.chdir(tmp_path)
    invoke("pack", folder)
    assert (tmp_path / "tiny.tar.gz").is_file()


def test_verify_takes_a_folder_and_an_archive(tiny_bundle, tmp_path, invoke):
    folder = tiny_bundle()
    invoke("pack", folder, "-o", tmp_path / "out.tar.gz")
    for what in (folder, tmp_path / "out.tar.gz"):
        said = invoke("verify", what)
        assert said.startswith(f"{what}: tiny: ")
        assert said.endswith(" files, all as the manifest says\n")
    (folder / "README.md").write_text("")
    with pytest.raises(GateError, match=r"README\.md: changed"):
        invoke("verify", folder)


def test_show_says_what_is_inside(tiny_bundle, invoke, tmp_path):
    folder = tiny_bundle(notes=("a note",))
    said = invoke("show", folder).splitlines()
    assert said[:4] == [
        "tiny: onnx tiny.onnx, pretrained weights, by ascendc 0.1.0",
        "note: a note",
        "  main @ card (Ascend310P3, CANN 8.1.RC1): om-deferred, batch 1, fp16, AIPP none, ONNX error 1.2e-07",
        "verdict: top-1 agrees",
    ]
    assert invoke("show", folder, "--json") == (folder / "manifest.json").read_text()
    invoke("pack", folder, "-o", tmp_path / "out.tgz")
    assert invoke("show", tmp_path / "out.tgz").splitlines() == said


def test_schema_is_json(invoke):
    assert json.loads(invoke("schema"))["properties"]["schema"] == {"const": "ascendc/bundle/1"}

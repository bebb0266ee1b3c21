"""The command line, run in this process."""

import sys
from typing import NamedTuple

import pytest


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def ascendc(monkeypatch, capsys):
    """Run ``ascendc`` with arguments; returns exit code, stdout and stderr."""
    from ascendc.cli import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["ascendc", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        return Ran(caught.value.code, *capsys.readouterr())

    return run


TOY = """
import pydantic
from ascendc import Model, Options, Part, Tensor, hookimpl

class ToyOptions(Options):
    size: int = 3

class Toy(Model):
    NAME = "toy"
    Options = ToyOptions
    DEVICE = "ascendc_plugins.onnx.device"
    def parts(self):
        1 / self.options.size
        return (Part("main", (Tensor("x", "float32", ("batch", self.options.size)),), ()),)
    def samples(self, n, seed): ...
    def inputs(self, part, samples): ...
    def judge(self, reference, candidate): ...

@hookimpl
def ascendc_register_models():
    return [Toy]
"""


@pytest.fixture
def toy_plugin(tmp_path, monkeypatch):
    """A distribution of somebody else's, installed: it registers the model plugin `toy`."""
    site = tmp_path / "site"
    info = site / "toy_plugin-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-plugin\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[ascendc]\ntoy = toy_ascendc_plugin\n")
    (site / "toy_ascendc_plugin.py").write_text(TOY)
    monkeypatch.syspath_prepend(site)

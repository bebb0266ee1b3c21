"""Fixtures that every room shares."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

# ascendc's own main sets this before torch is imported; tests import torch directly.
os.environ.setdefault("TORCH_DEVICE_BACKEND_AUTOLOAD", "0")
if find_spec("torch_npu"):  # only there: board environments have no torch, and this imports it
    from ascendc.devices import settle_npu

    settle_npu()
# Nothing in a test may ask a model hub.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture
def store(tmp_path):
    from ascendc.store import Store

    return Store(tmp_path / "store")


@pytest.fixture
def workspace(store):
    with store.workspace(lambda _: None) as workspace:
        yield workspace


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """No test sees the user's store."""
    monkeypatch.setenv("ASCENDC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def package_tiny(workspace):
    """Package a bundle of one part, y = 2x over 4 × 4 pictures, for one target; keyword arguments change its spec."""
    import dataclasses

    import numpy as np
    import onnx_ir as ir
    from onnx import TensorProto, helper

    from ascendc.cann import soc
    from ascendc.cann.version import Cann
    from ascendc.graph import save
    from ascendc.model import AtcHints, Image, Part, Source, Tensor, Weights
    from ascendc.plan import command
    from ascendc.plan import pixels as aipp
    from ascendc.stages.assets import Assets, NamedFile
    from ascendc.stages.golden import GoldenPart, NamedArray
    from ascendc.stages.package import Made, PackageSpec, package, plan_artefact
    from ascendc.target import Batch, PartTarget, Target
    from ascendc.toolchain.base import Compiled

    image = Image(4, 4, (0.5, 0.4, 0.3), (0.2, 0.25, 0.5))
    part = Part(
        "main",
        (Tensor("x", "float32", ("batch", 3, 4, 4), image),),
        (Tensor("/out/y:0", "float32", ("batch", 3, 4, 4)),),
    )
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), np.uint8)
    floats = ((pixels.transpose(0, 3, 1, 2) / 255 - np.reshape(image.mean, (1, 3, 1, 1))).astype(np.float32)) / (
        np.reshape(image.std, (1, 3, 1, 1)).astype(np.float32)
    )

    def graph():
        value = helper.make_tensor_value_info
        made = helper.make_graph(
            [
                helper.make_node("ReduceMax", ["twos"], ["two"], keepdims=0),
                helper.make_node("Mul", ["x", "two"], ["/out/y:0"]),
            ],
            "double",
            [value("x", TensorProto.FLOAT, ["batch", 3, 4, 4])],
            [value("/out/y:0", TensorProto.FLOAT, ["batch", 3, 4, 4])],
            [helper.make_tensor("twos", TensorProto.FLOAT, [2048], [2.0] * 2048)],  # large enough for a weights file
        )
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        return save(ir.from_proto(model), workspace)

    def array(name, values):
        path = workspace.folder / "golden.npy"
        np.save(path, values)
        return NamedArray(name, workspace.put(path))

    def make(*, aipp_mode="none", sizes=(1,), om=None, assets=(), answer=None, **changes):
        wanted = PartTarget(Batch(sizes), "fp16", aipp_mode)
        target = Target("card", soc.resolve("Ascend310P3").soc, Cann("8.1.RC1"), (("main", wanted),))
        options = command.options_for(part, wanted, target, AtcHints())
        config = aipp.text(aipp.configs_for(part, wanted, target))
        spec = PackageSpec(
            name="tiny",
            plugin="onnx",
            source=Source("tiny.onnx"),
            weights=Weights(),
            notes=(),
            device="ascendc_plugins.onnx.device",
            distribution="ascendc",
            parts=(part,),
            artefacts=(plan_artefact("main", target, options, config, "models/main.onnx"),),
            threshold=2e-4,
            warmup=1,
            runs=2,
        )
        compiled = None
        if om is not None:
            compiled = Compiled(workspace.store.put_bytes(om), "main.om", workspace.put_text("log"), ("atc",))
        record = GoldenPart(
            "main",
            (array("x", floats),),
            (array("/out/y:0", floats * 2 if answer is None else answer),),
        )
        files = tuple(NamedFile(name, workspace.put_text(text)) for name, text in assets)
        return package(
            dataclasses.replace(spec, **changes),
            (Made(graph(), 1.234e-7, compiled, None),),
            (record,),
            Assets(files),
            ("top-1 agrees",),
            workspace,
        )

    make.pixels = pixels
    make.floats = floats
    return make


@pytest.fixture
def tiny_bundle(package_tiny, store, tmp_path):
    """A bundle's folder, with a space and a plus in its path."""
    from ascendc.bundle.tree import materialise

    def make(**changes):
        folder = tmp_path / "a b+c" / "tiny"
        materialise(package_tiny(**changes), store, folder)
        return folder

    return make


@pytest.fixture
def cann(tmp_path, monkeypatch):
    """Install a stand-in for CANN whose atc is a bash script; returns its set_env.sh.

    `$output` holds the value of --output and `$@` the arguments. `settings` are lines for set_env.sh.
    """
    import sys

    def install(atc, *, version="8.1.RC1", settings="", modules=("numpy", "decorator", "sympy")):
        root = tmp_path / "CANN root" / "ascend-toolkit"
        home = root / version
        for folder in ("bin", "x86_64-linux/devlib", "aarch64-linux/devlib", "python/site-packages"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        for module in modules:
            (home / "python/site-packages" / f"{module}.py").touch()
        for arch in ("x86_64", "aarch64"):
            info = home / f"{arch}-linux" / "ascend_toolkit_install.info"
            info.write_text(f"package_name=Ascend-cann-toolkit\nversion={version}\ninnerversion=V100\n")
        program = home / "bin" / "atc"
        find_output = 'for word in "$@"; do [[ $word == --output=* ]] && output=${word#--output=}; done'
        program.write_text(f"#!/usr/bin/env bash\n{find_output}\n{atc}\n")
        program.chmod(0o755)
        set_env = root / "set_env.sh"
        set_env.write_text(
            f"export ASCEND_HOME_PATH='{home}'\n"
            'export PATH="$ASCEND_HOME_PATH/bin:$PATH"\n'
            'export PYTHONPATH="$ASCEND_HOME_PATH/python/site-packages:$PYTHONPATH"\n'
            'export LD_LIBRARY_PATH="$ASCEND_HOME_PATH/lib64:$LD_LIBRARY_PATH"\n'
            f"{settings}\n[ -n '' ]\n"
        )
        monkeypatch.setenv("ASCENDC_SET_ENV", str(set_env))
        return set_env

    monkeypatch.setenv("ASCENDC_PYTHON", sys.executable)
    return install


@pytest.fixture(scope="session")
def tiny_build(tmp_path_factory):
    """The bundle folder of the tiny trained CLIP; built once for all tests, which must not change it."""
    from pathlib import Path

    from ascendc import driver

    folder = tmp_path_factory.mktemp("tiny-build")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASCENDC_CACHE", str(folder / "store"))
        recipe = Path(__file__).parents[1] / "recipes" / "tiny-clip.yaml"
        return driver.build(recipe, output=folder / "tiny-clip").output

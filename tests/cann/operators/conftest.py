"""A CANN that is nothing but the files that are read of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


class Opp:
    """`$ASCEND_OPP_PATH` of a fake installation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "built-in/op_impl").mkdir(parents=True)
        self.environment = {"ASCEND_OPP_PATH": str(path)}

    def write(self, name: str, content: object) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    def core(self, kernels: object, name: str = "aic-ascend310p-ops-info.json", root: str = "built-in") -> Path:
        return self.write(f"{root}/op_impl/ai_core/tbe/config/ascend310p/{name}", kernels)

    def cpu(self, kernels: object, name: str = "aicpu_kernel/config/aicpu_kernel.json") -> Path:
        return self.write(f"built-in/op_impl/aicpu/{name}", kernels)

    def plugin(self, *keys: str, name: str = "built-in/framework/onnx/libops_all_onnx_plugin.so") -> Path:
        return self.write(name, b"\x7fELF\0" + b"\0".join(key.encode() for key in keys) + b"\0\xff")


@pytest.fixture
def opp(tmp_path):
    return Opp(tmp_path / "opp")


@pytest.fixture
def kernel():
    """An entry of an AI Core store: ``kernel("float16,float", "int32")`` takes one input and gives one output."""

    def entry(takes, gives, **flags):
        ports = {f"input{i}": {"name": f"x{i}", "dtype": text} for i, text in enumerate(takes.split(";"))}
        return {**ports, "output0": {"name": "y", "dtype": gives}, **{name: {"flag": flags[name]} for name in flags}}

    return entry

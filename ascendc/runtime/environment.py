"""What this machine offers a bundle, in words: Python, numpy, the engines, the modules of the device half.

Python 3.7, numpy.
"""

import importlib
import os
import platform
from pathlib import Path
from typing import List, NamedTuple, Tuple

from .manifest import Manifest
from .onnx_session import PROVIDERS

_PIP = {"PIL": "pillow"}
"""Distributions that are not called like their module."""


class Environment(NamedTuple):
    """What was found."""

    lines: Tuple[str, ...]
    """For people, one fact each."""
    engine: bool
    """Whether anything here can run a model: onnxruntime its ONNX, or pyACL its OM."""


def look(manifest: Manifest) -> Environment:
    """Look for everything that the bundle could use here. Imports what it names; starts no device."""
    lines = ["python: {} on {}".format(platform.python_version(), platform.machine())]
    lines += [_module(name) for name in sorted({"numpy", *manifest.device.modules} - {"onnxruntime"})]
    onnx, has_onnx = _onnxruntime()
    acl, has_acl = _acl()
    return Environment((*lines, onnx, acl), has_onnx or has_acl)


def pip_name(module: str) -> str:
    """What to install for an import name."""
    return _PIP.get(module, module)


def _module(name: str) -> str:
    try:
        version = getattr(importlib.import_module(name), "__version__", "found")
    except ImportError:
        return "{0}: missing; `run` may need it: python3 -m pip install {0}".format(pip_name(name))
    return "{}: {}".format(pip_name(name), version)


def _onnxruntime() -> Tuple[str, bool]:
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        return "onnxruntime: missing ({}): python3 -m pip install onnxruntime".format(error), False
    there = runtime.get_available_providers()
    ours = ["{} ({})".format(device, provider) for device, provider in PROVIDERS.items() if provider in there]
    return "onnxruntime: {}: {}".format(runtime.__version__, ", ".join(ours)), True


def _acl() -> Tuple[str, bool]:
    """PyACL is a C extension of CANN: without its libraries on the path the import fails with ImportError."""
    try:
        importlib.import_module("acl")
    except ImportError as error:
        scripts = [path for path in _set_envs() if path.is_file()]
        hint = "; first: source {}".format(scripts[0]) if scripts else ""
        return "pyACL: not found ({}){}; OMs are not run".format(error, hint), False
    return "pyACL: found; it runs OMs", True


def _set_envs() -> List[Path]:
    """Where CANN's installers put the script that makes pyACL importable."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where a container's user has no entry
    roots = (Path("/usr/local/Ascend"), Path(home) / "Ascend")
    return [root / name / "set_env.sh" for root in roots for name in ("nnrt", "ascend-toolkit", "cann")]

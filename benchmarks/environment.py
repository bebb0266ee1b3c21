"""The Python environments of the tools: ascendc's is this one; each peer has its own, made here from its pins."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

PINS = Path(__file__).parent / "peers"
PACKAGES = ("numpy", "onnx", "onnx_ir", "onnxruntime", "onnxscript", "torch", "transformers")
"""Whose versions may explain a figure."""


def made(peer: str, root: Path) -> Path:
    """The `bin` folder of a peer's environment, made under `root` the first time and when its pins have changed."""
    pins = (PINS / f"{peer}.txt").read_text(encoding="utf-8")
    folder = root / peer
    ready = folder / "pins.txt"
    if not ready.is_file() or ready.read_text(encoding="utf-8") != pins:
        print(f"installing {peer}: minutes, the first time", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
        subprocess.run([*pip, "--requirement", str(PINS / f"{peer}.txt")], check=True)
        ready.write_text(pins, encoding="utf-8")
    return folder / "bin"


def versions(bin_: Path, tools: tuple[str, ...]) -> dict[str, str]:
    """Package → installed version, of `tools` and of those that matter to all, in a peer's environment."""
    done = subprocess.run(
        [str(bin_ / "python"), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        check=True,
    )
    found = {entry["name"].replace("-", "_").lower(): entry["version"] for entry in json.loads(done.stdout)}
    wanted = (name.replace("-", "_") for name in (*tools, *PACKAGES))
    return {name: found[name] for name in wanted if name in found}


def own_versions() -> dict[str, str]:
    """The same of this environment."""
    return {name: version(name) for name in ("ascendc", *PACKAGES)}

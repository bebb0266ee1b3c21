"""Make an environment like a board's: the oldest Python ≥ 3.7 that this machine has, and what a bundle needs there.

Usage: python tests/board_environment.py FOLDER. Interpreters are looked for on PATH and among pyenv's; one without
wheels for every package is passed over, and the reason is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BUNDLE = ("numpy", "onnxruntime", "pillow", "tokenizers")
TESTS = ("onnx", "pytest")
SAY = (
    "import numpy, onnxruntime, PIL, tokenizers as t, platform as p; print('board tests run on: Python', "
    "p.python_version(), 'numpy', numpy.__version__, 'onnxruntime', onnxruntime.__version__, 'pillow', "
    "PIL.__version__, 'tokenizers', t.__version__)"
)


def interpreters() -> Iterator[str]:
    """Candidates, oldest first; this one is the last resort."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(7, sys.version_info.minor + 1):
        on_path = shutil.which(f"python3.{minor}")
        yield from [on_path] if on_path else []
        yield from map(str, sorted(pyenv.glob(f"3.{minor}.*/bin/python3.{minor}")))
    yield sys.executable


def works(python: str) -> bool:
    """Whether it runs and can make environments; a pyenv shim may do neither."""
    return subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0


def make(python: str, folder: Path) -> str | None:
    """Create `folder`; the reason if that fails."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    for command in (
        [python, "-m", "venv", "--clear", str(folder)],
        [*pip, "--only-binary=:all:", *BUNDLE, *TESTS],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
    return None


def main(folder: Path) -> int:
    """Try every interpreter until one has what it takes."""
    for python in filter(works, interpreters()):
        reason = make(python, folder)
        if reason is None:
            return subprocess.run([str(folder / "bin" / "python"), "-c", SAY], check=False).returncode
        sys.stderr.write(f"{python} is passed over: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""Make an environment with torch_npu and without CANN, layered over this one: what a user has before CANN works.

Usage: python tests/npu_environment.py FOLDER. Exits with 1, and says why, where torch_npu has no wheel for this
Python, machine and torch.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import version
from pathlib import Path


def main(folder: Path) -> int:
    """Create `folder`."""
    venv.create(folder, with_pip=False, clear=True)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    # addsitedir, not a bare path: the editable install of ascendc is a .pth file of the environment below
    base = sysconfig.get_path("purelib")
    (site / "below.pth").write_text(f"import site; site.addsitedir({base!r})\n", encoding="utf-8")
    release = version("torch").split("+")[0]
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site)]
    return subprocess.run([*install, f"torch_npu=={release}"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""A Chromium for the tests of pages: the one on PATH, or Debian's, installed where apt and its rights are there.

Usage: python tests/browser.py. Exits with 1, and says why, where none can be had: the tests of pages are left out then.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

NONE = "no Chromium on PATH: the tests of pages are left out (python tests/browser.py installs one, as root with apt)"


def find() -> str | None:
    """The program; None where there is none that starts (Ubuntu's is a stub that wants snap)."""
    for path in filter(None, map(shutil.which, NAMES)):
        said = subprocess.run([path, "--version"], capture_output=True, check=False)
        if said.returncode == 0:
            return path
    return None


def install() -> None:
    """Try apt."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", "chromium")):
        subprocess.run(["apt-get", *words], env=quiet, stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    if find() is None:
        install()
    sys.exit(NONE if find() is None else 0)

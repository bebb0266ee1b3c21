"""Make the pictures of docs/report.md and the READMEs again: a report of the tiny CLIP, as `make demo` writes it.

Usage: python docs/img/pictures.py, in the environment of `make setup`; it takes about a minute, of a machine that is
otherwise idle, and needs a Chromium (`python tests/browser.py` installs one).
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

COMMANDS = """
ascendc build {root}/recipes/tiny-clip.yaml
ascendc forecast {root}/recipes/tiny-clip.yaml --json > forecast.json
ascendc bench build/tiny-clip --batches 1 4 8 --num-runs 30 --rounds 1 --output bench.json
ascendc report build/tiny-clip forecast.json bench.json --lang en -o en.html
ascendc report build/tiny-clip forecast.json bench.json --lang zh -o zh.html
"""

SHARPNESS = 1.5
"""Pixels of a picture to one of the page."""

COLOURS = 256

Scheme = Literal["light", "dark"]


def reports(folder: Path) -> None:
    """Write `en.html` and `zh.html`, in a folder without a store, so that times are of a build that ran."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "ASCENDC_CACHE": str(folder / "store")}
    commands = COMMANDS.format(root=os.path.relpath(ROOT, folder))
    subprocess.run(["bash", "-euc", commands], cwd=folder, env=env, check=True)


def picture(browser: Browser, page: Path, name: str, size: tuple[int, int], scheme: Scheme, section: str = "") -> None:
    """Write what a window of that size shows of a page, from its top or from a section."""
    from PIL import Image

    width, height = size
    window: ViewportSize = {"width": width, "height": height}
    context = browser.new_context(offline=True, viewport=window, color_scheme=scheme, device_scale_factor=SHARPNESS)
    seen = context.new_page()
    seen.goto(f"{page.as_uri()}{section}")
    with Image.open(BytesIO(seen.screenshot())) as image:
        image.convert("RGB").quantize(COLOURS).save(HERE / name, optimize=True)
    context.close()


def main() -> None:
    """Write all of them."""
    from playwright.sync_api import sync_playwright

    chromium = runpy.run_path(str(ROOT / "tests" / "browser.py"))
    program = chromium["find"]() or sys.exit(chromium["NONE"])
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        reports(folder)
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        picture(browser, folder / "en.html", "report-light.png", (880, 1180), "light")
        picture(browser, folder / "en.html", "report-dark.png", (880, 980), "dark", "#graphs")
        picture(browser, folder / "zh.html", "report-zh-phone.png", (390, 1180), "light")
        browser.close()


if __name__ == "__main__":
    main()

"""The command line."""

import argparse
import os
from pathlib import Path
from typing import Callable, List

VISIBLE = "ASCEND_RT_VISIBLE_DEVICES"


def arguments(argv: List[str]) -> argparse.Namespace:
    """What was asked for; wrong usage ends the program with status 2. Folders are absolute.

    `--device` has its effect here: whatever is started from now on sees that device alone.
    """
    parser = argparse.ArgumentParser(prog="run.py", description="Try ascendc on an Ascend board; docs/hardware.md.")
    parser.add_argument(
        "--bundle", type=_bundle, metavar="DIR", help="built elsewhere; else the tiny CLIP is built here"
    )
    parser.add_argument(
        "--device", type=_from(0), default=0, help=f"number of the device, of those in {VISIBLE} if set; default: 0"
    )
    parser.add_argument(
        "--output", type=_folder, default=".", metavar="DIR", help="for the report; default: this folder"
    )
    parser.add_argument("--runs", type=_from(1), default=200, help="of the benchmark; default: 200")
    parser.add_argument("--soak-runs", type=_from(10), default=2000, help="default: 2000")
    parser.add_argument("--limit", type=_from(1), default=1800, help="seconds for one step, ATC's aside; default: 1800")
    found = parser.parse_args(argv)
    try:
        _choose_device(found.device)
    except argparse.ArgumentTypeError as error:
        parser.error(f"argument --device: {error}")
    return found


def _choose_device(number: int) -> None:
    """Let every step's process see one device, as its device 0: the bundle's own test always takes that one."""
    granted = [one for one in os.environ.get(VISIBLE, "").split(",") if one.strip()]
    if granted and number >= len(granted):
        raise argparse.ArgumentTypeError(
            f"must be from 0 to {len(granted) - 1}, not {number}: {VISIBLE} grants {','.join(granted)}"
        )
    if number:
        os.environ[VISIBLE] = granted[number].strip() if granted else str(number)


def _bundle(text: str) -> Path:
    for folder in (Path(text), Path(text) / "bundle"):
        if (folder / "manifest.json").is_file():
            return folder.resolve()
    raise argparse.ArgumentTypeError(f"`{text}` is no bundle: it holds no manifest.json")


def _folder(text: str) -> Path:
    """Made and tried before anything is run: the steps take hours, and nobody runs them twice to keep a report."""
    folder = Path(text).absolute()
    probe = folder / f".hardware-report-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"`{text}` cannot be written to: {error.strerror}; name another") from error
    return folder


def _from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a number from {least}, not `{text}`")
        return int(text)

    return number

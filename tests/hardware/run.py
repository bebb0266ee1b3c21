"""Tries ascendc on an Ascend board, and writes hardware-report.json and hardware-report.md. Nothing is sent anywhere.

    python3 tests/hardware/run.py [--bundle DIR] [--device 0]

docs/hardware.md says what it does. Python 3.7, numpy, and CANN's pyACL; this file says so to older Pythons, too.
"""

import sys

if sys.version_info < (3, 7):
    sys.stderr.write("error: Python 3.7 or newer is needed; this is " + sys.version.split()[0] + "\n")
    sys.exit(5)

sys.dont_write_bytecode = True  # a bundle stays as it was built

try:
    import numpy  # noqa: F401 - only whether it is there
except ImportError as error:
    sys.stderr.write("error: {}: {} -m pip install numpy\n".format(error, sys.executable))
    sys.exit(5)

from pathlib import Path  # noqa: E402 - after what it needs was found

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))  # the clone: ascendc need not be installed

from board_report.child import child  # noqa: E402 - likewise
from board_report.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(child(sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main(sys.argv[1:]))

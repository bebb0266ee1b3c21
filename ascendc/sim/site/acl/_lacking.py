"""What is said in a Python that ascendc, or something that it needs, is not installed in."""

import os
import sys


def lacking() -> ImportError:
    """Says which Python has it."""
    python = os.environ.get("ASCENDC_SIM_PYTHON", "the Python that ascendc was installed in")
    return ImportError(f"the simulated acl needs ascendc, which {sys.executable} cannot import: run {python}")

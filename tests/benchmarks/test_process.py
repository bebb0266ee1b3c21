from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.process import CommandError, measure

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says what memory a process shares"
)
HOLD = "import time; held = b'x' * 60_000_000; time.sleep(0.5)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}], check=True); print('said')"


def test_memory_of_what_a_process_starts_counts():
    measured = measure([sys.executable, "-c", PARENT], {})
    assert measured.peak > 60_000_000
    assert measured.output == "said\n"


def test_the_environment_is_laid_over_this_one():
    script = "import os; print(os.environ['ADDED'], 'PATH' in os.environ)"
    assert measure([sys.executable, "-c", script], {"ADDED": "yes"}).output == "yes True\n"


def test_a_failure_is_refused_with_its_output():
    with pytest.raises(CommandError, match=r"exit code 3\nout\nerr\n$") as caught:
        measure([sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"], {})
    assert caught.value.last_line == "err"

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from ascendc.machine import Memory, cores, memory

GIB = 1 << 30


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = {
    "proc/meminfo": f"MemTotal: {16 << 20} kB\nMemFree: {2 << 20} kB\nMemAvailable: {12 << 20} kB\nHugePages_Total: 0\n"
}


def test_without_control_groups_it_is_the_machines(tmp_path):
    assert memory(write(tmp_path, MEMINFO)) == Memory(16 * GIB, 12 * GIB, False)


def test_a_limit_of_a_parent_group_counts(tmp_path):
    group = "sys/fs/cgroup/a"
    files = {
        "proc/self/cgroup": "0::/a/b\n",
        f"{group}/b/memory.max": "max\n",
        f"{group}/memory.max": f"{4 * GIB}\n",
        f"{group}/memory.current": f"{3 * GIB}\n",
        f"{group}/memory.stat": f"anon 1\ninactive_file {GIB}\n",
    }
    assert memory(write(tmp_path, MEMINFO | files)) == Memory(4 * GIB, 2 * GIB, True)


def test_a_group_of_version_1(tmp_path):
    group = "sys/fs/cgroup/memory"
    files = {
        "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/\n",
        f"{group}/memory.limit_in_bytes": f"{2 * GIB}\n",
        f"{group}/memory.usage_in_bytes": f"{GIB}\n",
    }
    assert memory(write(tmp_path, MEMINFO | files)) == Memory(2 * GIB, GIB, True)


def test_no_limit_of_version_1_is_a_number_near_2_63(tmp_path):
    files = {
        "proc/self/cgroup": "4:memory:/docker/x\n",
        "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "9223372036854771712\n",
    }
    assert memory(write(tmp_path, MEMINFO | files)) == Memory(16 * GIB, 12 * GIB, False)


def test_a_limit_above_the_machine_limits_nothing(tmp_path):
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{32 * GIB}\n"}
    assert memory(write(tmp_path, MEMINFO | files)) == Memory(16 * GIB, 12 * GIB, False)


def test_a_system_that_does_not_say(tmp_path):
    assert memory(tmp_path) is None


@pytest.mark.parametrize(
    "files",
    [
        {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n"},
        {
            "proc/self/cgroup": "3:cpu,cpuacct:/a\n",
            "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
        },
    ],
    ids=["version 2", "version 1"],
)
def test_a_quota_of_one_and_a_half_processors_is_two_cores_at_most(tmp_path, monkeypatch, files):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert cores(write(tmp_path, files)) == 2


@pytest.mark.parametrize("text", ["max 100000\n", "-1\n"])
def test_no_quota_no_limit(tmp_path, monkeypatch, text):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 5, 7}, raising=False)
    group = {"sys/fs/cgroup/cpu.max": text, "sys/fs/cgroup/cpu.cfs_quota_us": text}
    assert cores(write(tmp_path, {"proc/self/cgroup": "0::/\n", **group})) == 3


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks to glibc")
def test_freed_memory_goes_back():
    """In a process of its own, since the heap of this one is anybody's."""
    code = """
import ctypes
from pathlib import Path
from ascendc.machine import trim_heap
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20
blocks = [libc.malloc(100_000) for _ in range(1000)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
for block in blocks[:-1]:  # the last one keeps the heap from shrinking by itself
    libc.free(block)
before = megabytes()
assert trim_heap()
print(before - megabytes())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert int(done.stdout) > 80


def test_threads_that_parse_at_once_do_not_meet():
    """In a process of its own, made to switch threads while trees are made: without the turns it fails most times."""
    program = """
import ast, gc, inspect, sys, threading, time
from ascendc.machine import parse_in_turn

parse_in_turn(); parse_in_turn()
source, errors, end = inspect.getsource(inspect), [], time.time() + 1.5
sys.setswitchinterval(1e-6)
gc.callbacks.append(lambda phase, info: sum(range(200)))

def work(depth):
    if depth:
        return work(depth - 1)
    while time.time() < end:
        try:
            ast.parse(source)
        except SystemError as error:
            errors.append(str(error))

threads = [threading.Thread(target=work, args=(depth,)) for depth in (0, 100, 200)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(errors)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_blocks_of_a_size_are_mapped_by_themselves():
    program = (
        "import ctypes, resource\n"
        "from ascendc.machine import map_blocks\n"
        "assert map_blocks(1 << 20)\n"
        "libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p\n"
        "def maps(): return len(open('/proc/self/maps').readlines())\n"
        "before = maps(); blocks = [libc.malloc(3 << 20) for _ in range(4)]; mapped = maps()\n"
        "sizes = [int(l.split('-')[1].split()[0], 16) - int(l.split('-')[0], 16) for l in open('/proc/self/maps')]\n"
        "[libc.free(ctypes.c_void_p(block)) for block in blocks]\n"
        "after = [int(l.split('-')[1].split()[0], 16) - int(l.split('-')[0], 16) for l in open('/proc/self/maps')]\n"
        "assert sum(sizes) - sum(after) >= 12 << 20, (sum(sizes), sum(after))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

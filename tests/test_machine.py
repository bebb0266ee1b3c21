from __future__ import annotations

from ascendc.machine import Memory, memory

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

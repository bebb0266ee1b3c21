"""Reads what an Ascend board is and has; prints one line of JSON.

Sent whole to the board's own Python by ``ascendc probe``: Python 3.6, standard library, nothing imported of ours.
What cannot be read is named in `missing` with the reason. The reply is data for the host to check, not to trust.
"""

import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import Any, Callable, Dict, List, Optional

MARK = "ascendc-probe:"
TIMEOUT = 20  # seconds for any one command

# Where CANN is installed, the running one first; `{home}` is the user's.
ROOTS = (
    "{prefix}/ascend-toolkit/latest",
    "{prefix}/cann",
    "{prefix}/nnrt/latest",
    "{prefix}/nnae/latest",
    "{prefix}/latest",
    "{prefix}/ascend-toolkit/*",
    "{prefix}/cann-*",
    "{prefix}/nnrt/*",
    "{prefix}/nnae/*",
)
PREFIXES = ("/usr/local/Ascend", "{home}/Ascend")

# Not always on the PATH of a session without a terminal.
TOOLS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/local/Ascend/driver/tools")

ACL = """
import acl
print("soc", acl.get_soc_name(), flush=True)
acl.init()
print("mode", *acl.rt.get_run_mode(), flush=True)
"""


class MissingError(Exception):
    """A fact that cannot be read; its text is the reason."""


def run(*command: str, check: bool = True) -> str:
    """What a command prints on stdout; unless `check`, also if it fails."""
    env = dict(os.environ, PATH=os.pathsep.join([os.environ.get("PATH", ""), *TOOLS]))
    pipe = subprocess.PIPE
    try:
        done = subprocess.run(command, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL, timeout=TIMEOUT, env=env)
    except FileNotFoundError as error:
        raise MissingError(f"{command[0]} is not on the PATH") from error
    except OSError as error:
        raise MissingError(f"{command[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise MissingError(f"{command[0]} did not answer in {TIMEOUT} s") from error
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode and check:
        words = (output + done.stderr.decode("utf-8", "replace")).split("\n")
        last = [line.strip() for line in words if line.strip()][-1:] or ["nothing said"]
        raise MissingError(f"{command[0]} exited {done.returncode}: {last[0]}")
    return output


def read(path: str) -> str:
    """A small text file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(65536)
    except OSError as error:
        raise MissingError(f"{path}: {error.strerror}") from error


def npu_smi() -> str:
    """The table of npu-smi, and the page of every NPU that it has no full name of: for the host to read."""
    table = run("npu-smi", "info")
    pages = []
    # From the A3 on the table shows the family only. Newer drivers refuse -c, older ones want it.
    for npu in sorted(set(re.findall(r"^\|\s*(\d+)[\s|]+(?:Ascend)?9[15]0(?:PR|DT)?\s", table, re.M))):
        page = ["npu-smi", "info", "-t", "board", "-i", npu]
        try:
            pages.append(run(*page, "-c", "0"))
        except MissingError:
            pages.append(run(*page, check=False))
    return "\n".join([table, *pages])


def field(page: str, key: str) -> Optional[str]:
    """The value behind ``key :`` or ``key=``, or None."""
    match = re.search(rf"^\s*{re.escape(key)}\s*[:=]\s*(\S+)\s*$", page, re.M | re.I)
    return match.group(1) if match else None


def devices() -> int:
    """How many NPUs the driver shows."""
    return len(glob.glob("/dev/davinci[0-9]*"))


def acl() -> Dict[str, Optional[str]]:
    """What AscendCL says in a Python of its own: loading it can end a process."""
    scripts = [os.path.join(root, *name) for root in roots() for name in (("set_env.sh",), ("..", "set_env.sh"))]
    script = next((path for path in scripts if os.path.exists(path)), "/dev/null")
    source = '. "$0" >/dev/null 2>&1; exec "$1" -c "$2"'
    text = run("bash", "-c", source, script, sys.executable or "python3", ACL, check=False)
    name, mode = re.search(r"^soc (\S+)$", text, re.M), re.search(r"^mode (\d+) 0$", text, re.M)
    if not name:
        raise MissingError("Python cannot load AscendCL (acl)")
    return {"soc": name.group(1), "mode": mode.group(1) if mode else None}


def roots() -> List[str]:
    """Folders of installed CANNs, the running one first, each once."""
    prefixes = [prefix.format(home=os.path.expanduser("~")) for prefix in PREFIXES]
    patterns = [os.environ.get("ASCEND_HOME_PATH") or os.environ.get("ASCEND_TOOLKIT_HOME")]
    patterns += [root.format(prefix=prefix) for prefix in prefixes for root in ROOTS]
    found: List[str] = []
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)) if pattern else ():
            if os.path.isdir(path) and os.path.realpath(path) not in found:
                found.append(os.path.realpath(path))
    return found


def cann() -> List[str]:
    """Versions of the installed CANNs, the running one first."""
    versions: List[str] = []
    for root in roots():
        for path in sorted(glob.glob(os.path.join(root, "*-linux", "ascend_*_install.info"))):
            version = field(read(path), "version")
            if version and version not in versions:
                versions.append(version)
    if not versions:
        raise MissingError("no ascend_*_install.info below {}".format(" or ".join(PREFIXES).format(home="~")))
    return versions


def driver() -> str:
    """The driver's version."""
    version = field(read("/usr/local/Ascend/driver/version.info"), "version")
    if not version:
        raise MissingError("/usr/local/Ascend/driver/version.info holds no version")
    return version


def glibc() -> str:
    """The C library's version."""
    try:
        return str(os.confstr("CS_GNU_LIBC_VERSION")).split()[1]
    except (ValueError, OSError, AttributeError, IndexError) as error:
        raise MissingError("the C library is not glibc") from error


def memory() -> int:
    """Total memory in MB."""
    match = re.search(r"^MemTotal:\s*(\d+) kB", read("/proc/meminfo"), re.M)
    if not match:
        raise MissingError("/proc/meminfo holds no MemTotal")
    return int(match.group(1)) // 1024


def disk() -> int:
    """Free disk space of the home folder in MB."""
    try:
        return shutil.disk_usage(os.path.expanduser("~")).free // (1024 * 1024)
    except OSError as error:
        raise MissingError(f"the home folder: {error.strerror}") from error


def simulated() -> bool:
    """Whether what answers is the CANN of ``ascendc sim env``."""
    infos = [path for root in roots() for path in glob.glob(os.path.join(root, "*-linux", "ascend_*_install.info"))]
    return "ASCENDC_SIM_SOC" in os.environ or any("(simulated)" in read(path) for path in infos)


FACTS: Dict[str, Callable[[], Any]] = {
    "npu_smi": npu_smi,
    "acl": acl,
    "devices": devices,
    "simulated": simulated,
    "cann": cann,
    "driver": driver,
    "arch": platform.machine,
    "python": platform.python_version,
    "glibc": glibc,
    "memory_mb": memory,
    "disk_free_mb": disk,
}


def main() -> None:
    """Print the facts."""
    facts: Dict[str, Any] = {}
    missing: Dict[str, str] = {}
    for name, reader in FACTS.items():
        try:
            facts[name] = reader()
        except MissingError as error:
            missing[name] = str(error)
    print(MARK + json.dumps({"facts": facts, "missing": missing}))


if __name__ == "__main__":
    main()

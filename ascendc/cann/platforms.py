"""Write ascendc's table of SoCs anew from the platform list of an installed CANN.

    source set_env.sh; python -m ascendc.cann.platforms FOLDER

It writes `soc.json` into FOLDER: the chips that CANN lists, with what the list says of them. What is in no file of
CANN's (products, what people call a chip, published figures, what options do) is kept from ascendc's own table; a
generation that it does not know gets the least that can be said, and is named.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).parent / "data" / "soc.json"
_BF16 = re.compile(r"\bf322bf16")
"""The conversion that ATC looks for before it takes a precision mode with bf16 (graph engine, August 2026)."""


@dataclass(frozen=True)
class Platform:
    """One chip, as ``platform_config/<soc_version>.ini`` has it."""

    name: str
    short: str
    arch: int | None
    cores: int
    """Cores that multiply matrices."""
    mhz: int
    fp16_macs: int
    """Multiply-accumulates per core and cycle."""
    int8_macs: int
    memory: int | None
    """Bytes."""
    bf16: bool
    virtual: tuple[int, ...]
    """Numbers of cores that a virtual NPU may have."""


def read(folder: Path) -> tuple[Platform, ...]:
    """Every chip of a ``platform_config``, by name; a file that is none is passed over."""
    found = (_platform(path) for path in sorted(folder.glob("*.ini")))
    return tuple(platform for platform in found if platform is not None)


def _platform(path: Path) -> Platform | None:
    ini = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        ini.read_string(path.read_text(encoding="utf-8", errors="replace"))
        version, chip, core, mkn = ini["version"], ini["SoCInfo"], ini["AICoreSpec"], ini["DtypeMKN"]
        cube = prod(int(core[f"cube_{axis}_size"]) for axis in "mnk")
        # Lists of small cores name the products of larger ones: none has more than its cube.
        share = min(1.0, cube / _macs(mkn["Default"]))
        return Platform(
            name=version["SoC_version"],
            short=version["Short_SoC_version"],
            arch=int(version["Arch_type"]) if version.get("Arch_type") else None,
            cores=int(chip.get("cube_core_cnt") or chip["ai_core_cnt"]),
            mhz=int(core["cube_freq"]),
            fp16_macs=cube,
            int8_macs=int(_macs(mkn.get("DT_INT8", mkn["Default"])) * share),
            memory=int(chip.get("memory_size") or 0) or None,
            bf16=any(_BF16.search(line) for line in ini["AICoreintrinsicDtypeMap"].values() if "_vconv|" in line),
            virtual=tuple(int(size) for size in chip.get("vir_type_list", "").split(",") if size.strip()),
        )
    except (configparser.Error, KeyError, ValueError):
        return None


def _macs(sizes: str) -> int:
    """``16,32,16``: rows, depth and columns of what a core multiplies in a cycle."""
    return prod(map(int, sizes.split(",")))


def table(ours: Mapping[str, Any], platforms: Iterable[Platform], name: str) -> dict[str, Any]:
    """The table of SoCs, made of ours and of what an installed CANN lists.

    Args:
        ours: the content of ``data/soc.json``.
        platforms: the chips of the installed CANN.
        name: of that CANN, for the table's ``source``.
    """
    families = {family["short"]: dict(family) for family in ours["families"]}
    known = {soc["name"]: soc for soc in ours["socs"]}
    socs = []
    for platform in platforms:
        family = families.setdefault(
            platform.short, {"short": platform.short, "series": "not known to ascendc", "aipp_formats": []}
        )
        family |= {"bf16": platform.bf16} | ({} if platform.arch is None else {"arch": platform.arch})
        socs.append(_soc(known.get(platform.name, {}), platform))
    source = {**ours["source"], "platform list": f"{name}: {ours['source']['platform list'].partition(': ')[2]}"}
    used = {soc["short"] for soc in socs}
    kept = [family for short, family in families.items() if short in used]
    return {**ours, "source": source, "families": kept, "socs": socs}


def _soc(ours: Mapping[str, Any], platform: Platform) -> dict[str, Any]:
    """A record: what we know beside the list stays; a published figure of memory is no derived one."""
    listed: dict[str, Any] = {
        "name": platform.name,
        "short": platform.short,
        "cores": platform.cores,
        "mhz": platform.mhz,
        "fp16_macs": platform.fp16_macs,
        "int8_macs": platform.int8_macs,
    }
    if platform.memory and ours.get("memory", {}).get("basis", "derived") == "derived":
        listed["memory"] = {"value": platform.memory, "basis": "derived"}
    if platform.virtual:
        listed["virtual"] = list(platform.virtual)
    return {**listed, **{key: value for key, value in ours.items() if key not in listed}}


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Write the table; returns the exit code."""
    home = Path(environment.get("ASCEND_HOME_PATH", ""))
    folders = sorted(home.glob("*-linux/data/platform_config"))
    platforms = read(folders[0]) if folders else ()
    if not platforms or len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write(f"{__doc__}\n")
        return 2
    ours = json.loads(_TABLE.read_text(encoding="utf-8"))
    new = table(ours, platforms, f"CANN at {home}")
    (Path(arguments[0]) / "soc.json").write_text(json.dumps(new, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

"""Where the CANN that is installed here keeps its operators, and those of vendors.

Layout: CANN 8.1, its older one for custom operators, and newer releases that split an op store into several files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_AICPU_FILES = (
    "aicpu/aicpu_kernel/config/aicpu_kernel.json",
    "aicpu/config/aicpu_*.json",
    "aicpu/tf_kernel/config/tf_kernel.json",
)
CUSTOM_AICPU = "cpu/config/cust_aicpu_kernel.json"
"""The AI CPU store of a package, below its `op_impl`."""


@dataclass(frozen=True)
class Package:
    """Operators that came as one: CANN's own, or a vendor's."""

    name: str
    op_impl: Path
    plugins: Path
    """The folder of its ONNX plugins."""


@dataclass(frozen=True)
class Install:
    """An installed CANN, as far as operators go."""

    opp: Path
    """ASCEND_OPP_PATH."""
    custom: tuple[Package, ...]
    """In the order in which they are asked."""

    @property
    def own(self) -> Package:
        """What CANN itself brings."""
        return Package("CANN", self.opp / "built-in/op_impl", self.opp / "built-in/framework/onnx")

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is read, for whatever family."""
        own = [
            *_AICPU_FILES,
            "ai_core/tbe/config/*/*.json",
            "vector_core/tbe/config/**/*.json",
            "dsa_core/config/*/*.json",
        ]
        folders = [
            (self.own, own),
            *((package, [CUSTOM_AICPU, "ai_core/tbe/config/*/*.json"]) for package in self.custom),
        ]
        found = [file for package, globs in folders for glob in globs for file in package.op_impl.glob(glob)]
        found += [file for package, _ in folders for file in package.plugins.glob("*.so")]
        return tuple(sorted(found))


def find(environment: Mapping[str, str]) -> Install | None:
    """The CANN whose ``set_env.sh`` was sourced; None without ASCEND_OPP_PATH, or if no operators are there."""
    opp = environment.get("ASCEND_OPP_PATH")
    return _at(Path(opp), environment) if opp else None


def beside(atc: Path, environment: Mapping[str, str]) -> Install | None:
    """The CANN that an ATC belongs to (``bin/atc``, ``compiler/bin/atc``); None if it has no operators."""
    found = (_at(folder / "opp", environment) for folder in list(atc.resolve().parents)[1:4])
    return next((install for install in found if install), None)


def _at(opp: Path, environment: Mapping[str, str]) -> Install | None:
    if not (opp / "built-in/op_impl").is_dir():
        return None
    roots = [Path(part) for part in environment.get("ASCEND_CUSTOM_OPP_PATH", "").split(":") if part]
    roots += [opp / "vendors" / name for name in _priority(opp / "vendors/config.ini")]
    packages = [Package(root.name, root / "op_impl", root / "framework/onnx") for root in roots]
    packages.append(Package("custom", opp / "op_impl/custom", opp / "framework/custom/onnx"))
    return Install(opp, tuple(package for package in packages if package.op_impl.is_dir() or package.plugins.is_dir()))


def stamp(install: Install) -> tuple[tuple[str, int, int], ...]:
    """Path, size and time of change of every file that is read: differs when the answer may."""
    return tuple((str(file), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in install.files)


def families(install: Install) -> tuple[str, ...]:
    """The families whose operators are installed; newer CANNs have a package for each."""
    folder = install.own.op_impl / "ai_core/tbe/config"
    return tuple(sorted(path.name for path in folder.glob("*") if any(path.glob("*.json"))))


def _priority(config: Path) -> list[str]:
    if not config.is_file():
        return []
    found = re.search(r"^\s*load_priority\s*=\s*(.*?)\s*$", config.read_text(encoding="utf-8", errors="replace"), re.M)
    return [name.strip() for name in found[1].split(",") if name.strip()] if found else []

"""What a step's process is told, and the bundle's runtime and inputs as it finds them."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import numpy as np

if TYPE_CHECKING:
    from ascendc.runtime.bundle import Bundle
    from ascendc.runtime.manifest import Artefact

CLONE = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Job:
    """What to try, and how often."""

    bundle: str
    """Its folder; empty for the probe, which needs none."""
    target: str
    runs: int
    """Of the benchmark, for each of the two."""
    soak_runs: int


def use_runtime(folder: Path) -> None:
    """Let `ascendc.runtime` be the copy in this bundle: it is what is tried, and the conformance suite speaks to it.

    Raises:
        FileNotFoundError: there is none.
    """
    home = folder / "python" / "ascendc_runtime"
    load("ascendc.runtime", home / "__init__.py", home)


def load(name: str, path: Path, package: Optional[Path] = None) -> Any:
    """Import the file at `path` under `name`; `package`: the folder of its submodules."""
    folders = [str(package)] if package else None
    spec = importlib.util.spec_from_file_location(name, str(path), submodule_search_locations=folders)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def opened(job: Job) -> "Tuple[Bundle, List[Artefact]]":
    """The bundle, and those artefacts of the target whose OM is there.

    Raises:
        BundleError: it is damaged.
    """
    from ascendc.runtime.bundle import open_bundle

    bundle = open_bundle(Path(job.bundle))
    return bundle, [a for a in bundle.manifest.artefacts if a.target == job.target and bundle.om(a)]


def feeds(bundle: "Bundle", artefact: "Artefact", rows: int) -> Dict[str, np.ndarray]:
    """`rows` golden samples as the OM takes them, from the first on, over and over.

    Raises:
        BundleError: a file is missing or damaged.
    """
    golden = bundle.golden(artefact.part)
    tensors = golden.inputs if artefact.aipp == "none" else golden.pixels
    wanted = np.arange(rows) % golden.count
    return {t.name: np.load(str(bundle.check(t.array)), allow_pickle=False)[wanted] for t in tensors}

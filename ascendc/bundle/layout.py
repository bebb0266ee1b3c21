"""Where things lie in a bundle. Every path is relative, of letters, digits and ``._+-/``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

RUNTIME = "python/ascendc_runtime"
DEVICE = "python/ascendc_device"


def onnx_names(graphs: Sequence[tuple[str, Hashable]]) -> tuple[str, ...]:
    """A path for each (part, graph): equal graphs share one.

    Example: two lowerings of a part become ``models/image.onnx`` and ``models/image-2.onnx``.
    """
    known: dict[tuple[str, Hashable], str] = {}
    count: dict[str, int] = {}
    for part, graph in graphs:
        if (part, graph) not in known:
            count[part] = count.get(part, 0) + 1
            known[part, graph] = f"models/{part}-{count[part]}.onnx" if count[part] > 1 else f"models/{part}.onnx"
    return tuple(known[item] for item in graphs)


def om(target: str, part: str) -> str:
    """Where the OM of a part is, or where ``compile.sh`` puts it."""
    return f"models/{target}/{part}.om"


def aipp(target: str, part: str) -> str:
    """Where a part's AIPP configuration is."""
    return f"configs/{target}/{part}.aipp.cfg"


def beside(target: str, part: str) -> str:
    """What stands before the names of further files that ATC's options of a part name."""
    return f"configs/{target}/{part}."


def atc_sh(target: str, part: str) -> str:
    """Where the script is that runs ATC for a part."""
    return f"configs/{target}/{part}.atc.sh"


def file_names(tensors: Sequence[str]) -> tuple[str, ...]:
    """Distinct file names for tensors, whatever ONNX calls them: ``/embed/out:0`` becomes ``embed_out_0``."""
    names: list[str] = []
    for i, tensor in enumerate(tensors):
        name = re.sub(r"[^A-Za-z0-9-]+", "_", tensor).strip("_-")[:80]
        names.append(name if name and name not in names else f"{name}_{i}".lstrip("_"))
    return tuple(names)

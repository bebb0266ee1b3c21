"""The shell scripts around ATC: one per run, and the one that compiles a whole bundle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc.cann.atc import command as atc
from ascendc.cann.atc.ignored import SIGN
from ascendc.template import render
from ascendc.toolchain import install
from ascendc.toolchain.process import GRACE, HEARTBEAT

if TYPE_CHECKING:
    from ascendc.cann.atc.command import AtcOptions
    from ascendc.target import Target

OM_FOLDER = "om"
"""Where a run's OM comes, in its working folder."""

AIPP_FILE = "aipp.cfg"
"""Name of the AIPP configuration in a working folder."""


@dataclass(frozen=True)
class Run:
    """One ATC run, as a script says it; every path is relative to its working folder."""

    label: str
    """``image @ ascend310``, for people."""
    name: str
    """Of the OM, without suffix."""
    model: str
    """File name of the ONNX graph."""
    options: AtcOptions
    aipp: bool
    """Whether `AIPP_FILE` lies beside the model."""
    cache: str | None = None
    """Folder of ATC's operator cache; None: ATC's own."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """ATC's arguments."""
        aipp = AIPP_FILE if self.aipp else None
        return self.options.argv(self.model, f"{OM_FOLDER}/{self.name}", aipp, self.cache)


@dataclass(frozen=True)
class BundleItem:
    """One OM that ``compile.sh`` makes; every path is relative to the bundle."""

    target: str
    part: str
    name: str
    """Of the OM that ATC writes, without suffix: the `Run.name` behind `script`."""
    onnx: str
    data: tuple[str, ...]
    """External data files of the graph, if it has any."""
    script: str
    """The ``atc.sh`` that compiles it."""
    aipp: str | None
    """The AIPP configuration."""
    om: str
    """Where the manifest says the OM is."""
    time_limit: float
    """Seconds."""
    files: tuple[tuple[str, str], ...] = ()
    """Further files that options name: where each is, and its name beside the model."""

    @property
    def configs(self) -> tuple[tuple[str, str], ...]:
        """All that lies beside the model: where each is, and its name there."""
        return (*(((self.aipp, AIPP_FILE),) if self.aipp else ()), *self.files)


def atc_script(run: Run, target: Target, *, portable: bool = True) -> str:
    """``atc.sh``: the clean environment, then ATC. It works in the current folder.

    Args:
        run: what to run.
        target: what for.
        portable: as in `ascendc.toolchain.install.settings`; False only for the host of the recipe.
    """
    return render(
        "atc.sh.j2",
        label=run.label,
        model=run.model,
        beside=[*([AIPP_FILE] if run.aipp else []), *(file.name for file in run.options.files)],
        folder=OM_FOLDER,
        name=run.name,
        arguments=run.arguments,
        **install.settings(target, portable=portable),
    )


def compile_script(bundle: str, items: tuple[BundleItem, ...], heartbeat: float = HEARTBEAT) -> str:
    """``compile.sh``: every OM of a bundle, by the rules of `ascendc.toolchain.verdict`.

    Args:
        bundle: the bundle's name, for people.
        items: what to compile.
        heartbeat: seconds of silence after which a line is written all the same.
    """
    return render(
        "compile.sh.j2",
        bundle=bundle,
        items=[(item, math.ceil(item.time_limit)) for item in items],
        targets=tuple(dict.fromkeys(item.target for item in items)),
        heartbeat=math.ceil(heartbeat),
        grace=math.ceil(GRACE),
        om_folder=OM_FOLDER,
        success=atc.SUCCESS,
        python_errors=atc.PYTHON_ERRORS,
        ignored=SIGN,
    )

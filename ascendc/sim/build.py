"""Making a simulated OM: the facts that a genuine one would have, around the graph itself."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ascendc.cann.aipp.write import pairs
from ascendc.cann.atc.chip import ALIASES
from ascendc.cann.om.facts import SIMULATED
from ascendc.cann.om.interface import Port
from ascendc.onnx_file import read_outline
from ascendc.sim import graph
from ascendc.sim.container import Blueprint, Value, write
from ascendc.sim.device.aipp import blocks
from ascendc.sim.device.dynamic_aipp import CONFIG_INPUT
from ascendc.sim.device.payload import GRAPH, PLAN, Plan
from ascendc.sim.device.shapes import opened
from ascendc.sim.faces import faces

VERSION = "0.0.simulated"
"""What stands where a genuine OM has the version of its compiler."""

_HALF = ("force_fp16", "fp16", "allow_mix_precision", "allow_mix_precision_fp16", "mixed_float16", "allow_fp32_to_fp16")
"""Precision modes in which the simulator rounds to float16."""


@dataclass(frozen=True)
class Compiled:
    """An OM that is in no file yet."""

    content: bytes
    suffix: str
    """Of its name: ``_linux_aarch64`` where shapes are open, and so code for the host is in it; else empty."""


def compiled(onnx: Path, options: Mapping[str, str]) -> Compiled:
    """The OM.

    Args:
        onnx: a graph that passed the rules.
        options: ATC's, by name, which passed them too.

    Raises:
        AclError: onnxruntime does not take the graph, or it does not run with these shapes.
    """
    outline, content = read_outline(onnx), graph.read(onnx)
    file = options.get("insert_op_conf")
    # Its comments may be in any encoding.
    config = Path(file).read_text(encoding="utf-8", errors="replace") if file else ""
    faced = faces(outline, options, blocks(config), opened(content))
    mode = options.get("precision_mode") or options.get("precision_mode_v2") or "force_fp16"
    names = tuple(port.name for port in outline.inputs)
    plan = Plan(
        inputs=names,
        outputs=tuple(port.name for port in outline.outputs),
        half=mode in _HALF,
        aipp=config,
        ranges=faced.ranges,
        shapes=faced.shapes,
        given=faced.outputs if faced.interface.gears else (),
    )
    host = ("linux", options.get("host_env_cpu") or platform.machine()) if faced.ranges else ()
    blueprint = Blueprint(
        name=Path(options["output"]).name,
        interface=faced.interface,
        attributes={**_attributes(options), **dict(zip(("host_env_os", "host_env_cpu"), host, strict=False))},
        input_attributes=_marks(config, faced.interface.inputs),
        partitions=((GRAPH, content), (PLAN, plan.to_bytes())),
        ranges=dict(zip(names, faced.ranges, strict=False)),
        gear_outputs=plan.given,
    )
    return Compiled(write(blueprint), "".join(f"_{one}" for one in host))


def _marks(config: str, inputs: Sequence[Port]) -> dict[str, dict[str, Value]]:
    """What the compiler says of AIPP at its inputs, and at those that it adds for dynamic AIPP."""
    found: dict[str, dict[str, Value]] = {}
    added = iter(port.name for port in inputs if port.name.startswith(CONFIG_INPUT))
    for rank, block in blocks(config).items():
        settings: dict[str, Value] = {"aipp": dict(pairs(block))}
        found[inputs[rank].name] = {"_data_related_aipp_mode": f"{block.aipp_mode}_aipp", **settings}
        if block.aipp_mode == "dynamic":
            found[next(added)] = {"_data_related_aipp_mode": "dynamic_aipp_conf", **settings}
    return found


def _attributes(options: Mapping[str, str]) -> dict[str, Value]:
    return {
        "soc_version": ALIASES.get(options["soc_version"], options["soc_version"]),
        "atc_version": VERSION,
        "opp_version": VERSION,
        "framework_type": 5,
        "atc_cmdline": " ".join(("atc", *(f"--{name}={value}" for name, value in options.items()))),
        SIMULATED: "1",
    }

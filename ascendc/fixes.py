"""Remedies in words: the judge names them by code, passes declare which they are, and the rest is said here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.passes import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ascendc.cann.operators.verdict import Remedy
    from ascendc.passes.base import Pass

WORDS = {
    "argmax-pool": "pool by a comparison, as the pass does: fp16 cannot tell ids above 2048 apart",
    "custom-operator": "source CANN's set_env.sh where that plugin is installed: what it registers is read then",
    "decompose": "export at opset 17 or below: the exporter then writes operators that ATC knows",
    "float32": "make it float32 before the export: nothing converts float64",
    "fold": "fold constants before ATC, whose parser reads what its own folding would remove",
    "fp16": "ATC's --precision_mode=force_fp16 (precision: fp16 in a recipe) converts it",
    "functions": "export it without functions of its own: this one mixes opsets, or calls itself",
    "inline": "onnx.inliner.inline_local_functions(model) of Python's onnx",
    "int32-ids": "give the model int32 where it counts in int64: nothing converts it",
    "loop": "unroll it: export with a fixed number of turns",
    "nan-guard": "export eager attention (export: {attention: eager} in a recipe)",
    "node-names": "give each node a name of its own, or none",
    "opset": "export at opset … (export: {opset: …} in a recipe); relabelling a graph does not help",
    "quantization": "quantise by Huawei's AMCT, whose AscendQuant and AscendDequant ATC knows, or convert floats",
    "reduce-l2-attribute": "export at opset 17 (export: {opset: 17} in a recipe)",
    "static-shape": "name its sizes: --batch N (N,N,… for gears) and --size AXIS=N; in a recipe, batch: N",
}
"""What helps beside passes, by the code of the remedy."""


def help_for(remedy: Remedy | None, passes: Iterable[type[Pass]] = LIBRARY) -> str | None:
    """A remedy in words: the passes that declare to cure it, and what else helps."""
    if remedy is None:
        return None
    cures = [cls.NAME for cls in passes if remedy.code in cls.CURES]
    words = [f"pass `{name}` (passes: {{add: [{name}]}} in a recipe)" for name in cures]
    if remedy.code in WORDS:
        words.append(WORDS[remedy.code].replace("…", remedy.argument) if remedy.argument else WORDS[remedy.code])
    return "; or ".join(words) or None

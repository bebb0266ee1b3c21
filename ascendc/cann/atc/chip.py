"""What the chip has to say: its name, and options that it limits.

Source: platform list of CANN 8.1.RC1; checks and documents of ATC.
"""

from __future__ import annotations

import difflib
import re

from ascendc.cann import soc
from ascendc.cann.atc.findings import Rule, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.together import mode
from ascendc.cann.soc import Soc
from ascendc.cann.version import Cann

ALIASES = {"Ascend910": "Ascend910A"}
"""The only other name that ATC itself takes."""

_NANO = "Ascend035"
_FORMER = {"Ascend710": "Ascend310P3", "Ascend610A": "Ascend610"}
"""What early CANN 5 called it."""


def named(options: Options) -> Soc | None:
    """The chip of ``--soc_version``, if ATC knows it."""
    name = options.value("soc_version") or ""
    return soc.table().get(ALIASES.get(name, name))


def rules(options: Options, cann: Cann | None = None) -> Rule:
    """Whether the chip exists, and has what the options ask of it."""
    name, chip = options.value("soc_version"), named(options)
    if name is None:
        return
    if chip is None:
        yield from _unknown(name, cann)
        return
    yield from _name(name, chip, cann)
    if chip.short == _NANO and mode(options) not in ("30", None):
        yield refused("E10055", "mode", f"must be 30 for {chip.name}", "--mode=30")
    if chip.short != _NANO and mode(options) == "30":
        yield refused("E10055", "mode", f"30 is for {_NANO} only, not for {chip.name}", "drop --mode")
    yield from _types(options, chip)
    yield from _hardware(options, chip)
    yield from _cores(options, chip)


def _name(name: str, chip: Soc, cann: Cann | None) -> Rule:
    if name == "Ascend910B":
        family = ", ".join(member.name for member in soc.family("Ascend910B"))
        text = "is a first-generation 910, not the Atlas A2 card that people call 910B; an OM for it does not run there"
        yield doubtful("soc_version", text, f"for an A2 card: {family}")
    if name in ALIASES:
        yield doubtful("soc_version", f"`{name}` is taken as {chip.name}", f"--soc_version={chip.name}")
    if chip.last_cann and cann is not None and cann.version > Cann(chip.last_cann).version:
        text = f"{chip.name} was dropped after CANN {chip.last_cann}; CANN {cann} may not know it"
        yield doubtful("soc_version", text, f"use CANN {chip.last_cann} or older")


def _unknown(name: str, cann: Cann | None) -> Rule:
    if re.match(r"Ascend950|Ascend910_95|KirinX|Kirin", name):
        text = f"`{name}` is newer than CANN 8.1, whose chips are known here"
        yield doubtful("soc_version", text, "ascendc soc  (lists those that are known)", "E20101")
        return
    if name in _FORMER and cann is not None and cann.version < (6, 0):
        text = f"`{name}` is what early CANN called {_FORMER[name]}"
        yield doubtful("soc_version", text, f"--soc_version={_FORMER[name]}")
        return
    names = _near(name)
    guess = f"; did you mean {' or '.join(names)}?" if names else ""
    family = soc.family(name)
    what = "names a family, not a chip" if family else "is no chip that ATC knows (CANN 8.1)"
    allowed = f"; allowed: {', '.join(member.name for member in family)}" if family else guess
    chips = (*(member.name for member in family), *names)
    usual = "Ascend310P3" if "Ascend310P3" in chips else chips[0] if len(chips) == 1 else ""
    fix = f"--soc_version={usual}" if usual else "npu-smi info  (on the board: its chip name, behind `Ascend`)"
    yield refused("E20101", "soc_version", f"`{name[:60]}` {what}{allowed}", fix)


def _near(name: str) -> list[str]:
    by_key = {known.lower(): known for known in soc.table()}
    key = name.lower()
    if name in _FORMER:
        return [_FORMER[name]]
    for exact in (key, f"ascend{key}", key.replace("-", "").replace("_", "")):
        if exact in by_key:
            return [by_key[exact]]
    tails = {known.lower().removeprefix("ascend"): known for known in soc.table()}
    return [tails[found] for found in difflib.get_close_matches(key.removeprefix("ascend"), tails, 3, 0.65)]


def _types(options: Options, chip: Soc) -> Rule:
    for name in ("precision_mode", "precision_mode_v2"):
        value = options.value(name) or ""
        if ("bf16" in value or "bfloat16" in value) and not chip.bf16:
            other = value.replace("bfloat16", "float16").replace("bf16", "fp16")
            text = f"must not be {value} on {chip.name}, which has no bfloat16"
            yield refused("E20101", name, text, f"--{name}={other}")
        if "hif8" in value and not chip.hif8:
            text = f"must not be {value} on {chip.name}: HiF8 is for the 950 only"
            yield refused("E20101", name, text, f"--{name}=mixed_float16")
    types = re.findall(r"(?:^|:)(HIF8|HIF4|FP8\w+)(?:;|$)", options.value("output_type") or "")
    if types and not chip.hif8:
        text = f"must not be {types[0]} on {chip.name}: it is for the 950 only"
        yield refused("E10001", "output_type", text, "--output_type=FP16")


def _hardware(options: Options, chip: Soc) -> Rule:
    if not chip.single_stream and options.value("enable_single_stream") == "true":
        text = f"is not for {chip.name}, says the documentation"
        yield doubtful("enable_single_stream", text, "drop --enable_single_stream")
    if not chip.sparsity and options.is_set("sparsity"):
        yield doubtful("sparsity", f"has no effect on {chip.name}", "drop --sparsity")
    if not chip.vector_core and options.value("core_type") == "VectorCore":
        yield doubtful(
            "core_type", f"VectorCore has an effect on Ascend310P only, not on {chip.name}", "drop --core_type"
        )
    if options.is_set("status_check") and chip.short in ("Ascend910B", "Ascend910_93", "Ascend910_95"):
        yield doubtful("status_check", f"is not for {chip.name}, says the documentation", "drop --status_check")
    if options.value("allow_hf32") == "true" and chip.short not in ("Ascend910B", "Ascend910_93", "Ascend910_95"):
        yield doubtful("allow_hf32", f"is for Atlas A2, A3 and 950, not for {chip.name}", "drop --allow_hf32")
    if options.is_set("virtual_type") and not chip.virtual:
        text = f"must not be 1 on {chip.name}, which cannot be split into virtual devices"
        yield refused("E20101", "virtual_type", text, "--virtual_type=0")


def _cores(options: Options, chip: Soc) -> Rule:
    text = options.value("aicore_num")
    if text is None:
        return
    split = chip.short in ("Ascend910B", "Ascend910_93", "Ascend910_95")
    if not re.fullmatch(r"\d{1,9}\|\d{1,9}" if split else r"\d{1,9}\|?|\d{1,9}\|\d{1,9}", text):
        allowed = "matrix|vector cores, such as 24|48" if split else "a number of cores, such as 8 or 8|"
        fix = f'--aicore_num="{chip.cores}|{chip.cores * 2}"' if split else f"--aicore_num={chip.cores}"
        yield doubtful("aicore_num", f"is `{text[:60]}`; {chip.name} expects {allowed}", fix, "E20101")
        return
    count = int(text.partition("|")[0])
    if not 0 < count <= chip.cores:
        message = f"must not be {count} on {chip.name}; allowed: 1 to {chip.cores}"
        yield refused("E20103", "aicore_num", message, f'--aicore_num="{text.replace(str(count), str(chip.cores), 1)}"')

"""The simulated ``npu-smi``: the table of ``info``, and no more."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ascendc.errors import UsageError
from ascendc.sim.settings import Settings, here

_RULE = "+---------------------------+---------------+----------------------------------------------------+"


def main(argv: Sequence[str] | None = None) -> int:
    """Print; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] != ["info"] or len(words) > 1:
        sys.stderr.write("npu-smi: simulated: only `npu-smi info` is there\n")
        return 1
    try:
        settings = here()
    except UsageError as error:
        sys.stderr.write(f"ascendc sim: {error.message}\n")
        return 1
    sys.stdout.write(table(settings))
    return 0


def table(settings: Settings) -> str:
    """What ``npu-smi info`` prints."""
    name = settings.soc.removeprefix("Ascend")
    lines = [
        _RULE,
        "| npu-smi simulated         Version: simulated                                                  |",
        _RULE,
    ]
    lines += ["| NPU   Name                | Health        | Power(W)    Temp(C)                                |"]
    lines += [
        "| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)                       |",
        _RULE,
    ]
    for device in range(settings.devices):
        lines.append(f"| {device:<5} {name:<19} | {'OK':<13} | {'0.0         0':<50} |")
        used = f"0           0 / {settings.memory >> 20}"
        lines.append(f"| {0:<25} | {'0000:00:00.0':<13} | {used:<50} |")
        lines.append(_RULE)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())

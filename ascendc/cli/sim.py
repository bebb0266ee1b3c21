"""``ascendc sim``: a simulated CANN for scripts, programs and CI."""

from __future__ import annotations

import click


@click.group()
def sim() -> None:
    """Simulate a CANN and its devices; whatever is made so says so."""


@sim.command()
@click.option("--soc", default="Ascend310P3", show_default=True, help="The chip.")
@click.option("--run-mode", type=click.IntRange(0, 1), default=1, show_default=True, help="0: on a board; 1: a card.")
@click.option("--devices", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--fault", multiple=True, metavar="NAME[@AFTER[xTIMES]]", help="What fails; may be given again.")
@click.option("--atc-fault", default="", metavar="NAME", help="What atc does instead of compiling.")
@click.option("--strict", is_flag=True, help="acl.finalize raises where something is still live.")
def env(soc: str, run_mode: int, devices: int, fault: tuple[str, ...], atc_fault: str, strict: bool) -> None:
    """Print the exports of a simulated CANN: atc, npu-smi and Python's acl.

    Example: eval "$(ascendc sim env --soc Ascend310P3)"
    """
    import hashlib

    from ascendc.cann.soc import resolve
    from ascendc.sim.settings import PREFIX, Settings
    from ascendc.sim.tree import VERSION, exports, plant, shell
    from ascendc.store import Store

    asked = {"SOC": resolve(soc).soc.name, "RUN_MODE": run_mode, "DEVICES": devices, "STRICT": int(strict)}
    asked |= {"FAULT": ",".join(fault), "ATC_FAULT": atc_fault}
    settings = Settings.of({f"{PREFIX}{name}": str(value) for name, value in asked.items()})
    name = hashlib.sha256(repr(settings).encode()).hexdigest()[:16]
    folder = Store().root / "sim" / name
    plant(folder, settings)
    click.echo(shell(exports(folder / VERSION, settings)), nl=False)

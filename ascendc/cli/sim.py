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
@click.option("--strict", is_flag=True, help="acl.finalize raises where something is still live.")
def env(soc: str, run_mode: int, devices: int, fault: tuple[str, ...], strict: bool) -> None:
    """Print the exports of a simulated CANN: atc, npu-smi and Python's acl.

    Example: eval "$(ascendc sim env --soc Ascend310P3)"
    """
    import hashlib

    from ascendc.cann.soc import resolve
    from ascendc.sim.settings import Fault, Settings
    from ascendc.sim.tree import VERSION, exports, plant, shell
    from ascendc.store import Store

    faults = tuple(Fault.parse(one) for one in fault)
    settings = Settings(resolve(soc).soc.name, run_mode, devices, faults, strict=strict)
    name = hashlib.sha256(repr(settings).encode()).hexdigest()[:16]
    folder = Store().root / "sim" / name
    plant(folder, settings)
    click.echo(shell(exports(folder / VERSION, settings)), nl=False)

"""``ascendc inspect``: what is in an OM, an ONNX file or a bundle, before a device is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ascendc.cann.om.against import Fit
    from ascendc.inspection import Facts, Inspection, Port

EXIT_REFUSED = 4
"""A chip of ``--against`` will not load it; or the two files of ``--diff`` differ."""


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE.om|FILE.onnx|BUNDLE")
@click.option("--against", "socs", multiple=True, metavar="SOC", help="Say whether it loads on this chip.")
@click.option("--diff", "other", type=click.Path(path_type=Path), metavar="OTHER", help="Say what differs.")
@click.option("--json", "as_json", is_flag=True, help="One object (docs/inspect.schema.json).")
def inspect(path: Path, socs: tuple[str, ...], other: Path | None, as_json: bool) -> int:
    """Say what is in FILE: inputs, outputs, gears, AIPP, chip, versions, ATC's command line, sizes.

    Nothing but its bytes is read: no CANN and no device is needed. Exit 4: a chip of --against will not load it, or
    OTHER differs. Example: ascendc inspect image.om --against Ascend310P3
    """
    from ascendc import inspection
    from ascendc.cann.om.against import against
    from ascendc.cann.om.file import read
    from ascendc.cann.soc import resolve

    found = inspection.inspect(path)
    if other is not None:
        return _differences(found, inspection.inspect(other))
    chips = [resolve(name).soc for name in socs]
    files = [one.file for one in (found, *found.files) if one.kind in ("om", "om2")]
    fits = tuple(against(read(Path(file)), chip) for file in files for chip in chips)
    if as_json:
        click.echo(inspection.to_json(found, fits))
    else:
        _show(found, fits)
    return EXIT_REFUSED if any(fit.verdict == "refused" for fit in fits) else 0


def _differences(one: Inspection, other: Inspection) -> int:
    from ascendc.inspection import differences

    found = differences(one, other)
    for difference in found:
        click.echo(f"{difference.field}: {difference.one} → {difference.other}")
    click.echo(f"{len(found)} differences" if found else "no difference")
    return EXIT_REFUSED if found else 0


def _show(found: Inspection, fits: tuple[Fit, ...]) -> None:
    for one in (found, *found.files):
        _show_one(one)
    for fit in fits:
        click.echo(f"on {fit.soc}: {fit.verdict}: {fit.reason}")


def _show_one(found: Facts) -> None:
    click.echo(f"{found.file}: {found.kind}{', SIMULATED: no device can run it' if found.simulated else ''}")
    facts = (
        ("chip", found.soc_version or ("not said" if found.kind == "om" else None)),
        ("ATC", found.atc_version),
        ("operators", found.opp_version if found.opp_version != found.atc_version else None),
        ("from", found.framework),
        ("opset", found.opset),
        ("host", found.host),
        ("command", found.atc_cmdline),
        ("memory", found.memory_size and f"{found.memory_size / 1e6:.1f} MB to work in"),
        ("weights", found.weight_size and f"{found.weight_size / 1e6:.1f} MB"),
    )
    for name, value in facts:
        if value:
            click.echo(f"  {name:<10} {value}")
    for name, ports in (("input", found.inputs), ("output", found.outputs)):
        for port in ports:
            click.echo(f"  {name:<10} {_port(port)}")
    if found.gears:
        gears = "; ".join(",".join(map(str, value)) for value in found.gears.values)
        click.echo(f"  {'gears':<10} {found.gears.kind}: {gears}")
    for aipp in found.aipp:
        settings = " ".join(f"{name}={value}" for name, value in aipp.settings.items())
        click.echo(f"  {'AIPP':<10} {aipp.input}: {aipp.mode} {settings}".rstrip())
    if found.partitions:
        sizes = ", ".join(f"{part.type} {part.size}" for part in found.partitions[:40])
        click.echo(f"  {'parts':<10} {sizes}{', …' if len(found.partitions) > 40 else ''}")
    for note in found.notes:
        click.echo(f"  {'note':<10} {note}")


def _port(port: Port) -> str:
    shape = "of unknown rank" if port.shape is None else "×".join(map(str, port.shape)) or "scalar"
    layout = f" {port.format}" if port.format else ""
    return f"{port.name}: {port.dtype or 'unknown type'} {shape}{layout}"

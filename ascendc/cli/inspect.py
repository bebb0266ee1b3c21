"""``ascendc inspect``: what is in an OM, an ONNX file or a bundle, before a device is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ascendc.cann.om.facts import Aipp
    from ascendc.cann.om.interface import AnyPort
    from ascendc.inspection import Difference, FileFacts, FileFit, Inspection

EXIT_REFUSED = 4
"""A chip of ``--against`` will not load it; or the two files of ``--diff`` differ."""

_LISTED = 40
"""Parts of a file that are listed."""


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
    from ascendc.cann.soc import resolve

    found = inspection.inspect(path)
    held = inspection.fits(found, tuple(resolve(name).soc for name in socs))
    differing = None if other is None else inspection.differences(found, inspection.inspect(other))
    if as_json:
        click.echo(inspection.to_json(found, held, differing))
    else:
        if differing is None:
            _show(found)
        else:
            _show_differences(differing)
        _show_fits(held, several=len(found.files) > 1)
    return EXIT_REFUSED if differing or any(fit.verdict == "refused" for fit in held) else 0


def _say(line: str) -> None:
    """Print what stands in a file as text only: its names may hold anything, also what a terminal would obey."""
    click.echo("".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line))


def _show_differences(differing: tuple[Difference, ...]) -> None:
    for difference in differing:
        _say(f"{difference.field}: {difference.one} → {difference.other}")
    click.echo(f"{len(differing)} difference{'s' * (len(differing) != 1)}" if differing else "no difference")


def _show_fits(held: tuple[FileFit, ...], *, several: bool) -> None:
    for fit in held:
        _say(f"{f'{fit.file} ' if several else ''}on {fit.soc}: {fit.verdict}: {fit.reason}")


def _show(found: Inspection) -> None:
    for one in (found, *found.files):
        _show_one(one)


def _show_one(found: FileFacts) -> None:
    kind = found.kind if found.model_type in (None, "plain", "standard") else f"{found.kind}, {found.model_type}"
    _say(f"{found.file}: {kind}{', SIMULATED: no device can run it' if found.simulated else ''}")
    facts = (
        ("name", found.name),
        ("chip", _chip(found)),
        ("ATC", found.atc_version),
        ("operators", found.opp_version if found.opp_version != found.atc_version else None),
        ("CANN", found.cann_version),
        ("from", found.framework),
        ("opset", found.opset),
        ("host", found.host),
        ("command", found.atc_cmdline),
        ("memory", found.memory_size and f"{_megabytes(found.memory_size)} to work in"),
        ("weights", found.weight_size and _megabytes(found.weight_size)),
    )
    for name, value in facts:
        if value:
            _fact(name, value)
    for name, ports in (("input", found.inputs), ("output", found.outputs)):
        for port in ports:
            _fact(name, _port(port))
    if found.gears:
        _fact("gears", f"{found.gears.kind}: {'; '.join(','.join(map(str, value)) for value in found.gears.values)}")
    for aipp in found.aipp:
        _fact("AIPP", _aipp(aipp))
    if found.partitions:
        sizes = ", ".join(f"{part.type} {part.size}" for part in found.partitions[:_LISTED])
        _fact("parts", f"{sizes}{', …' if len(found.partitions) > _LISTED else ''}")
    for note in found.notes:
        _fact("note", note)


def _chip(found: FileFacts) -> str | None:
    if found.soc_version is None:
        return "not said" if found.kind in ("om", "om2") else None
    return f"{found.soc_version} (architecture {found.arch_type})" if found.arch_type else found.soc_version


def _fact(name: str, value: object) -> None:
    _say(f"  {name:<10} {value}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size} bytes"


def _aipp(aipp: Aipp) -> str:
    """What is set: zeros are what holds where nothing is."""
    settings = (f"{name}={value}" for name, value in aipp.settings.items() if value not in ("0", "false"))
    return " ".join((f"{aipp.input}: {aipp.mode}", *settings))


def _port(port: AnyPort) -> str:
    shape = "of unknown rank" if port.shape is None else "×".join(map(str, port.shape)) or "scalar"
    layout = f" {port.format}" if port.format else ""
    return f"{port.name}: {port.dtype or 'unknown type'} {shape}{layout}"

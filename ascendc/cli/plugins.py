"""``ascendc plugins``: what is registered, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def plugins(as_json: bool) -> None:
    """List models, passes and toolchains with the distribution each came from."""
    from ascendc import registry

    loaded = registry.load()
    tables: dict[str, Mapping[str, registry.Registered[Any]]] = {
        "models": loaded.models,
        "passes": loaded.passes,
        "toolchains": loaded.toolchains,
    }
    if as_json:
        import json

        record = {
            kind: {
                name: {"owner": str(entry.owner), "about": _about(entry.cls)} for name, entry in sorted(table.items())
            }
            for kind, table in tables.items()
        }
        broken = [{"plugin": b.entry_point, "owner": str(b.owner), "reason": b.reason} for b in loaded.broken]
        click.echo(json.dumps({**record, "broken": broken}, indent=2))
        return
    names = max(len(name) for table in tables.values() for name in table)
    owners = max(len(str(entry.owner)) for table in tables.values() for entry in table.values())
    for kind, table in tables.items():
        click.echo(f"{kind}:")
        for name, entry in sorted(table.items()):
            click.echo(f"  {name:<{names}}  {entry.owner!s:<{owners}}  {_about(entry.cls)}".rstrip())
    for b in loaded.broken:
        click.echo(f"broken: {b.entry_point} of {b.owner}: {b.reason}", err=True)


def _about(cls: type) -> str:
    """A pass's reason, or the first line of the class's docstring."""
    text: str = getattr(cls, "WHY", None) or (cls.__doc__ or "").strip()
    return text.splitlines()[0] if text else ""

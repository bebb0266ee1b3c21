"""``ascendc clean``: remove from the store what is old, too much, or needed by nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ascendc.clean import Cleaned


@click.command()
@click.option("--older-than", metavar="TIME", help="Entries that no build used for so long: 30d, 12h, 2w.")
@click.option("--max-size", metavar="SIZE", help="The least recently used entries, until the rest fits: 20GB.")
@click.option("--verify", is_flag=True, help="Hash every object; what is damaged goes, and what needs it.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
def clean(older_than: str | None, max_size: str | None, verify: bool, dry_run: bool) -> None:
    """Remove from the store what no recorded result needs, and first the results that the options name.

    What is removed is made again when a build asks for it. Bundles are not touched: a file of theirs stays, though
    the store forgets it.
    """
    from ascendc.amounts import seconds, size
    from ascendc.clean import clean as run
    from ascendc.store import Store

    cleaned = run(
        store := Store(),
        older_than=seconds(older_than, "--older-than") if older_than is not None else None,
        max_size=size(max_size, "--max-size") if max_size is not None else None,
        verify=verify,
        dry_run=dry_run,
    )
    click.echo(report(cleaned, str(store.root), dry_run=dry_run))
    if older_than is None and max_size is None and cleaned.kept_entries:
        click.echo("to remove more: ascendc clean --older-than 30d, or --max-size 20GB")


def report(cleaned: Cleaned, root: str, *, dry_run: bool) -> str:
    """What was removed and what is left, in two or three lines."""
    from ascendc.amounts import spoken

    what = (
        f"{_count(cleaned.entries, 'entry', 'entries')}, {_count(cleaned.objects, 'object', 'objects')}, "
        f"{_count(cleaned.leftovers, 'leftover', 'leftovers')}"
    )
    verb, freed = ("would remove", "would be freed") if dry_run else ("removed", "freed")
    lines = [f"{root}: {verb} {what}: {spoken(cleaned.freed)} {freed}"]
    if cleaned.shared:
        lines.append(f"{spoken(cleaned.shared)} more are of objects that bundles link: freed when those bundles go")
    lines.append(f"kept: {_count(cleaned.kept_entries, 'entry', 'entries')}, {spoken(cleaned.kept)}")
    return "\n".join(lines)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"

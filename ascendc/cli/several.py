"""Options that take all that follows: click itself takes one value an option."""

from __future__ import annotations

import click


def several(*names: str) -> type[click.Command]:
    """A command in which ``--texts "a cat" "a dog"`` means what it says.

    Args:
        names: options with ``multiple=True`` that take all words up to the next option.
    """

    class Command(click.Command):
        def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
            spread: list[str] = []
            current: str | None = None
            for arg in args:
                if arg.startswith("-") and arg != "-":
                    name, equals, _ = arg.partition("=")
                    current = name if name in names else None
                    if current is None or equals:
                        spread.append(arg)
                elif current is not None:
                    spread += [current, arg]
                else:
                    spread.append(arg)
            return super().parse_args(ctx, spread)

    return Command

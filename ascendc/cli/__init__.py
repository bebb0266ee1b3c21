"""The command line: one file per verb. Parse, call one library function, print."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Any

import click

from ascendc import __version__

COMMANDS = {
    "aipp": "Check an AIPP configuration; show what the model will see.",
    "atc": "Check an ATC command line; explain an option.",
    "bench": "Measure latency, throughput and memory; compare two results.",
    "build": "Build deployment bundles from recipes.",
    "bundle": "Pack, show and check bundles.",
    "check": "Say what ATC would refuse of an ONNX model, all at once.",
    "clean": "Remove from the store what is old, too much, or needed by nothing.",
    "compare": "Hold two forms of a model against each other.",
    "convert": "Build without a recipe; the recipe used is written.",
    "doctor": "Say what this machine has, lacks, and how to mend it.",
    "estimate": "Bound latency, throughput and memory of an ONNX model on a SoC.",
    "explain": "Explain an error code or a log of ATC.",
    "forecast": "Foretell what float16 will do to a model, node by node.",
    "inspect": "Say what is in an OM, an ONNX file or a bundle.",
    "plugins": "List models, passes and toolchains, and whose they are.",
    "probe": "Read a board's SoC, CANN, driver and more into a target file.",
    "recipe": "Print the recipe schema, check a recipe.",
    "report": "Write one HTML file of a build and its figures.",
    "run": "Ask a bundle or a recipe's model a question.",
    "sim": "Print the exports of a simulated CANN.",
    "soc": "Say what is known of a SoC, and what its names mean.",
    "why": "Say which steps a build would run, and what has changed.",
}
"""Verb and its line of help; the module ``ascendc.cli.<verb>`` holds a command of the same name."""


class _Verbs(click.Group):
    """Imports a verb's module only when that verb is used, so that ``--help`` stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ascendc.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            guess = f" Did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"No such command `{args[0]}`.{guess} Allowed: {', '.join(sorted(COMMANDS))}.")
        return super().resolve_command(ctx, args)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ascendc")
def cli() -> None:
    """Take a model from PyTorch to a Huawei Ascend edge device."""


def main() -> None:
    """The ``ascendc`` command: the one place where an error becomes a message and an exit code."""
    from ascendc.cli.interrupt import INTERRUPTED, stoppable
    from ascendc.errors import AscendcError, Interrupted, system_refuses

    try:
        with stoppable():
            code = cli.main(prog_name="ascendc", standalone_mode=False)
    except AscendcError as error:
        if {"-v", "--verbose"} & set(sys.argv) and error.__cause__ is not None:
            import traceback

            traceback.print_exception(error.__cause__)
        click.echo(f"ascendc: {error.id} {error}", err=True)
        code = error.exit_code
    except click.UsageError as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt) as error:
        cause = error.__cause__ or error  # click wraps it
        said = cause if isinstance(cause, Interrupted) else "interrupted; the same command goes on from here"
        click.echo(f"ascendc: {said}", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except OSError as error:
        refused = system_refuses(error)
        click.echo(f"ascendc: {refused.id} {refused}", err=True)
        code = refused.exit_code
    sys.exit(code or 0)


def process() -> None:
    """`main` in a process of its own, which may tune the collector."""
    # Importing torch and transformers makes a million objects that stay; Python's thresholds (700, 10, 10) have the
    # collector look through them again and again, a fifth of the time that the imports take.
    gc.set_threshold(50_000, 20, 20)
    try:
        main()
    finally:
        gc.freeze()  # else it looks through all of torch once more before the process ends, most of a second

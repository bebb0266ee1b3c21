"""The one user-facing exception family.

Every message has a stable id (``ASC1203``) on which translation and ``explain`` hang. The first two digits
name the room: 10 command line, 11 recipe, 12 target and SoC, 13 plugins, 14 export, 15 passes, 16 verify,
17 compile and toolchains, 18 bundle, 19 store, 20 run, 21 ATC command lines, 22 AIPP, 23 ONNX files, operators and
cost, OM files, 24 explain, 25 the simulated CANN, 26 the benchmark, 27 precision, 28 comparisons, 29 the report.
"""

from __future__ import annotations

from typing import ClassVar


class AscendcError(Exception):
    """Something the user can act on; the command line prints it without a traceback and exits with `exit_code`.

    Args:
        id: the stable id of the message, ``ASC`` and four digits.
        message: what is wrong: the thing by its full name, a verb, what is allowed.
        hint: what to do next, a command wherever there is one.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, id: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.id = id
        self.message = message
        self.hint = hint
        self.log: str | None = None
        """Where the log of the build lies that this ended; the build sets it."""

    def __str__(self) -> str:
        """Message, then hint and log, each on a line of its own."""
        below = (("hint", self.hint), ("log", self.log))
        return "\n".join([self.message, *(f"  {name}: {text}" for name, text in below if text)])


class UsageError(AscendcError):
    """The command line, the recipe or the target says something that cannot be meant (exit 2)."""

    exit_code = 2


class StageError(AscendcError):
    """A stage of the build failed (exit 3)."""

    exit_code = 3


class GateError(AscendcError):
    """A stage ran and its result was refused: accuracy below the threshold, a digest that differs (exit 4)."""

    exit_code = 4


class EnvironmentLacksError(AscendcError):
    """This machine lacks what was required: ATC, a device, a package, the network (exit 5)."""

    exit_code = 5


class Interrupted(KeyboardInterrupt):
    """A build was interrupted; its text is what the user sees.

    Args:
        running: the steps that were stopped.
        command: goes on from here.
    """

    def __init__(self, running: tuple[str, ...], command: str) -> None:
        during = f" during {', '.join(running)}" if running else ""
        super().__init__(f"interrupted{during}; what was done is kept. Go on with: {command}")


def system_refuses(error: OSError) -> EnvironmentLacksError:
    """What no room has put into words: a full disk under -o, a closed pipe (ASC1004)."""
    return EnvironmentLacksError("ASC1004", f"the operating system refuses: {error}")

"""What ends a comparison on either side: it cannot be run here, it fails, it has no layers. One id for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.errors import EnvironmentLacksError, StageError, UsageError
from ascendc.runtime.acl import NoAclError
from ascendc.runtime.om_checks import OtherChipError, TooLittleMemoryError

if TYPE_CHECKING:
    from ascendc.errors import AscendcError
    from ascendc.runtime import SessionError

_DEVICE = 'eval "$(ascendc sim env)" simulates a device; on a board: source set_env.sh, then the same command'


def of_session(name: str, doing: str, error: SessionError) -> AscendcError:
    """A session that does not open (ASC2808) or breaks off (ASC2807).

    Args:
        name: of the file or recipe.
        doing: what broke off, behind "fails": ``on the samples``.
        error: what the session says.
    """
    if isinstance(error, NoAclError):
        return cannot_run(name, error, hint=_DEVICE)
    if isinstance(error, OtherChipError | TooLittleMemoryError):
        return cannot_run(name, error)
    return fails(f"`{name}`", doing, error)


def cannot_run(name: str, error: Exception, *, hint: str | None = None) -> EnvironmentLacksError:
    """This machine lacks what a side needs (ASC2808)."""
    return EnvironmentLacksError("ASC2808", f"`{name}` cannot be run here: {error}", hint=hint)


def fails(what: str, doing: str, error: Exception) -> StageError:
    """A side fails (ASC2807)."""
    return StageError("ASC2807", f"{what} fails {doing}: {error}")


def no_layers(why: str, *, hint: str | None = None) -> UsageError:
    """Layers were asked of sides that have none (ASC2813)."""
    return UsageError("ASC2813", why, hint=hint)

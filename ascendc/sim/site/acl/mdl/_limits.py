"""What arguments of ``acl.mdl`` may be."""

from ascendc.sim.device.codes import INVALID_PARAM, AclError


def check_within(what: str, number: float, least: float, most: float) -> None:
    """See that an argument lies between two numbers, these included.

    Raises:
        AclError: it does not.
    """
    if not least <= number <= most:
        raise AclError(INVALID_PARAM, f"{what} must lie from {least} to {most}, not {number}")

"""Takes out of a report what tells who and where: names of user and host, addresses, serial numbers, home folders.

Rather a word too many: whoever files the report reads it first, and can put back what they like.
"""

import getpass
import os
import re
import socket
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Pattern, Tuple

VERSIONS = ("driver", "cann", "python", "numpy", "glibc", "ascendc", "atc_version", "created_by")
"""Fields in which four numbers are a version and no address."""

_EVERYBODYS = ("root", "HwHiAiUser", "localhost", "user", "ubuntu", "openEuler", "linux")
"""Names that tell nothing, and are words of logs."""

_ADDRESSES: Tuple[Tuple[str, str], ...] = (
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", "<user>@<host>"),
    (r"\b[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}\b", "<mac>"),
    (r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])", "<ip>"),
    (
        r"(?<![\w:.])(?=[0-9a-fA-F:]*\d)(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?::(?:[0-9a-fA-F]{1,4}[:.]?)*(?![\w:])",
        "<ip>",
    ),
    (r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)", "<ip>"),
    (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<uuid>"),
)
_SERIAL = r"(?i)\b((?:serial(?:[ _-]?(?:number|no\.?))?|s/?n|v?die[ _-]?id|uuid)\s*[:=]\s*)[^\s,;|]+(?: [0-9A-F]{8}\b)*"
_HOMES = r"(/home|/Users)/[^/\s'\":,;]+"


class Redactor:
    """Redacts texts and whole reports.

    Args:
        folders: absolute paths, and what is said for them.
        names: names of users and hosts; by default those of this process.
    """

    def __init__(self, folders: Dict[str, str], names: Dict[str, str]) -> None:
        known = sorted(folders.items(), key=lambda item: -len(item[0]))
        self._paths: List[Tuple[str, str]] = [(path, said) for path, said in known if len(path) > 1]
        self._names: List[Tuple[Pattern[str], str]] = [
            (re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", re.IGNORECASE), said)
            for name, said in sorted(names.items(), key=lambda item: -len(item[0]))
            if name and name not in _EVERYBODYS
        ]

    def text(self, text: str, version: bool = False) -> str:
        """`text`, redacted; a `version` may hold four numbers."""
        for path, said in self._paths:
            text = text.replace(path, said)
        text = re.sub(_HOMES, r"\1/<user>", text)
        text = re.sub(_SERIAL, r"\1<serial>", text)
        for pattern, said in () if version else _ADDRESSES:
            text = re.sub(pattern, said, text)
        for name, said in self._names:
            text = name.sub(said, text)
        return text

    def report(self, value: Any, field: str = "") -> Any:
        """`value` with every text in it redacted: dataclasses, tuples and dicts to any depth."""
        if isinstance(value, str):
            return self.text(value, field in VERSIONS)
        if isinstance(value, tuple):
            return tuple(self.report(item, field) for item in value)
        if isinstance(value, dict):
            return {key: self.report(item) for key, item in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{f.name: self.report(getattr(value, f.name), f.name) for f in fields(value)})
        return value


def names_here() -> Dict[str, str]:
    """The names of this user and this host, by all who might say them."""
    users = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER")}
    with suppress(KeyError, OSError, ImportError):  # a container's user may have no entry
        users.add(getpass.getuser())
    hosts = {socket.gethostname(), os.uname().nodename, os.environ.get("HOSTNAME", "")}
    hosts |= {name.partition(".")[0] for name in hosts}
    return {**dict.fromkeys(filter(None, users), "<user>"), **dict.fromkeys(filter(None, hosts), "<host>")}


def folders_here(**known: Path) -> Dict[str, str]:
    """Folders by their absolute paths: ``<clone>`` and the like for those in `known`, ``~`` for the home."""
    found = {str(form): f"<{name}>" for name, path in known.items() for form in (path.absolute(), path.resolve())}
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where a container's user has no entry
    found.setdefault(home, "~")
    found.setdefault(os.path.realpath(home), "~")
    return found

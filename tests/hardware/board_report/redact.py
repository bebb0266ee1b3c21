"""Takes out of a report what tells who and where: names of user and host, addresses, serial numbers, home folders.

Rather a word too many: whoever files the report reads it first, and can put back what they like.
"""

import getpass
import os
import re
import socket
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterable, List, Match, Pattern, Tuple

from .patterns import ADDRESSES, IDENTITIES

VERSIONS = ("driver", "cann", "python", "numpy", "glibc", "ascendc", "atc_version", "created_by")
"""Fields in which four numbers are a version and no address."""

_EVERYBODYS = ("root", "HwHiAiUser", "localhost", "user", "ubuntu", "openEuler", "linux")
"""Names that tell nothing, and are words of logs."""

_PUBLIC = ("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys", "usr")
"""Folders below / whose insides are the same everywhere."""

_PRIVATE = (
    *("data", "export", "home", "media", "mnt", "nfs", "opt", "projects", "root"),
    *("scratch", "shared", "srv", "tmp", "Users", "var", "work", "workspace"),
)
"""Folders below / in which people keep their own. A path is known by its first folder: operators of a model are called
``/encoder/Conv`` and the like."""

_BELOW = r"/[^\s'\":,;|()\[\]{}<>]*"
_KEPT = re.compile(r"/[^/]+\.(?:so(?:\.\d+)*|om2?|onnx|py|sh|h|cc|cpp|log|json|ya?ml|cfg|txt|npy|bin)$")
"""Ends of paths that are names of files; others may be anybody's."""


def _file(found: Match[str]) -> str:
    kept = _KEPT.search(found.group())
    return "<path>" + (kept.group() if kept else "")


class Redactor:
    """Redacts texts and whole reports.

    Args:
        folders: absolute paths, and what is said for them.
        names: names of users and hosts, and what is said for them.
        roots: folders below / that there are on this machine.
    """

    def __init__(self, folders: Dict[str, str], names: Dict[str, str], roots: Iterable[str] = ()) -> None:
        self._paths: List[Tuple[Pattern[str], str]] = [
            (re.compile(re.escape(path) + r"(?![\w-])"), said)
            for path, said in sorted(folders.items(), key=lambda item: -len(item[0]))
            if len(path) > 1
        ]
        private = "|".join(sorted(map(re.escape, {*_PRIVATE, *roots} - {*_PUBLIC})))
        self._private = re.compile(rf"(?:(?<![\w<>.~/-])|(?<=-[IL]))/(?:{private})\d*(?:{_BELOW}|(?![\w.-]))")
        self._names: List[Tuple[Pattern[str], str]] = [
            (re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", re.IGNORECASE), said)
            for name, said in sorted(names.items(), key=lambda item: -len(item[0]))
            if name and name not in _EVERYBODYS
        ]

    def text(self, text: str, version: bool = False) -> str:
        """`text`, redacted; a `version` may hold four numbers."""
        for pattern, said in self._paths:
            text = pattern.sub(said, text)
        text = self._private.sub(_file, text)
        for expression, said in (*IDENTITIES, *(() if version else ADDRESSES)):
            text = re.sub(expression, said, text)
        for pattern, said in self._names:
            text = pattern.sub(said, text)
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
    installed = [("python", sys.prefix), ("python", sys.base_prefix)]
    for name, value in sorted(os.environ.items()):
        if name == "PYTHONPATH" or re.fullmatch(r"ASCEND_\w*(?:HOME|PATH)", name):
            installed += [(name, path) for path in value.split(os.pathsep)]
    for name, path in installed:
        if path.startswith("/") and path.split("/")[1] not in _PUBLIC:  # those tell nothing, and are good to read
            found.setdefault(path.rstrip("/"), f"<{name}>")
            found.setdefault(os.path.realpath(path), f"<{name}>")
    return found


def roots_here() -> List[str]:
    """The names of the folders below / of this machine."""
    return [path.name for path in Path("/").iterdir()]

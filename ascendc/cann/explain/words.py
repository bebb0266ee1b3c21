"""Options, files, chips and other words of a log."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from ascendc.cann.explain.seen import LISTED, NAMED, Look, Seen

_PACKAGES = {"absl": "absl-py", "attr": "attrs", "google": "protobuf", "yaml": "pyyaml"}
"""Packages whose modules have other names."""

_OF_CANN = ("acl", "auto_tune", "hccl", "impl", "op_gen", "opc_tool", "tbe", "te", "te_fusion", "topi")
"""Modules that CANN brings: its folder ``python/site-packages`` and the operator package."""


def options(seen: Seen) -> Iterator[str]:
    """Options that the log names."""
    for name in seen.values.options[:NAMED]:
        yield seen.phrase("option", name=name)


def paths(seen: Seen) -> Iterator[str]:
    """Files that the log names."""
    for path in seen.values.paths[:NAMED]:
        yield seen.phrase("path", path=path)


def characters(seen: Seen) -> Iterator[str]:
    """What ATC does not take in the paths that the log names."""
    for path in seen.values.paths:
        wrong = dict.fromkeys(re.findall(r"[^A-Za-z0-9./_\-\u4e00-\u9fa5]", path))
        if wrong:
            said = [seen.phrase("space") if one == " " else f"`{one}`" for one in wrong]
            yield seen.phrase("character", path=path, characters=seen.phrase("list").join(said))


def socs(seen: Seen) -> Iterator[str]:
    """SoCs that the log names, and the exact names near those that are none."""
    from ascendc.cann import soc

    known = {name.lower(): name for name in soc.names()}
    for said in seen.values.socs[:NAMED]:
        if said in known.values():
            yield seen.phrase("soc", name=said)
            continue
        family = [name for low, name in known.items() if low.startswith(said.lower())]
        near = family or [known[low] for low in difflib.get_close_matches(said.lower(), known, 3)]
        quoted = [f"`{one}`" for one in near[:LISTED]]
        yield seen.phrase("soc_near" if near else "soc_none", name=said, near=seen.phrase("or").join(quoted))


def modules(seen: Seen) -> Iterator[str]:
    """Modules of Python that are missing, and what brings them where it is called otherwise."""
    for name in seen.values.modules[:LISTED]:
        first = name.partition(".")[0]
        if first in _OF_CANN:
            yield seen.phrase("module_cann", name=name)
        elif first in _PACKAGES:
            yield seen.phrase("module_package", name=name, package=_PACKAGES[first])
        else:
            yield seen.phrase("module", name=name)


def dtypes(seen: Seen) -> Iterator[str]:
    """Types that the log names, if there are several."""
    if len(seen.values.dtypes) > 1:
        yield seen.phrase("dtypes", names=seen.phrase("list").join(seen.values.dtypes[:LISTED]))


def each(kind: str, word: str) -> Look:
    """A look that lists the values of `kind`, each in the phrase `word`."""

    def look(seen: Seen) -> Iterator[str]:
        for name in getattr(seen.values, kind)[:LISTED]:
            yield seen.phrase(word, name=name)

    return look

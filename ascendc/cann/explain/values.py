"""What a log names: operators, nodes, options, SoCs, files and more.

Releases put values into brackets or quotes or into the bare sentence; so they are found by what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, fields

from ascendc.cann.explain.statements import prose
from ascendc.cann.explain.vocabulary import is_option

MOST = 20
"""Values of one kind that are kept."""

LONGEST = 300
"""Characters of one value."""

_WORD = r"[A-Za-z0-9_./:\-]+"

_AIPP_FIELD = (
    r"aipp_mode|related_input_\w+|input_format|(?:max_)?src_image_size\w*|load_start_pos_[wh]|crop_size_[wh]|csc_switch|"
    r"(?:left|right|top|bottom)_padding_size|padding_value|(?:mean|min|var_reci)_chn_\d|matrix_r\dc\d|"
    r"(?:in|out)put_bias_\d|resize|rbuv_swap_switch|ax_swap_switch"
)

_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "keys": (r"\b([A-Za-z][\w.]*::\d+::\w+)",),
    "ops": (
        r"(?i:\bop[ _]?type)\s*[:=(]?\s*\[?(?:[\w.]+::\d+::)?([A-Za-z]\w*)",
        r"\b[A-Za-z][\w.]*::\d+::(\w+)",
        r"(?i:\bnode):\S+?\(([A-Za-z]\w*)\)",
        r"\b[Oo]p ([A-Z]\w+)\b(?!\s*,)",
    ),
    "nodes": (
        r"(?i:\bop[ _]?name|\bnode[ _]?name|\bnode)\s*[:=]?\s*\[([^\]\n]+)\]",
        rf"(?i:\bop[ _]?name|\bnode[ _]?name|\bnode)\s*[:=]\s*({_WORD})",
        r"(?i:\bfor|\bop|\boperator)\s+\[([^\],\n]+)(?:,?\]|,\s*op[ _]?type)",
        r"\bop\[([^\],\n]*[A-Z/][^\],\n]*)\]",
    ),
    "names": (r"(?i:\bop[ _]?name)\s+([^\s\[\],;]+)",),
    "options": (r"(?<![\w-])--([a-z][a-z0-9_]+)",),
    "dtypes": (r"\bDT_([A-Z][A-Z0-9_]*)\b",),
    "socs": (r"(?i:\b(ascend\d{3}\w*))\b",),
    "modules": (r"No module named '?([\w.]+)",),
    "libraries": (r"\b(lib[\w+.\-]+?\.so(?:\.\d+)*)\b",),
    "flags": (r"(?i:\bflag) '([\w-]+)'",),
    "fields": (
        rf"\b({_AIPP_FIELD})\b(\s*\[[^\]\n]{{1,40}}\])?",
        r"\bfield named [\"'](\w+)[\"']",
    ),
    "paths": (r"\[(/[^\]\n]+)\]", r"(?<![\w./\[])(/[\w./\-]+\w)"),
    "quoted": (r"\[([^\[\]\n]+)\]", r"'([^'\n]+)'", r'"([^"\n]+)"', r"`([^`\n]+)`"),
}


@dataclass(frozen=True)
class Values:
    """What a log names, each kind in the order of the log."""

    keys: tuple[str, ...] = ()
    """What was looked up among ONNX parsers: ``ai.onnx::18::ReduceL2``."""
    ops: tuple[str, ...] = ()
    """Types of operators, ONNX's or ATC's own."""
    nodes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Of inputs or nodes that an option names, or that stand where an option would."""
    options: tuple[str, ...] = ()
    """Of ATC, without dashes."""
    dtypes: tuple[str, ...] = ()
    """As the graph engine writes them, without ``DT_``."""
    socs: tuple[str, ...] = ()
    """As they are written there."""
    modules: tuple[str, ...] = ()
    """Of Python."""
    libraries: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Words that ATC took for options."""
    fields: tuple[str, ...] = ()
    """Of the AIPP file, with the value if there is one: ``crop_size_w[225]``."""
    paths: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    """All that stands in brackets or quotes."""


def without_gear(name: str) -> str:
    """A node's name in the model, of one that ATC copied for each gear."""
    return _GEAR.sub("", name)


def values(texts: Iterable[str], known: Container[str] = ()) -> Values:
    """What `texts` name; any word that is in `known`, the names of a model's nodes, is taken for a node."""
    found: dict[str, dict[str, None]] = {field.name: {} for field in fields(Values)}
    for text in map(prose, texts):
        for name, patterns in _COMPILED.items():
            for pattern in patterns:
                for match in pattern.finditer(text):
                    value = "".join(part or "" for part in match.groups()).replace(" ", "" if name == "fields" else " ")
                    if len(found[name]) < MOST and 0 < len(value.strip()) <= LONGEST:
                        found[name][value.strip()] = None
        for word in _WORDS.findall(text) if known else ():
            if len(found["nodes"]) < MOST and (word in known or without_gear(word) in known):
                found["nodes"][word] = None
        for match in _PARAMETER.finditer(text):
            kind = "options" if is_option(match[1]) else "names"
            if len(found[kind]) < MOST and len(match[1]) <= LONGEST:
                found[kind][match[1]] = None
    found["paths"] = {path: None for path in found["paths"] if path not in found["nodes"]}
    return Values(**{name: tuple(of_kind) for name, of_kind in found.items()})


_PARAMETER = re.compile(r"(?i:\bparameter|\boption)\s*\[(?!--)([^\[\]\n]+)\]")
"""An option without dashes; or an input, of which ATC says so too."""

_WORDS = re.compile(r"[^\s\[\](){},;\"'`<>]+(?<![.:])")

_GEAR = re.compile(r"_ascend_mbatch_batch_\d+$")
"""What ATC adds to the names of nodes that it copies for each gear."""

_COMPILED = {name: tuple(map(re.compile, patterns)) for name, patterns in _PATTERNS.items()}

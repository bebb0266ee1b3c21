"""Where in a model, or in what the log names, an error is: each look adds lines to an explanation."""

from __future__ import annotations

from collections.abc import Mapping

from ascendc.cann.explain import graph, parsers, ports, words
from ascendc.cann.explain.seen import Look, Seen
from ascendc.cann.explain.statements import clean, cut

LOOKS: Mapping[str, Look] = {
    "characters": words.characters,
    "domains": parsers.domains,
    "dtypes": words.dtypes,
    "duplicates": graph.duplicates,
    "fields": words.each("fields", "field"),
    "flags": words.each("flags", "flag"),
    "inputs": ports.inputs,
    "libraries": words.each("libraries", "library"),
    "modules": words.modules,
    "names": ports.names,
    "nodes": graph.nodes,
    "ops": graph.ops,
    "opset": parsers.opset,
    "options": words.options,
    "outputs": ports.outputs,
    "paths": words.paths,
    "size": graph.size,
    "socs": words.socs,
    "symbolic": ports.symbolic,
}
"""By the names that the table of errors has for them."""


def lines(looks: tuple[str, ...], seen: Seen) -> tuple[str, ...]:
    """What the looks see, one line each, none twice; names in a model may be anything, so control characters go."""
    return tuple(dict.fromkeys(cut(clean(line)) for look in looks for line in LOOKS[look](seen)))

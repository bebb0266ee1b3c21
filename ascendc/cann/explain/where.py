"""Where in a model, or in what the log names, an error is: each look adds lines to an explanation."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from ascendc.cann.explain.statements import clean, cut
from ascendc.cann.explain.table import Language, phrase
from ascendc.cann.explain.values import Values, without_gear
from ascendc.cann.outline import Node, Outline

_NAMED = 3
"""Nodes of a kind that are named; of the others the number is."""

_LISTED = 8
"""Inputs, outputs or values that are listed."""

_OPTIONS = frozenset(("input_shape", "input_shape_range", "input_fp16_nodes", "out_nodes", "output_type", "model"))
"""Options whose values have names of the model in them."""


@dataclass(frozen=True)
class Model:
    """The model that was converted."""

    name: str
    """Of its file, as the user wrote it."""
    size: int
    """Of the file, in bytes."""
    outline: Outline


@dataclass(frozen=True)
class Seen:
    """What a look may look at."""

    values: Values
    model: Model | None
    language: Language

    def phrase(self, name: str, /, **filled: object) -> str:
        """A phrase in the language asked for."""
        return phrase(name, self.language, **filled)

    def listed(self, names: list[str], most: int = _NAMED) -> str:
        """``a, b, c and 4 more``."""
        text = self.phrase("list").join(names[:most])
        more = len(names) - most
        return f"{text} {self.phrase('and_more', count=more, total=len(names))}" if more > 0 else text


def lines(looks: tuple[str, ...], seen: Seen) -> tuple[str, ...]:
    """What the looks see, one line each, none twice; names in a model may be anything, so control characters go."""
    return tuple(dict.fromkeys(cut(clean(line)) for look in looks for line in LOOKS[look](seen)))


def nodes(seen: Seen) -> Iterator[str]:
    """Nodes that the log names, by their own name or by one that ATC derived from it."""
    named = {} if seen.model is None else {node.name: node for node in seen.model.outline.nodes if node.name}
    for said in (*seen.values.nodes, *seen.values.quoted):
        node = named.get(said) or named.get(without_gear(said)) or named.get(said.rpartition(":")[0])
        if node is not None:
            inputs = seen.listed([name for name in node.inputs if name])
            yield seen.phrase("node", name=node.name, op=node.op, inputs=inputs)
        elif seen.model is None and said in seen.values.nodes[:_NAMED]:
            yield seen.phrase("node_named", name=said)


def ops(seen: Seen) -> Iterator[str]:
    """Nodes of the operators that the log names, or nodes that ATC makes them of."""
    for op in seen.values.ops[:_LISTED]:
        if seen.model is None:
            yield seen.phrase("op_named", op=op)
            continue
        every = seen.model.outline.nodes
        named = [node for node in every if node.op == op]
        sources = [] if named else [node for node in every if op in _made_of(node)]
        if named or sources:
            yield seen.phrase(
                "op_nodes" if named else "op_from",
                op=op,
                onnx=seen.listed(list(dict.fromkeys(node.op for node in sources))),
                count=len(named or sources),
                total=len(every),
                model=seen.model.name,
                names=seen.listed([_name(node) for node in named or sources]),
            )
        else:
            yield seen.phrase("op_absent", op=op, model=seen.model.name)


def opset(seen: Seen) -> Iterator[str]:
    """What was looked up, what there would be, and the opset of the model."""
    asked = None
    for key in seen.values.keys[:_NAMED]:
        domain, version, op = key.split("::")
        yield seen.phrase("key", key=key)
        if domain == "ai.onnx" and len(version) < 9:
            asked = int(version)
            yield from _parsers(op, asked, seen)
    declared = seen.model.outline.opset if seen.model else None
    if seen.model is not None and declared is not None:
        name = "opset" if asked in (None, declared) else "opset_other"
        yield seen.phrase(name, model=seen.model.name, opset=declared, asked=asked)
        if asked is None and declared > _last():
            yield seen.phrase("opset_high", opset=declared, last=_last())


def _parsers(op: str, asked: int, seen: Seen) -> Iterator[str]:
    """At which opsets ATC has parsers, by the table that ships with ascendc."""
    from ascendc.cann.operators.table import document, onnx

    release = document("operators_onnx.json")["version"]
    known = onnx().get(("", op))
    if asked > _last():
        yield seen.phrase("opset_high", opset=asked, last=_last())
    elif known is None:
        yield seen.phrase("no_parser", op=op, release=release)
    elif asked in known.opsets:
        yield seen.phrase("parser_newer", op=op, opset=asked, release=release)
    else:
        yield seen.phrase("parsers", op=op, opsets=_ranges(known.opsets), release=release)


def _last() -> int:
    """The last opset with parsers for more than a few operators: where Identity ends, which every release has."""
    from ascendc.cann.operators.table import onnx

    return max(onnx()["", "Identity"].opsets)


def _made_of(node: Node) -> tuple[str, ...]:
    """The types that ATC makes of a node, by the table that ships with ascendc."""
    from ascendc.cann.operators.table import onnx

    known = onnx().get((node.domain, node.op))
    return () if known is None else (*known.ge, *known.beside)


def _ranges(numbers: Collection[int]) -> str:
    """``9–11, 16``."""
    firsts = [number for number in sorted(numbers) if number - 1 not in numbers]
    lasts = [number for number in sorted(numbers) if number + 1 not in numbers]
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in zip(firsts, lasts, strict=True))


def options(seen: Seen) -> Iterator[str]:
    """Options that the log names."""
    for name in seen.values.options[:_NAMED]:
        yield seen.phrase("option", name=name)


def inputs(seen: Seen) -> Iterator[str]:
    """The inputs that the model really has."""
    if seen.model is None:
        return
    if not seen.model.outline.inputs:
        yield seen.phrase("no_inputs", model=seen.model.name)
    for port in seen.model.outline.inputs[:_LISTED]:
        yield seen.phrase("input", port=port)


def outputs(seen: Seen) -> Iterator[str]:
    """The outputs that the model really has."""
    for port in seen.model.outline.outputs[:_LISTED] if seen.model else ():
        yield seen.phrase("output", name=port.name)


def names(seen: Seen) -> Iterator[str]:
    """Names in the log that the model does not have, and what may have been meant."""
    said = [name for name in seen.values.quoted if not _is_option(name, seen.values)] or list(seen.values.names)
    if seen.model is None:
        yield from (seen.phrase("name", name=name) for name in said[:_NAMED])
        return
    outline = seen.model.outline
    fed = [port.name for port in outline.inputs]
    inside = {node.name for node in outline.nodes} | {name for node in outline.nodes for name in node.outputs}
    for name in said[:_NAMED]:
        if name in fed:
            continue
        if name in inside:
            yield seen.phrase("inner", name=name)
            continue
        given = [port.name for port in outline.outputs]
        near = _near(name, fed + given) or (fed if len(fed) == 1 else [])
        quoted = [f"`{one}`" for one in near]
        yield seen.phrase(
            "not_in" if near else "not_in_none",
            name=name,
            model=seen.model.name,
            near=seen.phrase("or").join(quoted),
        )


def symbolic(seen: Seen) -> Iterator[str]:
    """An ``--input_shape`` for the model, with 1 for a free batch and ? for what is not known."""
    if seen.model is None or not seen.model.outline.inputs:
        return
    shapes = []
    for port in seen.model.outline.inputs:
        axes = ["?"] if port.shape is None else [str(size) for size in port.shape]
        if port.shape and not _known(port.shape[0]):
            axes[0] = "1"
        shapes.append(f"{port.name}:{','.join(axis if _known(axis) else '?' for axis in axes)}")
    yield seen.phrase("shape", shape=";".join(shapes))


def size(seen: Seen) -> Iterator[str]:
    """How large the model's file is."""
    if seen.model is not None:
        yield seen.phrase("size", model=seen.model.name, size=f"{seen.model.size / 1e9:.2f}")


def paths(seen: Seen) -> Iterator[str]:
    """Files that the log names."""
    for path in seen.values.paths[:_NAMED]:
        yield seen.phrase("path", path=path)


def characters(seen: Seen) -> Iterator[str]:
    """What ATC does not take in the paths that the log names."""
    for path in seen.values.paths:
        wrong = dict.fromkeys(re.findall(r"[^A-Za-z0-9./_\-\u4e00-\u9fa5]", path))
        if wrong:
            said = [seen.phrase("space") if one == " " else f"`{one}`" for one in wrong]
            yield seen.phrase("character", path=path, characters=seen.phrase("list").join(said))


def duplicates(seen: Seen) -> Iterator[str]:
    """Names that several nodes have."""
    counts = Counter(node.name for node in (seen.model.outline.nodes if seen.model else ()) if node.name)
    for name, count in counts.most_common(_LISTED):
        if count > 1:
            yield seen.phrase("duplicate", name=name, count=count)


def domains(seen: Seen) -> Iterator[str]:
    """The domains of the model and their opsets."""
    listed: dict[str, list[str]] = {}
    for domain, version in seen.model.outline.opsets if seen.model else ():
        listed.setdefault(domain or "ai.onnx", []).append(str(version))
    for domain, versions in listed.items():
        yield seen.phrase("domain", domain=domain, opsets=seen.phrase("list").join(versions))


def socs(seen: Seen) -> Iterator[str]:
    """SoCs that the log names, and the exact names near those that are none."""
    from ascendc.cann import soc

    known = {name.lower(): name for name in soc.names()}
    for said in seen.values.socs[:_NAMED]:
        if said in known.values():
            yield seen.phrase("soc", name=said)
            continue
        family = [name for low, name in known.items() if low.startswith(said.lower())]
        near = family or [known[low] for low in difflib.get_close_matches(said.lower(), known, 3)]
        quoted = [f"`{one}`" for one in near[:_LISTED]]
        yield seen.phrase("soc_near" if near else "soc_none", name=said, near=seen.phrase("or").join(quoted))


def _each(kind: str, word: str) -> Callable[[Seen], Iterator[str]]:
    def look(seen: Seen) -> Iterator[str]:
        for name in getattr(seen.values, kind)[:_LISTED]:
            yield seen.phrase(word, name=name)

    return look


LOOKS: Mapping[str, Callable[[Seen], Iterator[str]]] = {
    "characters": characters,
    "domains": domains,
    "duplicates": duplicates,
    "fields": _each("fields", "field"),
    "flags": _each("flags", "flag"),
    "inputs": inputs,
    "libraries": _each("libraries", "library"),
    "modules": _each("modules", "module"),
    "names": names,
    "nodes": nodes,
    "ops": ops,
    "opset": opset,
    "options": options,
    "outputs": outputs,
    "paths": paths,
    "size": size,
    "socs": socs,
    "symbolic": symbolic,
}
"""By the names that the table of errors has for them."""


def _name(node: Node) -> str:
    """A node's name, or its first output where it has none: ATC makes up a name that changes."""
    return node.name or next(iter(node.outputs), "?")


def _known(axis: int | str) -> bool:
    return str(axis).isdecimal() and int(axis) > 0


def _near(name: str, among: list[str]) -> list[str]:
    low = {one.lower(): one for one in among}
    return [low[one] for one in difflib.get_close_matches(name.lower(), low, 2, 0.6)]


def _is_option(name: str, values: Values) -> bool:
    bare = name.lstrip("-")
    return name.startswith("--") or bare in values.options or bare in _OPTIONS

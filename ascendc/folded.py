"""An ONNX file as ATC sees it after its own constant folding: symbolic axes bound, constants folded, shapes inferred.

What is to be said of a graph (`ascendc check`, `ascendc estimate`) is said of this one: an exporter leaves shape
arithmetic in a graph that is gone before ATC chooses an engine for a node.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascendc import onnx_file
from ascendc.errors import UsageError
from ascendc.inferred import REFUSED, infer, said
from ascendc.passes import values
from ascendc.passes.fold import FoldConstants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import onnx_ir as ir


_SMALL = 1 << 16
"""Elements of a constant that is computed: far above any shape. Of larger ones nobody needs the content here."""

_GROWS = frozenset({"ConstantOfShape", "Expand", "EyeLike", "OneHot", "Pad", "Range", "Resize", "Tile", "Upsample"})
"""Operators that a small input tells to make something large."""

_RANDOM = frozenset({"Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike"})


@dataclass(frozen=True)
class Folded:
    """A graph, ready to be judged."""

    model: ir.Model
    """Large weights are mapped from where they are; values have types and shapes, where they can be inferred."""
    gone: tuple[ir.Node, ...] = ()
    """Nodes of the file, in bodies too, that are no longer there."""
    twins: frozenset[ir.Node] = frozenset()
    """Nodes of the file that share their name with another node, or an input, of their graph."""
    functions: frozenset[tuple[str, str]] = frozenset()
    """Domain and name of the functions that the file defines; calls of them are replaced by what they do."""
    notes: tuple[str, ...] = ()
    """What could not be done with it: the graph is then looked at as the file has it."""


def folded(path: Path, sizes: Mapping[str, int] | None = None, batch: int | None = None) -> Folded:
    """The ONNX file at `path`, folded.

    Args:
        path: the file.
        sizes: sizes of symbolic axes, by their names in the inputs: ``{"batch": 8}``.
        batch: the size of the first axis of every input that has none by then.

    Raises:
        UsageError: the file cannot be read (ASC2301 to ASC2305), or has no axis of such a name (ASC2311).
    """
    if sizes:
        _refuse_unknown(path, sizes)
    return folded_model(lambda: onnx_file.load(path), sizes or {}, batch)


def folded_model(load: Callable[[], ir.Model], sizes: Mapping[str, int], batch: int | None = None) -> Folded:
    """What `load` gives, folded; it is asked once more if the folder refuses, since that may leave half a rewrite."""
    model, notes = load(), []
    bind(model, sizes, batch)
    functions = frozenset((domain, name) for domain, name, _ in model.functions)
    written = tuple(model.graph.all_nodes())
    twins = _twins(written)
    if refused := _fold(model):
        model = load()
        bind(model, sizes, batch)
        written = tuple(model.graph.all_nodes())
        twins = _twins(written)
        notes.append(f"constants could not be folded, so the graph is checked as it is: {refused}")
    else:
        _fold_large(model)
    if refused := infer(model):
        notes.append(f"shapes could not be inferred, so only recorded ones are known: {refused}")
    left = frozenset(model.graph.all_nodes())
    gone = tuple(node for node in written if node not in left)
    return Folded(model, gone, twins, functions, tuple(notes))


def bind(model: ir.Model, sizes: Mapping[str, int], batch: int | None = None) -> None:
    """Give open axes of the inputs their sizes, as `folded` has them.

    Shapes recorded inside the graph are forgotten then, since they were inferred for other sizes.
    """
    import onnx_ir as ir

    changed = False
    for value in model.graph.inputs:
        dims = values.dims(value)
        if dims is None:
            continue
        bound = [sizes.get(axis, axis) if isinstance(axis, str) else axis for axis in dims]
        if bound and not isinstance(bound[0], int) and batch is not None:
            bound[0] = batch
        if bound != list(dims):
            value.shape, changed = ir.Shape(bound), True
    if changed:
        for node in model.graph.all_nodes():
            for output in node.outputs:
                output.shape = None


def _twins(nodes: Sequence[ir.Node]) -> frozenset[ir.Node]:
    graphs = {id(node.graph): node.graph for node in nodes if node.graph is not None}
    names = Counter((id(node.graph), node.name) for node in nodes)
    names.update(
        (number, value.name)
        for number, graph in graphs.items()
        for value in graph.inputs
        if value.name not in graph.initializers
    )
    return frozenset(node for node in nodes if node.name and names[id(node.graph), node.name] > 1)


def _refuse_unknown(path: Path, sizes: Mapping[str, int]) -> None:
    ports = onnx_file.read_outline(path).inputs
    axes = dict.fromkeys(axis for port in ports for axis in port.shape or () if isinstance(axis, str) and axis != "?")
    if missing := sorted(set(sizes) - set(axes)):
        has = ", ".join(axes) or "none with a name"
        raise UsageError("ASC2311", f"no input of `{path}` has an axis called `{missing[0]}`; it has: {has}")


class _FoldSmall(FoldConstants):
    """As the pass, but what is large is not computed: who looks at a graph wants to know that it is a constant."""

    def should_fold(self, node: ir.Node) -> bool:
        inputs = [_elements(value) for value in node.inputs if value is not None]
        outputs = [_elements(value) for value in node.outputs]
        # Where a shape cannot be inferred: what broadcasting could make of the inputs, at most.
        most = math.inf if node.op_type in _GROWS else math.prod(inputs)
        sizes = [*inputs, *(most if math.isinf(size) else size for size in outputs)]
        return max(sizes) <= _SMALL and super().should_fold(node)


def _fold(model: ir.Model) -> str | None:
    """Fold constants; why not, if the folder refuses."""
    try:
        _FoldSmall().rewrite(model)
    except (ValueError, *REFUSED) as error:
        return said(error)
    return None


def _fold_large(model: ir.Model) -> None:
    """Make constants of nodes that were too large to compute: their types and shapes are known, their contents not."""
    import onnx_ir as ir

    fold, bodies = FoldConstants(), (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
    for node in tuple(model.graph):
        known = all(value is None or (value.is_initializer() and not value.is_graph_input()) for value in node.inputs)
        plain = node.inputs and node.domain == "" and fold.should_fold(node) and node.op_type not in _RANDOM
        if not (known and plain) or any(a.type in bodies for a in node.attributes.values()):
            continue
        if not all(_SMALL < _elements(output) < math.inf and output.dtype for output in node.outputs):
            continue
        for output in node.outputs:
            assert output.dtype is not None
            assert output.shape is not None
            tensor = ir.LazyTensor(_unknown, dtype=output.dtype, shape=output.shape, name=f"{output.name}.folded")
            constant = ir.val(f"{output.name}.folded", const_value=tensor, dtype=tensor.dtype, shape=tensor.shape)
            model.graph.register_initializer(constant)
            values.replace(output, constant)
        model.graph.remove(node, safe=True)
    values.sweep(model)


def _unknown() -> ir.TensorProtocol:
    raise NotImplementedError("the content of a large constant was not computed")


def _elements(value: ir.Value) -> float:
    """How many; infinite if it is not known."""
    dims = values.dims(value)
    return math.prod(n if isinstance(n, int) else math.inf for n in dims) if dims is not None else math.inf

"""Folding: what does not depend on an input is computed now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc import wire
from ascendc.graph import LARGE
from ascendc.passes import values
from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir

_LIMIT = 1 << 28
"""Elements of a folded result: far above any mask or position table, far below what fills the memory."""
_QUANTIZATION = frozenset({"DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear"})
"""Left as they are, even over constants: they say which weights are integers."""


class FoldConstants(Pass):
    """Evaluate constant expressions and known shapes, drop no-ops, lift Constant nodes to initializers.

    Functions that the model defines are written out before: ATC does not look into them.

    Large weights are turned by ourselves, while they are written. All else folds by onnxscript, which works on the
    graph in memory. onnxsim folds CLIP to the same graphs, but prints from C++ to the process's stderr, which no thread
    of a driver may redirect.
    """

    NAME = "fold-constants"
    CURES = ("fold", "inline")
    WHY = "ATC folds little: shape arithmetic and masks left in the graph run on the AI CPU, or not at all."

    def should_fold(self, node: ir.Node) -> bool:
        """Whether a node whose inputs are all constant is computed."""
        return node.op_type not in _QUANTIZATION

    def rewrite(self, model: ir.Model) -> int:
        """Fold until nothing changes; counts the nodes that went away, at least one if anything changed."""
        import onnx_ir.passes.common as common
        from onnxscript import optimizer

        before, changed = model.graph.num_nodes(), _write_out(model)
        changed |= _turn_weights(model)
        while optimizer.fold_constants(
            model,
            onnx_shape_inference=True,
            output_size_limit=_LIMIT,
            should_fold=self.should_fold,
        ).modified:
            changed = True
        for identity in values.nodes(model, "Identity"):
            changed |= _eliminate(model, identity)
        changed |= common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model).modified
        values.sweep(model)
        return max(before - model.graph.num_nodes(), int(changed))


def _write_out(model: ir.Model) -> bool:
    """Replace calls of the model's functions by what they do; those that mix opsets, or call themselves, stay."""
    import onnx_ir as ir
    import onnx_ir.passes.common as common

    def agrees(function: ir.Function) -> bool:
        return all(model.opset_imports.get(domain, n) == n for domain, n in function.opset_imports.items())

    if not model.functions:
        return False
    try:
        return common.InlinePass(agrees)(model).modified
    except ir.passes.PreconditionError:
        return False


def _turn_weights(model: ir.Model) -> bool:
    """Fold each Transpose of a large weight: the turned weight is made while it is written, and never held."""
    import onnx_ir as ir

    found = [node for node in values.nodes(model, "Transpose") if _is_weight(node.inputs[0])]
    turned: dict[str, ir.Value] = {}
    for node in found:
        weight = node.inputs[0]
        assert weight is not None
        assert weight.const_value is not None
        perm = tuple(values.attribute(node, "perm", range(len(weight.const_value.shape))[::-1]))
        name = f"{weight.name}.{''.join(map(str, perm))}"
        if name not in turned:
            tensor = _turned(weight.const_value, perm, name)
            turned[name] = ir.val(name, const_value=tensor, dtype=tensor.dtype, shape=tensor.shape)
            model.graph.register_initializer(turned[name])
        values.replace(node.outputs[0], turned[name])
        model.graph.remove(node, safe=True)
    return bool(found)


def _is_weight(value: ir.Value | None) -> bool:
    tensor = None if value is None or value.is_graph_input() else value.const_value
    return value is not None and value.is_initializer() and tensor is not None and tensor.nbytes >= LARGE


def _turned(tensor: ir.TensorProtocol, perm: tuple[int, ...], name: str) -> ir.LazyTensor:
    import onnx_ir as ir

    return ir.LazyTensor(
        lambda: ir.Tensor(wire.view(tensor).transpose(perm), dtype=tensor.dtype, name=name),
        dtype=tensor.dtype,
        shape=ir.Shape(tuple(tensor.shape.numpy()[axis] for axis in perm)),
        name=name,
        doc_string=tensor.doc_string and f"{tensor.doc_string} transposed {perm}",
    )


def _eliminate(model: ir.Model, identity: ir.Node) -> bool:
    """Remove an Identity, unless it gives a value that has a name to keep the name of an output too."""
    source, copy = identity.inputs[0], identity.outputs[0]
    if source is None or (copy.is_graph_output() and values.keeps_its_name(source)):
        return False
    values.replace(copy, source)
    model.graph.remove(identity, safe=True)
    return True

"""What an ONNX model has to say to the options.

Source: ATC's ONNX parser and its checks of names (graph engine, August 2026). Names are those of the ONNX graph; ATC
itself names a node that has no name, so such nodes can only be guessed at here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ascendc.cann import opset
from ascendc.cann.atc import outputs
from ascendc.cann.atc.findings import Found, Rule, closest, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.shapes import Dim, Shape, Shapes
from ascendc.cann.atc.table import GEARS
from ascendc.cann.outline import Outline, Port
from ascendc.cann.version import Cann


def rules(options: Options, shapes: Shapes | None, model: Outline, cann: Cann | None) -> Rule:
    """Names that are not there, ranks and sizes that differ, inputs that are left open, opsets."""
    yield from _opsets(model, cann)
    if shapes is not None and shapes.sound:
        yield from _shapes(shapes, model)
    yield from _open_inputs(options, shapes, model)
    if (text := options.value("input_fp16_nodes")) is not None:
        for name in filter(str.strip, text.split(";")):
            yield from _input_name("input_fp16_nodes", name, model)
        if options.value("insert_op_conf") and [port.name for port in model.inputs] == [text.strip(";")]:
            message = f"must not name `{text}`: it is the only input, so AIPP feeds it"
            yield refused("E10034", "input_fp16_nodes", message, "drop --input_fp16_nodes")
    if (text := options.value("out_nodes")) is not None:
        yield from _out_nodes(text, model)


def _opsets(model: Outline, cann: Cann | None) -> Rule:
    twice = [domain for domain, count in Counter(domain for domain, _ in model.opsets).items() if count > 1]
    for domain in twice:
        message = f"imports the opset of `{domain or 'ai.onnx'}` more than once"
        yield refused("E16005", "model", message, "keep one opset_import per domain when the model is written")
    taken = opset.taken(cann.version if cann else None)
    if model.opset is not None and model.opset not in taken:
        which = f"CANN {cann}" if cann else "every CANN"
        message = f"has opset {model.opset}; {which} takes {taken} ({taken.source})"
        yield doubtful("model", message, f"export with opset {taken.highest}, or say which CANN: --cann 8.1")


def _shapes(shapes: Shapes, model: Outline) -> Rule:
    ports = {port.name: port for port in model.inputs}
    for index, shape in enumerate(shapes.items):
        if shape.name:
            yield from _input_name("input_shape", shape.name, model)
            port = ports.get(shape.name)
        else:
            port = model.inputs[index] if index < len(model.inputs) else None
        if port is not None and port.shape is not None:
            yield from _fits(shape, port, port.shape, shapes.mode == "range")


def _fits(shape: Shape, port: Port, axes: tuple[int | str, ...], ranged: bool) -> Rule:
    if len(shape.dims) != len(axes):
        if axes or shape.dims:  # ATC takes any shape for an input that has none
            count = f"{len(shape.dims)} ax{'i' if len(shape.dims) == 1 else 'e'}s"
            message = f"gives `{port.name}` {count}, the model has {len(axes)} ({port}); ATC fails without saying so"
            code = "E10049" if ranged else "E19999"
            found = refused(code, "input_shape", message, f"{port.name}:{_example(axes)}")
            yield found if axes else found._replace(error=False)
        return
    for axis, (dim, said) in enumerate(zip(shape.dims, axes, strict=True)):
        if isinstance(said, int) and said > 0 and not _holds(dim, said):
            message = f"gives axis {axis} of `{port.name}` {_text(dim)}; the model fixes it at {said}"
            fix = f"{port.name}:{_example(axes)}, or export the model with that axis free"
            if ranged and dim != -1:
                yield refused("E10050", "input_shape", f"{message}, which is outside", fix)
            else:
                yield doubtful("input_shape", f"{message}, and ATC goes on with {_text(dim)}", fix)


def _holds(dim: Dim, size: int) -> bool:
    return dim[0] <= size <= dim[1] if isinstance(dim, tuple) else dim == size


def _text(dim: Dim) -> str:
    return f"{dim[0]}~{dim[1]}" if isinstance(dim, tuple) else str(dim)


def _example(axes: Iterable[int | str]) -> str:
    return ",".join(str(axis) if isinstance(axis, int) and axis > 0 else "1" for axis in axes)


def _open_inputs(options: Options, shapes: Shapes | None, model: Outline) -> Rule:
    """Inputs that have free axes and are not given a shape, or not listed beside gears."""
    text = options.has("input_shape") or options.has("input_shape_range")
    if options.open or (text and (shapes is None or not shapes.sound or not all(s.name for s in shapes.items))):
        return
    listed = {shape.name for shape in shapes.items} if shapes is not None else set()
    for port in model.inputs:
        if port.name in listed:
            continue
        free = port.shape is not None and any(isinstance(axis, str) or axis < 0 for axis in port.shape)
        fix = f'--input_shape="{port.name}:{_example(port.shape or ())}"'
        if shapes is not None and shapes.mode == "gears":
            message = f"must list every input beside gears; `{port.name}` is missing"
            yield refused("E10001", "input_shape", message, fix)
        elif free and (shapes is None or shapes.mode == "static") and not any(options.has(name) for name in GEARS):
            message = f"must say a shape for `{port.name}`, whose axes the model leaves open ({port})"
            yield refused("E10001", "input_shape", message, fix)


def _input_name(option: str, name: str, model: Outline) -> Rule:
    names = [port.name for port in model.inputs]
    if name in names:
        return
    fix = closest(name, names) or f"one of {', '.join(names[:8])}"
    if any(node.name == name for node in model.nodes):
        yield refused("E10017", option, f"names `{name}`, which is a node inside the model, not an input", fix)
    else:
        yield refused(
            "E10016", option, f"names `{name}`, which the model does not have; its inputs: {_few(names)}", fix
        )


def _out_nodes(text: str, model: Outline) -> Rule:
    nodes = {node.name: node for node in model.nodes if node.name}
    unnamed = {node.op for node in model.nodes if not node.name}
    tensors = [tensor for node in model.nodes for tensor in node.outputs if tensor]
    for name, index in outputs.indexed(text):
        node = nodes.get(name)
        if node is not None and index.strip().isdecimal() and int(index.strip()[:9]) >= len(node.outputs):
            count = f"{len(node.outputs)} output{'s' * (len(node.outputs) != 1)}"
            message = f"`{name}:{index.strip()}` is out of range: `{name}` has {count}"
            yield refused("E10003", "out_nodes", message, f"{name}:0")
        elif node is None:
            yield _no_node(name, index, nodes, tensors, unnamed)
    for tensor in filter(str.strip, outputs.named(text)):
        if tensor not in tensors:
            by_node = f"{tensor}:0" if tensor in nodes else closest(tensor, tensors)
            message = f"names the tensor `{tensor}`, which no node of the model makes"
            yield refused("E11017", "out_nodes", message, by_node or "use the names of the model's outputs")


def _no_node(name: str, index: str, nodes: Iterable[str], tensors: list[str], unnamed: set[str]) -> Found:
    if name.rpartition("_")[0] in unnamed:
        message = f"names `{name}`, which may be ATC's name for a node that has none"
        return doubtful("out_nodes", message, "name the nodes of the graph, or use names of tensors", "E10016")
    if f"{name}:{index}" in tensors:
        message = f"`{name}:{index}` is a tensor; ATC reads it as output {index} of a node `{name}`, which is not there"
        return refused("E10016", "out_nodes", message, "write node:index with the node that makes it")
    near = closest(name, nodes)
    message = f"names the node `{name}`, which the model does not have"
    return refused("E10016", "out_nodes", message, f"{near}:{index}" if near else "names of tensors work as well")


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")

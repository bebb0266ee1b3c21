"""What the options that name nodes may say: outputs, their types, inputs in float16.

Source: the graph engine's parsing of ``--out_nodes``, ``--output_type`` and the two layout lists (August 2026).
"""

from __future__ import annotations

from ascendc.cann.atc.findings import Rule, closest, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.shapes import Shapes

OUTPUT_TYPES = ("FP32", "FP16", "UINT8", "INT8", "HIF8", "HIF4", "FP8E5M2", "FP8E4M3FN")
"""What ATC takes; its documents list more."""


def rules(options: Options, shapes: Shapes | None) -> Rule:
    """What is wrong with them."""
    if (text := options.value("out_nodes")) is not None:
        yield from _out_nodes(text, options.value("framework"))
    if (text := options.value("output_type")) is not None:
        yield from _output_type(text, options)
    if (text := options.value("input_fp16_nodes")) is not None:
        yield from _fp16_nodes(text, options, shapes)
    yield from _layouts(options, "is_input_adjust_hw_layout", "input_fp16_nodes")
    yield from _layouts(options, "is_output_adjust_hw_layout", "out_nodes")


def indexed(text: str) -> list[tuple[str, str]]:
    """The items of ``--out_nodes`` that have the form ``node:index``."""
    return [(name, index) for name, colon, index in (item.partition(":") for item in text.split(";")) if colon]


def named(text: str) -> list[str]:
    """The items of ``--out_nodes`` that are names of tensors."""
    return [item for item in text.split(";") if ":" not in item]


def _out_nodes(text: str, framework: str | None) -> Rule:
    good = "node:0;node:1, or names of tensors only"
    tensors, nodes = named(text), indexed(text)
    for name, index in nodes:
        if ":" in index:
            message = f"`{name}:{index}`"[:80] + f" has more than one colon; expected: {good}"
            yield refused("E10001", "out_nodes", message, "name the node, not the tensor: node:0")
        elif not index.strip().isdecimal():
            code = "E10001" if index.strip() else "E10014"
            message = f"`{name}:{index}`"[:80] + " must end in the number of an output"
            yield refused(code, "out_nodes", message, f'--out_nodes="{name}:0"')
    if nodes and tensors:
        if any(tensor.strip() for tensor in tensors):
            message = f"`{next(tensor for tensor in tensors if tensor.strip())[:60]}` has no index, others do"
            yield refused("E10001", "out_nodes", f"{message}; expected: {good}", "write all as node:index")
        else:
            message = "ends in `;`: newer ATC takes an empty name behind it, and refuses the mixture"
            yield doubtful("out_nodes", message, f'--out_nodes="{text.strip(";")}"', "E10001")
    if tensors and framework in ("1", "3"):
        message = f"`{tensors[0][:60]}` has no index; only Caffe and ONNX models have outputs by name"
        yield refused("E10001", "out_nodes", message, "node:0")


def _output_type(text: str, options: Options) -> Rule:
    if ":" not in text:
        if text not in OUTPUT_TYPES:
            yield from _bad_type(text, "")
        return
    wanted = []
    for item in text.split(";"):
        parts = [part.strip() for part in item.split(":")]
        if len(parts) != 3 or not parts[1].isdecimal():
            message = f"`{item[:80]}` must be node:index:TYPE"
            yield refused("E10001", "output_type", message, '--output_type="node:0:FP32"')
            continue
        wanted.append(f"{parts[0]}:{parts[1]}")
        if parts[2] not in OUTPUT_TYPES:
            yield from _bad_type(parts[2], f"{parts[0]}:{parts[1]}:")
    outputs = options.value("out_nodes")
    if outputs is None:
        if not options.may_be("out_nodes") and wanted:
            message = "names nodes, which must be in --out_nodes"
            yield refused("E10001", "output_type", message, f'--out_nodes="{";".join(wanted)}"')
        return
    known = {f"{name}:{index.strip()}" for name, index in indexed(outputs)}
    for one in wanted:
        if known and one not in known:
            message = f"`{one[:60]}` is not in --out_nodes"
            yield refused(
                "E10001", "output_type", message, closest(one, known) or f'--out_nodes="{outputs[:200]};{one}"'
            )


def _bad_type(text: str, before: str) -> Rule:
    usual = {"FLOAT16": "FP16", "FLOAT": "FP32", "FLOAT32": "FP32"}
    meant = usual.get(text.upper()) or closest(text.upper(), OUTPUT_TYPES) or "FP32"
    fix = f"--output_type={before}{meant}"
    yield refused("E10001", "output_type", f"must not be `{text[:40]}`; allowed: {', '.join(OUTPUT_TYPES)}", fix)


def _fp16_nodes(text: str, options: Options, shapes: Shapes | None) -> Rule:
    names = text.split(";")
    if not all(name.strip() for name in names):
        yield refused("E10016", "input_fp16_nodes", "has an empty name: a `;` too many", text.strip(";"))
    listed = {shape.name for shape in shapes.items} if shapes is not None and shapes.sound else set()
    for name in names if all(listed) else ():
        if listed and name.strip() and name not in listed:
            message, fix = f"names `{name[:60]}`, which --input_shape does not list", closest(name, listed)
            if "," in name:
                message, fix = f"{message}; names are split by `;`", f'--input_fp16_nodes="{name.replace(",", ";")}"'
            yield doubtful("input_fp16_nodes", message, fix or f"one of {', '.join(sorted(listed)[:8])}", "E10016")
    if options.value("insert_op_conf") is None:
        return
    only = shapes.items[0].name if shapes is not None and shapes.sound and len(shapes.items) == 1 else None
    if only in names:
        message = f"`{only}` is what AIPP feeds; it must not be float16 as well"
    else:
        message = "must not name an input that AIPP feeds"
    yield doubtful("input_fp16_nodes", message, "drop --input_fp16_nodes, or the input from it", "E10034")


def _layouts(options: Options, option: str, nodes: str) -> Rule:
    text = options.value(option)
    if text is None:
        return
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in ("true", "false"):
            message = f"must not hold `{word[:40]}`; allowed: true, false"
            meant = {"1": "true", "0": "false"}.get(word, word.lower())
            fix = f"--{option}={meant}" if meant in ("true", "false") else f"--{option}=true"
            yield refused("E10005", option, message, fix)
    listed = options.value(nodes)
    if listed is not None and len(words) != len(listed.strip(";").split(";")):
        count = len(listed.strip(";").split(";"))
        message = (
            f"has {len(words)} value{'s' * (len(words) != 1)} for {count} of --{nodes}; ATC takes the rest for false"
        )
        if len(words) > count:
            message = f"{message.partition(';')[0]}; ATC passes over the rest"
        yield doubtful(option, message, f"--{option}={','.join(['true'] * min(count, 20))}")

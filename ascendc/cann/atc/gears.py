"""What the gear options may say: several shapes in one OM.

Source: the graph engine's checks of them (August 2026). ``-1`` in ``--input_shape`` marks the axes that vary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ascendc.cann.atc.findings import Found, Rule, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.shapes import Shapes
from ascendc.cann.atc.table import GEARS
from ascendc.cann.soc import Soc

MOST_GEARS = 100
"""Gears that the documents allow (950: 256); the source has no limit."""

_LARGEST_BATCH = 2048
"""The documents advise 1 to 2048."""


def rules(options: Options, shapes: Shapes, chip: Soc | None) -> Rule:
    """What is wrong with the gear option that is used, if there is exactly one, and with the shapes beside it."""
    given = [name for name in GEARS if options.has(name)]
    if shapes.mode != "gears" or len(given) != 1:
        return
    used, text = given[0], options.value(given[0]) or ""
    groups, found = _groups(used, text, shapes)
    yield from found
    if not any(one.error for one in found):
        yield from _counts(used, groups, chip)
    if not shapes.sound:
        return
    if used == "dynamic_batch_size":
        yield from _batch_axes(shapes)
    elif used == "dynamic_image_size":
        yield from _image_axes(shapes, options)
    elif not any(shape.varying for shape in shapes.items):
        text = "must have -1 where --dynamic_dims is to vary it"
        yield refused("E10001", "input_shape", text, "write -1 for the axes that vary")


def _groups(used: str, text: str, shapes: Shapes) -> tuple[list[tuple[int, ...]], list[Found]]:
    """The gears, each a tuple of sizes."""
    if used == "dynamic_batch_size":
        parts: list[tuple[str, ...]] = [(part,) for part in text.split(",") if part]
        allowed, wrong = "digits and `,`", re.search(r"[^0-9,]", text)
    else:
        rows = text.removesuffix(";").split(";")
        parts = [tuple(row.split(",")) for row in rows if row or used == "dynamic_dims"]
        allowed, wrong = "digits, `,` and `;`", re.search(r"[^0-9,; ]", text)
    if wrong:
        code = "E10001" if used == "dynamic_dims" else "E10003"
        message = f"holds `{wrong.group()}`; allowed: {allowed}"
        example = {"dynamic_batch_size": "1,2,4,8", "dynamic_image_size": '"224,224;336,336"'}.get(used, '"1,77;8,77"')
        return [], [refused(code, used, message, f"--{used}={example}")]
    found: list[Found] = []
    if " " in text:
        found.append(doubtful(used, "holds blanks, which newer ATC refuses", f'--{used}="{text.replace(" ", "")}"'))
    width = {"dynamic_batch_size": 1, "dynamic_image_size": 2}.get(used) or sum(s.varying for s in shapes.items)
    odd = [part for part in parts if len(part) != width or not all(size.strip() for size in part)]
    if odd and (used != "dynamic_dims" or (shapes.sound and width)):
        shown = ",".join(odd[0])
        if used == "dynamic_image_size":
            message = f"`{shown[:60]}` must be a height and a width"
            found.append(refused("E10020", used, message, f'--{used}="224,224;336,336"'))
        else:
            message = f"`{shown[:60]}` must have one size for each -1 in --input_shape, which has {width}"
            sizes = f"{width} size{'s' * (width != 1)}"
            found.append(refused("E10003", used, message, f"give {sizes} per group, split by `,`"))
    groups = [tuple(int(size[:19]) for size in part if size.strip()) for part in parts]
    return groups, found


def _counts(used: str, groups: Sequence[tuple[int, ...]], chip: Soc | None) -> Rule:
    separator = "," if used == "dynamic_batch_size" else ";"
    most = 256 if chip is not None and chip.hif8 else MOST_GEARS
    if len(groups) < 2:
        text = f"has {'one gear' if groups else 'no gear'}; ATC wants at least two"
        sizes = f"put {','.join(map(str, groups[0]))} into --input_shape and " if groups else ""
        fix = f"{sizes}drop --{used}"
        yield refused("E10035", used, text, fix)
    if len(groups) > most:
        text = f"has {len(groups)} gears; the documents allow {most}"
        yield doubtful(used, text, f"leave {most} or fewer: compile time grows with them", "E10036")
    if zeros := [group for group in groups if 0 in group]:
        text = f"`{','.join(map(str, zeros[0]))}` holds 0; allowed: 1 and more"
        yield refused("E10038", used, text, f"drop `{','.join(map(str, zeros[0]))}`")
    if len(set(groups)) < len(groups):
        twice = Counter(groups).most_common(1)[0][0]
        unique = separator.join(",".join(map(str, group)) for group in dict.fromkeys(groups))
        text = f"lists `{','.join(map(str, twice))}` more than once"
        yield refused("E10039", used, text, f'--{used}="{unique[:200]}"')
    if used == "dynamic_batch_size" and (large := [group for group in groups if group[0] > _LARGEST_BATCH]):
        text = f"has {large[0][0]}; the documents advise 1 to {_LARGEST_BATCH}"
        yield doubtful(used, text, f"leave sizes up to {_LARGEST_BATCH}")


def _batch_axes(shapes: Shapes) -> Rule:
    """-1 first, and nowhere else."""
    first = [shape for shape in shapes.items if shape.dims[:1] == (-1,)]
    for shape in shapes.items:
        if shape in first and shape.varying > 1:
            text = f"has -1 behind the first axis of `{shape.name}`; --dynamic_batch_size varies the first only"
            yield refused("E10018", "input_shape", text, "give the other axes a size, or use --dynamic_dims")
        elif shape not in first and shape.varying and first:
            text = f"has -1 in `{shape.name}`, but not as its first axis, which is all that --dynamic_batch_size varies"
            yield doubtful("input_shape", text, "give that axis a size, or use --dynamic_dims")
        elif not shape.dims:
            text = f"has the scalar `{shape.name}`: documents ask for it beside gears, ATC's source refuses it"
            yield doubtful("input_shape", text, "make it a constant of the graph, or give it one axis", "E10012")
    if not first:
        text = "must have -1 as the first axis of an input when --dynamic_batch_size is given"
        yield refused("E10031", "input_shape", text, "name:-1,3,224,224")


def _image_axes(shapes: Shapes, options: Options) -> Rule:
    """-1 for height and width of inputs with four axes."""
    usual = "NHWC" if options.value("framework") == "3" else "NCHW"
    layout = options.value("input_format") if options.has("input_format") else usual
    if layout not in ("NCHW", "NHWC", None):
        text = f"must be NCHW with --dynamic_image_size, not {layout}"
        yield refused("E10003", "input_format", text, "--input_format=NCHW")
        return
    places = (1, 2) if layout == "NHWC" else (2, 3)
    varying = [shape for shape in shapes.items if shape.varying]
    for shape in varying:
        axes = tuple(axis for axis, dim in enumerate(shape.dims) if dim == -1)
        if len(shape.dims) != 4 or axes != places:
            text = f"must have -1 for height and width of `{shape.name}`, and nowhere else"
            yield refused("E10019", "input_shape", text, f"{shape.name}:1,3,-1,-1")
    if not varying:
        text = "must have -1 for height and width when --dynamic_image_size is given"
        yield refused("E10019", "input_shape", text, "name:1,3,-1,-1")

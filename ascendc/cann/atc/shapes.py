"""What ``--input_shape`` and the gear options may say.

Source: the graph engine's parsing of both (August 2026). In short: items are split at ``;``, a name ends at the *last*
colon. Without a gear option positive numbers make a static shape, and any ``-1`` or ``~`` makes all of it a range. With
one, ``-1`` marks the axes that vary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ascendc.cann.atc.findings import Found, Rule, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.table import GEARS
from ascendc.cann.soc import Soc

MOST_GEARS = 100
"""Gears that the documents allow (950: 256); the source has no limit."""

_LARGEST_BATCH = 2048
"""The documents advise 1 to 2048."""

_LARGEST = (1 << 63) - 1

Mode = Literal["static", "range", "gears"]
Dim = int | tuple[int, int]
"""A size, -1, or both ends of a range."""


@dataclass(frozen=True)
class Shape:
    """One item of ``--input_shape``."""

    name: str
    """Empty where shapes are given by position."""
    dims: tuple[Dim, ...]

    @property
    def varying(self) -> int:
        """How many of its axes are -1."""
        return self.dims.count(-1)


@dataclass(frozen=True)
class Shapes:
    """``--input_shape`` or ``--input_shape_range`` as ATC reads it."""

    mode: Mode
    items: tuple[Shape, ...]
    found: tuple[Found, ...] = ()
    """What is wrong with the text itself."""

    @property
    def sound(self) -> bool:
        """Whether every item could be read."""
        return not any(one.error for one in self.found)


def gears(options: Options) -> str | None:
    """The gear option that is used, if there is exactly one."""
    used = [name for name in GEARS if options.has(name)]
    return used[0] if len(used) == 1 else None


def read(options: Options) -> Shapes | None:
    """The shapes that the options give; None if they give none, or only the shell knows them."""
    ranged = options.value("input_shape_range")
    text = ranged or options.value("input_shape")
    if text is None or any(options.has(name) and options.value(name) is None for name in GEARS):
        return None
    if ranged is not None:
        return _range(ranged, "input_shape_range")
    if any(options.has(name) for name in GEARS):
        return _listed(text, "gears")
    if "~" in text or "-1" in text:
        return _range(text, "input_shape")
    return _listed(text, "static")


def rules(options: Options, chip: Soc | None) -> Rule:
    """What is wrong with shapes and gears."""
    shapes = read(options)
    if shapes is None:
        return
    yield from shapes.found
    names = Counter(shape.name for shape in shapes.items if shape.name)
    for name in (name for name, count in names.items() if count > 1):
        text = f"names `{name}` more than once; ATC takes the first"
        yield doubtful("input_shape", text, f"leave one item for `{name}`")
    if shapes.mode == "range":
        yield from _range_rules(options, shapes, chip)
    used = gears(options)
    if shapes.mode == "gears" and used is not None:
        yield from _gear_rules(used, options.value(used) or "", shapes, options, chip)


def _items(text: str, option: str) -> tuple[list[tuple[str, str]], list[Found]]:
    """Name and sizes of each item; what has no colon is an error."""
    items, found = [], []
    for item in text.split(";"):
        name, colon, sizes = item.rpartition(":")
        if colon:
            items.append((name.strip(" \t"), sizes))
            continue
        if item.strip():
            wide = " (the colon must be `:`, not `：`)" if "：" in item else ""
            message = f"`{item[:60]}` lacks the name of the input{wide}; expected: name:1,3,224,224"
            fix = item.replace("：", ":") if wide else f"name:{item.strip()}"
        else:
            message, fix = "has an empty item: a `;` too many", text.strip("; ")
        found.append(refused("E10002" if option == "input_shape" else "E10048", option, message, f'--{option}="{fix}"'))
    return items, found


def _listed(text: str, mode: Mode) -> Shapes:
    """Shapes of numbers only."""
    items, found = _items(text, "input_shape")
    shapes = []
    for name, sizes in items:
        dims: list[Dim] = []
        for size in sizes.split(",") if sizes else ():
            dim, wrong = _number(name, size.strip(" \t\r\n"), mode)
            found += wrong
            if dim is not None:
                dims.append(dim)
        if not name:
            message = f"`:{sizes[:60]}` lacks the name of the input"
            found.append(refused("E10016", "input_shape", message, f'--input_shape="name:{sizes}"'))
        shapes.append(Shape(name, tuple(dims)))
    return Shapes(mode, tuple(shapes), tuple(found))


def _number(name: str, size: str, mode: Mode) -> tuple[int | None, list[Found]]:
    """One size, with ATC's own codes for what is none."""
    if re.fullmatch(r"-?[0-9]{1,30}", size):
        number = int(size)
        if abs(number) > _LARGEST:
            return None, [_bad("E10013", name, size, "is too large")]
        if mode == "static" and number <= 0:
            return number, [_bad("E10011", name, size, "must be positive")]
        if mode == "gears" and (number < -1 or number == 0):
            return number, [_bad("E10011", name, size, "must be positive, or -1 where gears vary it")]
        return number, []
    if "~" in size and mode == "gears":
        return None, [_bad("E10040", name, size, "must be -1 where gears vary it, not a range")]
    if re.fullmatch(r"-?[0-9]{31,}", size):
        return None, [_bad("E10013", name, size, "is too large")]
    if "." in size:
        return None, [_bad("E10002", name, size, "must be a whole number")]
    if re.match(r"[-+]?[0-9]", size):
        return None, [_bad("E10002", name, size, "must be digits only")]
    return None, [_bad("E10014", name, size, "must be a number" if size else "lacks a size between its commas")]


def _bad(code: str, name: str, size: str, why: str) -> Found:
    shown = f"`{size[:40]}` in the shape of `{name}`" if size else f"the shape of `{name}`"
    fix = f'--input_shape="{name}:1,…"  (sizes split by `,`, inputs by `;`)'
    return refused(code, "input_shape", f"{shown} {why}", fix)


def _range(text: str, option: str) -> Shapes:
    """Shapes in which an axis may be -1 or a range."""
    found: list[Found] = []
    if ":" in text:
        items, found = _items(text, option)
    else:
        parts = re.findall(r"\[[^]]*\]", text) if "[" in text else text.split(";")
        items = [("", part) for part in parts]
    shapes = []
    for name, sizes in items:
        inner, brackets = _unwrapped(sizes, option)
        found += brackets
        dims: list[Dim] = []
        for size in inner.split(",") if inner else ():
            dim, wrong = _ranged(option, name, size.strip())
            found += wrong
            if dim is not None:
                dims.append(dim)
        shapes.append(Shape(name, tuple(dims)))
    return Shapes("range", tuple(shapes), tuple(found))


def _unwrapped(sizes: str, option: str) -> tuple[str, list[Found]]:
    """What stands between brackets: ``input_shape_range`` needs them, ``input_shape`` has lost them in newer ATC."""
    sizes = sizes.strip()
    wrapped = re.fullmatch(r"\[([^][]*)\]", sizes)
    if wrapped is None:
        if option == "input_shape_range":
            message = f"`{sizes[:60]}` must stand in one pair of brackets"
            return sizes.strip("[]"), [refused("E10048", option, message, f'--{option}="name:[{sizes.strip("[]")}]"')]
        return sizes, []
    if option == "input_shape_range":
        return wrapped[1], []
    message = f"`{sizes[:60]}` stands in brackets, which older ATC takes and newer refuses"
    return wrapped[1], [doubtful(option, message, f"leave them out: {wrapped[1]}", "E10002")]


def _ranged(option: str, name: str, size: str) -> tuple[Dim | None, list[Found]]:
    def bad(why: str) -> tuple[None, list[Found]]:
        code = "E10002" if option == "input_shape" and re.search(r"[^0-9 ,~-]", size) else "E10048"
        shown = f"`{size[:40]}` in the shape of `{name}`"
        return None, [refused(code, option, f"{shown} {why}", f'--{option}="{name}:1~8,…"')]

    ends = size.split("~")
    if len(ends) > 2 or not all(re.fullmatch(r"\s*-?[0-9]{1,18}\s*", end) for end in ends):
        return bad("is neither a size, nor -1, nor a range such as 1~8")
    numbers = [int(end) for end in ends]
    if len(numbers) == 1:
        if numbers[0] < -1:
            return bad("must not be below -1")
        return numbers[0], []
    low, high = numbers
    if low < 0 or high < 0:
        return bad("must not have -1 in a range; -1 alone stands for any size")
    if low > high:
        message = f"`{size}` in the shape of `{name}` begins above its end"
        return (low, high), [doubtful(option, message, f"{high}~{low}")]
    return (low, high), []


def _range_rules(options: Options, shapes: Shapes, chip: Soc | None) -> Rule:
    option = "input_shape_range" if options.has("input_shape_range") else "input_shape"
    if not shapes.sound:
        return
    if all(isinstance(dim, int) and dim >= 0 for shape in shapes.items for dim in shape.dims):
        if option == "input_shape":
            message = "holds `-1` in a name only, which makes ATC take all of it for a range"
            yield doubtful(option, message, "rename the input")
        return
    if chip is not None and not chip.dynamic_ranges:
        text = f"must not hold -1 or a range on {chip.name} unless gears are given, say the documents"
        yield doubtful(option, text, "--dynamic_batch_size=1,2,4,8  (with -1 as the first axis)")
    if options.has("insert_op_conf") and len(shapes.items) == 1:
        text = "has a range on the only input, which static AIPP does not go with"
        yield doubtful(option, text, "fix the shape, or use --dynamic_batch_size")


def _gear_rules(used: str, text: str, shapes: Shapes, options: Options, chip: Soc | None) -> Rule:
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

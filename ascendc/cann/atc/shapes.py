"""What ``--input_shape`` and ``--input_shape_range`` may say.

Source: the graph engine's parsing of both (August 2026). In short: items are split at ``;``, a name ends at the *last*
colon. Without a gear option positive numbers make a static shape, and any ``-1`` or ``~`` makes all of it a range. With
one, ``-1`` marks the axes that vary.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from ascendc.cann.atc.findings import MOST, Found, Rule, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.table import GEARS
from ascendc.cann.soc import Soc

_LARGEST = (1 << 63) - 1

_NARROW = {"；": ";", "：": ":", "，": ","}
_WIDE = re.compile("[；：，]")
_JOINED = re.compile(r"(.+:\[?[-\d~]+(?:,[-\d~]+)*\]?),([^,:]+)")
"""``x:1,3,y``: what stands before the last colon where a comma splits two inputs."""

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


def rules(options: Options, shapes: Shapes, chip: Soc | None) -> Rule:
    """What is wrong with shapes, whatever gears are given."""
    yield from shapes.found
    names = Counter(shape.name for shape in shapes.items if shape.name)
    for name in (name for name, count in names.items() if count > 1):
        text = f"names `{name}` more than once; ATC takes the first"
        yield doubtful("input_shape", text, f"leave one item for `{name}`")
    if shapes.mode == "range":
        yield from _range_rules(options, shapes, chip)


def _items(text: str, option: str) -> tuple[list[tuple[str, str]], list[Found]]:
    """Name and sizes of each item; what has no colon is an error."""
    items: list[tuple[str, str]] = []
    found: list[Found] = []
    for item in text.split(";"):
        name, colon, sizes = item.rpartition(":")
        if len(found) >= MOST:
            break
        if wide := _WIDE.search(item):
            message = f"`{item[:60]}` holds a full-width `{wide[0]}`, which ATC does not take for `{_NARROW[wide[0]]}`"
            code = "E10048" if option != "input_shape" else "E10016" if wide.start() < len(name) else "E10002"
            found.append(refused(code, option, message, f'--{option}="{_WIDE.sub(lambda one: _NARROW[one[0]], item)}"'))
        elif joined := _JOINED.fullmatch(name):
            message = f"`{name[:60]}` looks like two inputs joined by a comma: a name ends at the last colon"
            fix = f'--{option}="{joined[1]};{joined[2]}:{sizes}"'
            found.append(refused("E10016" if option == "input_shape" else "E10048", option, message, fix))
        elif colon:
            items.append((name.strip(" \t"), sizes))
        else:
            message, fix = "has an empty item: a `;` too many", text.strip("; ")
            if item.strip():
                message = f"`{item[:60]}` lacks the name of the input; expected: name:1,3,224,224"
                fix = f"name:{item.strip()}"
            code = "E10002" if option == "input_shape" else "E10048"
            found.append(refused(code, option, message, f'--{option}="{fix[:200]}"'))
    return items, found


def _listed(text: str, mode: Mode) -> Shapes:
    """Shapes of numbers only."""
    items, found = _items(text, "input_shape")
    shapes = []
    for name, sizes in items:
        dims: list[Dim] = []
        for size in sizes.split(",") if sizes else ():
            if len(found) >= MOST:
                break
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
            if len(found) >= MOST:
                break
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

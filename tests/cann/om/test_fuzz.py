"""Whatever the bytes, `inspect` tells or refuses: no other exception, no hang, no memory that a length alone asked for.

Run as a program, it goes on for as many seconds as it is told, with the memory for each input bounded, and says what it
tried: ``python tests/cann/om/test_fuzz.py 600``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path
from random import Random

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascendc import inspection
from ascendc.cann.om.interface import Gears, Interface, Port
from ascendc.cli.inspect import _show
from ascendc.errors import AscendcError
from ascendc.protobuf import message, number, varint
from ascendc.sim.container import Blueprint, attribute, write

HANG = 30
"""Seconds after which one input counts as endless; the slowest takes less than one."""

ROOM = 256 << 20
"""Bytes that looking into any file may take, beside the file itself, which is mapped."""

# -- seeds: one of each kind -------------------------------------------------------------------------------------------

FACES = Interface(
    (Port("pixels", (-1, 3, 8, 8), "float32", "NCHW", 1536), Port("ids", (-1, 77), "int32", "ND", 616)),
    (Port("Div:0:out", (-1, 4), "float16", "ND", 16),),
    Gears("dims", ((1, 1), (2, 2))),
)
ATTRIBUTES = {
    "soc_version": "Ascend310P3",
    "atc_cmdline": "atc --model=a.onnx --soc_version=Ascend310P3",
    "memory_size": 9,
    "framework_type": 5,
    "om_compress_version": 1,
    "attr_name_enum": ["index", "_data_related_aipp_mode", "aipp"],
    "attr_value_enum": ["static_aipp"],
    "attrs_use_string_value": [False, True, False],
}
AIPP = {"aipp_mode": 1, "input_format": 3, "var_reci_chn_0": [0.5], "crop": True}
INPUTS = {"pixels": {"\0\x03": 0, "\0\x04": AIPP}, "ids": {"_mbatch_origin_input_dims": [-1, 77]}}


def om(**more):
    return write(Blueprint("m", FACES, ATTRIBUTES, INPUTS, ((1, b"weights"), (2, b"{}")), **more))


def container(partitions, *, kind=0, models=1, wide=True, version=0x20000000):
    """A file around partitions of any content, whose tables hold together."""
    base = 0 if kind != 5 else 8 + 24 * len(partitions)
    table, at = struct.pack("<I4x" if wide else "<I", len(partitions)), base
    for type_, content in partitions:
        table += struct.pack("<I4xQQ" if wide else "<III", type_, at, len(content))
        at += len(content)
    body = table + b"".join(content for _, content in partitions)
    header = bytearray(om()[:256])
    struct.pack_into("<I", header, 8, version)
    struct.pack_into("<IBBB", header, 76, 0 if wide else len(body), 0, 0, kind)
    struct.pack_into("<I", header, 156, models)
    struct.pack_into("<Q", header, 184, (len(body) + (256 if kind == 5 else 0)) if wide else 0)
    return bytes(header) + body


def archive(files, method=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as made:
        for name, content in files:
            made.writestr(name, content)
    return held.getvalue()


META = {
    "inputs": [{"name": "x", "shape": [2], "origin_input_dims": [-1], "data_type": "DT_FLOAT", "format": "ND"}],
    "outputs": [{"name": "y", "shape": [2], "data_type": "DT_INT8", "format": "ND", "size": 2}],
    "dynamic_type": 1,
    "dynamic_batch_info": [[1], [2]],
    "work_size": 3,
    "name": "m",
    "aipp": {"aipp_infos": [{"index": 0, "aipp_type": 1, "aipp_mode": 1, "input_format": 3}]},
}
MANIFEST = {"om2_version": "0", "model_num": "1", "atc_command": "atc --soc_version=Ascend910B3"}


def om2(manifest=MANIFEST, meta=META, method=zipfile.ZIP_DEFLATED):
    named = ("m/manifest.json", manifest), ("m/data/model_0/model_meta.json", meta)
    return archive([(name, json.dumps(content)) for name, content in named], method)


SEEDS = (
    om(),
    om(wide=False),
    om(listed=False),
    om(listed=False, first_version=True),
    container([(25, bytes(8)), (24, om()), (24, om(listed=False))], kind=5, models=2),
    container([(0, b""), (6, b"flow"), (7, om())], kind=3),
    om2(),
    om2(method=zipfile.ZIP_STORED),
)


def pieces(seed):
    """The partitions of one of the wide seeds, as type and content."""
    [count] = struct.unpack_from("<I", seed, 256)
    rows = [struct.unpack_from("<I4xQQ", seed, 264 + 24 * index) for index in range(count)]
    end = 264 + 24 * count
    return [(type_, seed[end + at : end + at + size]) for type_, at, size in rows]


# -- mutations ---------------------------------------------------------------------------------------------------------

EXTREMES = tuple(
    struct.pack(layout, value)
    for layout, values in (
        ("<B", (0, 1, 0x7F, 0x80, 0xFF)),
        ("<I", (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)),
        ("<Q", (0, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)),
    )
    for value in values
)


@st.composite
def bytes_like(draw, seed):
    """A seed with bytes flipped, set to extremes, cut, doubled, put in from another seed."""
    content = bytearray(seed)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        kind = draw(st.sampled_from(["flip", "extreme", "extreme", "cut", "drop", "double", "splice", "insert"]))
        if kind == "flip" and at < len(content):
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "extreme":
            value = draw(st.sampled_from(EXTREMES))
            content[at : at + len(value)] = value
        elif kind == "cut":
            del content[at:]
        elif kind == "drop":
            del content[at : at + draw(st.integers(1, 64))]
        elif kind == "double":
            content[at:at] = content[at : at + draw(st.integers(1, 256))] * draw(st.integers(1, 4))
        elif kind == "splice":
            other = draw(st.sampled_from(SEEDS))
            begin = draw(st.integers(0, len(other)))
            content[at:at] = other[begin : begin + draw(st.integers(1, 512))]
        elif kind == "insert":
            content[at:at] = draw(st.binary(max_size=32))
    return bytes(content)


NUMBERS = st.one_of(st.integers(0, 40), st.sampled_from((1 << 29, (1 << 61) - 1)))
LEAVES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from((b"Data", b"NetOutput", b"Case", b"\0\x03", b"_batch_num", b"_pred_value_0", b"framework_type")),
    st.text("0123456789", min_size=1, max_size=12).map(str.encode),
    st.just(b"9" * 5000),
)


def field(number_, content):
    """A field of a message whose content is a number, bytes, a group's beginning, or four or eight bytes."""
    if isinstance(content, int):
        return varint(number_ << 3) + varint(content)
    kind, raw = content
    return varint(number_ << 3 | kind) + (varint(len(raw)) + raw if kind == 2 else raw)


def messages(content):
    """A message that holds such contents; half of them under the numbers that a model definition has."""
    known = st.sampled_from((1, 2, 3, 4, 5, 6, 7, 10, 11, 24, 25, 33, 34))
    value = st.one_of(
        st.integers(0, (1 << 64) - 1),
        content.map(lambda raw: (2, raw)),
        st.binary(min_size=4, max_size=4).map(lambda raw: (5, raw)),
        st.binary(min_size=8, max_size=8).map(lambda raw: (1, raw)),
        st.just((3, b"")),
    )
    one = st.tuples(st.one_of(known, NUMBERS.filter(bool)), value).map(lambda pair: field(*pair))
    return st.lists(one, max_size=6).map(b"".join)


PROTOBUF = st.recursive(LEAVES, messages, max_leaves=40)


@st.composite
def deep(draw):
    """One thing within another, deeper than any recursion goes: attributes, graphs, or groups that never end."""
    levels, inner = draw(st.integers(1, 3000)), b""
    shell = draw(st.sampled_from(("attribute", "graph", "group")))
    for _ in range(levels if shell != "group" else 0):
        inner = (
            message(10, message(2, message(1, b"k") + message(2, inner))) if shell == "attribute" else message(7, inner)
        )
    entry = message(11, message(1, b"aipp") + message(2, inner)) if shell == "attribute" else inner
    return entry if shell != "group" else b"\x5b" * levels


@st.composite
def ports(draw):
    """A list of inputs and outputs whose counts and lengths may be anything."""
    count = draw(st.one_of(st.integers(0, 4), st.sampled_from((0x7FFFFFFF, 0xFFFFFFFF))))
    block = struct.pack("<I", count)
    for _ in range(min(count, draw(st.integers(0, 4)))):
        lengths = draw(st.lists(st.sampled_from((0, 4, 7, 8, 16, 0xFFFFFFFF)), min_size=4, max_size=4))
        block += struct.pack("<QiiIIII", draw(st.integers(0, (1 << 64) - 1)), *draw(st.tuples(INT32, INT32)), *lengths)
        block += draw(st.binary(max_size=48))
    said = draw(st.one_of(st.just(len(block)), st.sampled_from((0, len(block) + 1, 0xFFFFFFFF))))
    return struct.pack("<II", draw(st.integers(0, 8)), said) + block


INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
LISTED = st.lists(st.one_of(ports(), st.binary(max_size=24)), max_size=5).map(b"".join)


@st.composite
def containers(draw):
    """Tables that hold together around partitions that do not: what gets past the first checks."""
    found = pieces(draw(st.sampled_from((SEEDS[0], SEEDS[2]))))
    for index, (type_, content) in enumerate(found):
        choice = draw(st.sampled_from(["keep", "mutate", "make", "make"]))
        if choice == "mutate":
            found[index] = type_, draw(bytes_like(content))
        elif choice == "make" and type_ in (0, 8):
            found[index] = type_, draw(LISTED if type_ == 8 else st.one_of(PROTOBUF, deep()))
    if draw(st.booleans()):
        found = [(draw(st.integers(0, 30)), content) for _, content in found] + found
    kind = draw(st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5, 5, 9, 255)))
    if kind == 5 and draw(st.booleans()):
        found = [(24, container(found))]
    models = draw(st.sampled_from((0, 1, 1, 2, 0xFFFFFFFF)))
    version = draw(st.sampled_from((0x20000000, 0x20000000, 0x10000000, 0, 0xFFFFFFFF)))
    return container(found, kind=kind, models=models, wide=draw(st.booleans()) or kind in (3, 5), version=version)


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("\ud800"), st.just(1 << 200)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.text(max_size=4), st.sampled_from((*META,))), inner)
    ),
    max_leaves=12,
)


@st.composite
def archives(draw):
    """An OM2 with anything in its JSON, whose directory may lie about sizes, names and methods."""
    meta, manifest = dict(META), dict(MANIFEST)
    for _ in range(draw(st.integers(0, 3))):
        target = draw(st.sampled_from((meta, manifest)))
        target[draw(st.sampled_from((*META, *MANIFEST)))] = draw(JSON)
    root = draw(st.sampled_from(("", "m/", "a/" * 500, "../", "/", "\x1b[2J/")))
    method = draw(st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))
    files = [(f"{root}manifest.json", json.dumps(manifest)), (f"{root}data/model_0/model_meta.json", json.dumps(meta))]
    if draw(st.booleans()):
        files[0] = f"{root}manifest.json", draw(st.sampled_from(("[" * 50_000, " " * 5_000_000, '{"a":1', "")))
    content = bytearray(archive(files, method))
    for mark, places in ((b"PK\x01\x02", (8, 10, 16, 20, 24, 28, 30, 42)), (b"PK\x03\x04", (6, 8, 14, 18, 22, 26, 28))):
        at = content.rfind(mark) if draw(st.booleans()) else content.find(mark)
        if at >= 0 and draw(st.booleans()):
            struct.pack_into("<I", content, at + draw(st.sampled_from(places)), draw(st.integers(0, 0xFFFFFFFF)))
    return bytes(content)


INPUTS_OF_ALL_KINDS = st.one_of(st.sampled_from(SEEDS).flatmap(bytes_like), containers(), containers(), archives())

# -- what must hold ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def within(seconds):
    """Fails where what is inside takes longer."""

    def give_up(*_):
        raise AssertionError(f"no end after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def room(size):
    """MemoryError where what is inside maps more than `size` bytes beyond what is mapped already."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def outcome(path, content):
    """The id of the refusal, or what kind of file it is once all of it was said in every way there is."""
    path.write_bytes(content)
    with within(HANG):
        try:
            found = inspection.inspect(path)
        except AscendcError as error:
            return error.id
        assert inspection.differences(found, found) == ()
        json.loads(inspection.to_json(found).encode())
        with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")):
            _show(found)
        return found.kind


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "fuzzed.om"


def test_the_seeds_are_sound(path):
    assert [outcome(path, seed) for seed in SEEDS] == ["om"] * 6 + ["om2"] * 2


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(INPUTS_OF_ALL_KINDS)
def test_any_bytes(path, content):
    assert outcome(path, content)


# -- much of one thing -------------------------------------------------------------------------------------------------


def model(content, type_=0):
    return container([(type_, content)])


def operator(content):
    return model(message(7, message(6, message(2, b"Data") + content)))


def said(key, value):
    return model(message(11, message(1, key) + message(2, value)))


REPEATED = {
    "graphs": lambda much: model(message(7, b"") * (much // 2)),
    "attributes": lambda much: model(message(11, b"") * (much // 2)),
    "operators": lambda much: model(message(7, message(6, b"") * (much // 2))),
    "parts of an operator": lambda much: operator(message(10, b"") * (much // 2)),
    "unknown fields": lambda much: operator(b"".join(varint(200 + n << 3) + b"\0" for n in range(much // 4))),
    "ports": lambda much: operator(message(33, b"") * (much // 8)),
    "axes": lambda much: operator(message(34, number(2, 1) + message(3, message(1, b"\x02" * much)))),
    "numbers": lambda much: said(b"k", message(1, message(3, b"\x01" * much))),
    "texts": lambda much: said(b"k", message(1, message(2, b"") * (much // 2))),
    "digits": lambda much: said(b"framework_type", attribute("9" * much)),
    "command": lambda much: said(b"atc_cmdline", attribute("/ascend-toolkit/1" * (much // 17))),
    "lists of inputs": lambda much: model(struct.pack("<III", 0, 4, 0) * (much // 12), 8),
    "gears": lambda much: model(struct.pack("<III", 4, much + 4, much // 4) + bytes(much), 8),
    "inputs": lambda much: model(struct.pack("<III", 0, much + 4, much // 32) + bytes(much), 8),
    "models": lambda much: container([], models=0xFFFFFFFF)[:256] + bytes(much),
    "partitions": lambda much: container([(99, b"")] * (much // 24)),
}
"""Files of about so many bytes, each full of one thing."""

UNPACKED = {
    "files": lambda: archive([(f"{n}", b"") for n in range(3000)], zipfile.ZIP_STORED),
    "json": lambda: archive([("manifest.json", b"[" + b"[]," * 1_000_000 + b"[]]")]),
    "word": lambda: om2({**MANIFEST, "atc_command": "x" * 4_000_000}),
    "words": lambda: om2({**MANIFEST, "atc_command": "x y " * 16_000}),
}
"""Archives of kilobytes that hold megabytes."""


# -- holes -------------------------------------------------------------------------------------------------------------

HOLE = 400 << 20
"""Bytes that a file has and no disk holds."""


def length(laid):
    return sum(piece if isinstance(piece, int) else len(piece) for piece in laid)


def around(number_, laid):
    """A field of a message around bytes and holes."""
    return [varint(number_ << 3 | 2) + varint(length(laid)), *laid]


def partition(laid, type_=0):
    """An OM with one partition."""
    table = struct.pack("<I4xI4xQQ", 1, type_, 0, length(laid))
    return [headed(len(table) + length(laid)), table, *laid]


def headed(size, *, wide=True, models=1):
    header = bytearray(om()[:256])
    struct.pack_into("<I", header, 76, 0 if wide else size)
    struct.pack_into("<I", header, 156, models)
    struct.pack_into("<Q", header, 184, size if wide else 0)
    return bytes(header)


def faced(*laid, type_=b"Data"):
    """An OM with one operator that faces the caller."""
    return partition(around(7, around(6, [message(2, type_), *laid])))


def attribute_of(*laid):
    """An OM with an attribute of the model; what is in it is a value."""
    return around(11, [message(1, b"k"), *around(2, laid)])


HOLES = {
    "partitions": [headed(4 + HOLE, wide=False), struct.pack("<I", HOLE // 12), HOLE],
    "models": [headed(HOLE, wide=False, models=HOLE // 4), HOLE],
    "tables": [headed(HOLE, wide=False, models=4096), struct.pack("<I", 4096), HOLE - 4],
    "list of inputs": partition([HOLE], 8),
    "type of an operator": partition(around(7, around(6, around(2, [HOLE])))),
    "name of an operator": faced(*around(1, [HOLE])),
    "names of operators": partition(
        around(7, [piece for _ in range(400) for piece in around(6, [message(2, b"Data"), *around(1, [1 << 20])])])
    ),
    "axes": faced(*around(34, around(3, around(1, [HOLE])))),
    "sources": faced(*around(25, [HOLE])),
    "text": partition(attribute_of(*around(2, [HOLE]))),
    "texts": partition([piece for _ in range(400) for piece in attribute_of(*around(2, [1 << 20]))]),
    "list of texts": partition(attribute_of(*around(1, around(2, [1 << 20]) * 400))),
    "numbers": partition(attribute_of(*around(1, around(3, [HOLE])))),
    "fractions": partition(attribute_of(*around(1, around(4, [HOLE])))),
    "key": partition(around(11, [*around(1, [HOLE]), *around(2, [attribute(1)])])),
    "directory": [b"PK\x03\x04", HOLE, struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 1, 1, HOLE, 4, 0)],
    "zeros": [HOLE],
}
"""Files of kilobytes on a disk that are 400 MB long."""


@pytest.mark.parametrize("laid", HOLES.values(), ids=HOLES)
def test_holes_cost_no_memory(path, laid):
    with path.open("wb") as file:
        for piece in laid:
            if isinstance(piece, int):
                file.seek(piece, os.SEEK_CUR)
            else:
                file.write(piece)
        file.truncate()
    try:
        assert path.stat().st_blocks * 512 < 4 << 20
        with within(HANG), room(path.stat().st_size + ROOM), pytest.raises(AscendcError):
            inspection.inspect(path)
    finally:
        path.unlink()


def peak(path, content):
    """Bytes that Python had allocated at most while the file was looked into."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with within(HANG), contextlib.suppress(AscendcError):
            inspection.inspect(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("much", [1 << 15, pytest.param(1 << 20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("made", REPEATED.values(), ids=REPEATED)
def test_memory_grows_with_the_file(path, made, much):
    content = made(much)
    assert peak(path, content) < (1 << 18) + 64 * len(content)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["attributes", "parts of an operator", "ports", "numbers", "texts"])
def test_memory_is_bounded(path, name):
    path.write_bytes(REPEATED[name](4_000_000))
    with within(2 * HANG), room(path.stat().st_size + ROOM), contextlib.suppress(AscendcError):
        inspection.inspect(path)


@pytest.mark.parametrize("made", UNPACKED.values(), ids=UNPACKED)
def test_what_is_unpacked_is_bounded(path, made):
    assert peak(path, made()) < 96 << 20


# -- at length ---------------------------------------------------------------------------------------------------------


VARIANTS = 60
"""Of each input that hypothesis makes: it takes a hundred times as long to think of one as to look into one."""


def edited(content, random):
    """A copy with a few bytes changed in place, so that lengths still fit and what lies deep is reached."""
    copy = bytearray(content)
    for _ in range(random.randint(1, 4)):
        # Behind the magic; half of the edits where tables, messages and directories begin.
        at = random.randrange(4, len(copy) if random.random() < 0.5 else min(len(copy), 600))
        value = random.choice(EXTREMES) if random.random() < 0.6 else bytes([copy[at] ^ 1 << random.randrange(8)])
        copy[at : at + len(value)] = value[: len(copy) - at]
    return bytes(copy[: random.randrange(len(copy))] if random.random() < 0.05 else copy)


def fuzz(seconds: float) -> None:
    """Go on until the time is over; raises what the first failing input raises, which is kept."""
    found: Counter[str] = Counter()
    slowest, end = 0.0, time.monotonic() + seconds
    place = Path(tempfile.mkdtemp(), "fuzzed.om")

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(INPUTS_OF_ALL_KINDS, st.integers(0, 1 << 64).map(Random))
    def one_round(content, random):
        nonlocal slowest
        for variant in (
            content,
            *(edited(content, random) for _ in range(VARIANTS if 4 < len(content) < 1 << 20 else 0)),
        ):
            if time.monotonic() > end:
                return
            begin = time.monotonic()
            with room(ROOM):
                found[outcome(place, variant)] += 1
            slowest = max(slowest, time.monotonic() - begin)

    try:
        while time.monotonic() < end:
            one_round()
    except BaseException:
        click.echo(f"the input is {place}", err=True)
        raise
    shutil.rmtree(place.parent)
    counts = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    click.echo(f"{found.total()} inputs: {counts}; slowest {slowest:.2f} s; at most {most} MB in memory")


@pytest.mark.soak
def test_any_bytes_at_length(capsys):
    """Ten minutes, or as many seconds as FUZZ_SECONDS says."""
    seconds = os.environ.get("FUZZ_SECONDS", "600")
    done = subprocess.run([sys.executable, __file__, seconds], capture_output=True, text=True, check=False)
    with capsys.disabled():
        click.echo(f"\n{done.stdout.strip()}")
    assert done.returncode == 0, done.stderr[-3000:]
    assert " inputs: ASC2362 " in done.stdout


if __name__ == "__main__":
    fuzz(float(sys.argv[1]))

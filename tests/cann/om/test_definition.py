"""What the graph says, where an OM has no list of inputs and outputs."""

from __future__ import annotations

import struct

import pytest

from ascendc.cann.om.definition import Definition
from ascendc.cann.om.interface import Gears, Port
from ascendc.protobuf import TornError, message, number, varint
from ascendc.sim.container import attribute


def attributes(field, values):
    return b"".join(message(field, message(1, key.encode()) + message(2, attribute(value))) for key, value in values)


def tensor(shape, layout="ND", dtype=1):
    packed = b"".join(varint(axis & (1 << 64) - 1) for axis in shape)
    return number(2, dtype) + message(3, message(1, packed)) + message(4, layout.encode())


def op(kind, name, *, inputs=(), outputs=(), sources=(), said=()):
    body = message(1, name.encode()) + message(2, kind.encode()) + attributes(10, said)
    body += b"".join(message(24, source.encode()) + number(25, index) for source, index in sources)
    body += b"".join(message(33, one) for one in inputs) + b"".join(message(34, one) for one in outputs)
    return message(6, body)


def definition(*ops, said=()):
    data = message(7, b"".join(ops)) + attributes(11, said)
    return Definition(data, 0, len(data))


def test_the_layout_of_an_input_is_its_operator_s_input_s():
    """As the loader reports it; found different in a flow model of the graph engine's own tests."""
    found = definition(op("Data", "x", inputs=[tensor([2, 3], "NCHW")], outputs=[tensor([2, 3])]))
    assert found.interface().inputs == (Port("x", (2, 3), "float32", "NCHW", 24),)


def test_inputs_come_by_their_index_and_references_are_none():
    ops = [op("Data", name, outputs=[tensor([1])], said=[("index", index)]) for name, index in (("b", 1), ("a", 0))]
    found = definition(op("RefData", "kept", outputs=[tensor([1])]), *ops)
    assert [port.name for port in found.interface().inputs] == ["a", "b"]


def test_inputs_of_old_files_come_in_order():
    found = definition(*(op("Data", name, outputs=[tensor([1])]) for name in "ba"))
    assert [port.name for port in found.interface().inputs] == ["b", "a"]


@pytest.mark.parametrize("key", ["_mbatch_origin_input_dims", "_dynamic_aipp_input_dims"])
def test_the_shape_that_a_caller_sees(key):
    said = [("index", 0), (key, [-1, 3])]
    found = definition(op("Data", "x", inputs=[tensor([8, 3])], said=said))
    assert found.interface().inputs == (Port("x", (-1, 3), "float32", "ND", 96),)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a:0:first", "b"], ["a:0:first", "b:4"]),
        (["a"], ["output_0_p_0", "output_1_q_4"]),
        ([], ["output_0_p_0", "output_1_q_4"]),
    ],
    ids=["named", "too few", "none"],
)
def test_outputs_are_named_as_the_loader_names_them(names, expected):
    end = op("NetOutput", "end", inputs=[tensor([1]), tensor([1])], sources=[("p", 0), ("q", 4)])
    found = definition(end, said=[("attr_model_out_nodes_name", names)])
    assert [port.name for port in found.interface().outputs] == expected


def test_gears_of_old_files_do_not_say_their_kind():
    case = op("Case", "c", said=[("_batch_num", 2), ("_pred_value_0", [1, 16]), ("_pred_value_1", [8, 77])])
    assert definition(case).gears() == Gears("dims", ((1, 16), (8, 77)))
    assert definition(op("Case", "c", said=[("_batch_num", -1)])).gears() is None
    assert definition(op("Case", "c")).gears() is None


@pytest.mark.parametrize("shape", [[1 << 62] * 3, [2] * 128], ids=["large", "endless"])
def test_shapes_that_no_memory_holds_have_no_size(shape):
    [port] = definition(op("Data", "x", outputs=[tensor(shape)])).interface().inputs
    assert (port.shape, port.size) == (tuple(shape), None)


def test_attributes_of_every_kind():
    values = [("s", "text"), ("i", -3), ("f", 0.5), ("b", True), ("l", [1, 2]), ("t", ["a"]), ("r", [0.25]), ("e", "")]
    found = definition(said=values).attributes
    assert found.values == {"s": "text", "i": -3, "f": 0.5, "b": True, "l": (1, 2), "t": ("a",), "r": (0.25,), "e": ""}
    assert (found.text("e"), found.text("i"), found.number("b"), found.texts("l")) == (None, None, None, ())


def test_packed_lists():
    listed = message(1, message(3, b"\x01\xac\x02") + message(4, struct.pack("<2f", 1, 2)))
    data = message(11, message(1, b"k") + message(2, listed))
    assert Definition(data, 0, len(data)).attributes.values == {"k": (1, 300, 1.0, 2.0)}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x00", "there is no field at byte 0"),
        (b"\x3b", "there is no field at byte 0"),
        (message(11, b"\xff" * 11), "the number at byte 2 has no end"),
        (message(11, message(1, b"k") + b"\x12\x7f"), "the field at byte 5 should have 127 bytes, and 0 are left"),
        (message(11, number(1, 7) + message(2, attribute("v"))), "the field at byte 2 is no text"),
        (
            message(11, message(1, b"k") + message(2, message(1, message(3, b"\xff" * 11)))),
            "the list of numbers at byte 11 has one without an end",
        ),
    ],
    ids=["zero", "group", "varint", "length", "key", "list"],
)
def test_what_is_no_protobuf(data, why):
    with pytest.raises(TornError, match=why):
        _ = Definition(data, 0, len(data)).attributes


def test_attributes_within_attributes_end_somewhere():
    nested = attribute("deepest")
    for _ in range(300):
        nested = message(10, message(2, message(1, b"k") + message(2, nested)))
    data = message(7, message(6, message(2, b"Data") + message(10, message(1, b"k") + message(2, nested))))
    [op] = Definition(data, 0, len(data)).ops
    value, depth = op.attributes.values["k"], 1
    while value.values:
        value, depth = value.values["k"], depth + 1
    assert depth == 8


def test_a_shape_has_no_more_axes_than_can_be_told():
    with pytest.raises(TornError, match="the shape at byte 21 has more than 128 axes"):
        _ = definition(op("Data", "x", outputs=[tensor([2] * 129)])).ops


LARGE = (4 << 20) + 1


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (message(11, message(1, b"k") + message(2, message(2, bytes(LARGE)))), f"at byte 13 has {LARGE} bytes"),
        (message(11, message(1, b"k") + message(2, message(1, message(3, bytes(LARGE))))), "at byte 13 has"),
        (message(11, message(1, b"k") + message(2, message(1, message(2, bytes(1 << 20)) * 5))), "at byte 13 has"),
        (message(11, message(1, b"k") + message(2, attribute("v" * (1 << 20)))) * 5, "at byte 3145773 has 4194348"),
        (message(11, message(1, bytes(LARGE)) + message(2, attribute(1))), "at byte"),
        (message(7, message(6, message(2, b"Data") + message(1, bytes(LARGE)))), "at byte"),
        (message(7, message(6, message(2, b"Data") + message(1, bytes(1 << 20))) * 5), "at byte"),
    ],
    ids=["text", "numbers", "texts of a list", "texts", "key", "name", "names"],
)
def test_more_than_any_model_says(data, what):
    with pytest.raises(TornError, match=rf"what is read {what}.*; allowed: 4194304"):
        _ = Definition(data, 0, len(data)).ops, Definition(data, 0, len(data)).attributes


def test_more_attributes_than_any_model_has():
    data = b"".join(message(11, message(1, b"%d" % n) + message(2, number(3, 1))) for n in range((1 << 16) + 1))
    with pytest.raises(TornError, match="there are more than 65536 attributes at byte"):
        _ = Definition(data, 0, len(data)).attributes


def test_more_inputs_than_any_model_has():
    data = message(7, message(6, message(2, b"Data")) * ((1 << 16) + 1))
    with pytest.raises(TornError, match="there are more than 65536 inputs and outputs"):
        _ = Definition(data, 0, len(data)).ops

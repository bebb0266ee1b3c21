from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann.aipp.text import Message, Scalar, parse
from ascendc.cann.aipp.tokens import GrammarError


def shape(entries):
    """Entries as nested lists, without lines."""
    return [
        [e.name, shape(e.value.entries) if isinstance(e.value, Message) else e.value and (e.value.kind, e.value.text)]
        for e in entries
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", ("integer", "1")),
        ("a : 1", ("integer", "1")),
        ("a:1;", ("integer", "1")),
        ("a:1,", ("integer", "1")),
        ("a: -1", ("integer", "-1")),
        ("a: - 1", ("integer", "-1")),
        ("a: 0x1F", ("integer", "0x1F")),
        ("a: 017", ("integer", "017")),
        ("a: 1.5", ("float", "1.5")),
        ("a: .5", ("float", ".5")),
        ("a: 5.", ("float", "5.")),
        ("a: 1.5e-3", ("float", "1.5e-3")),
        ("a: 1.5f", ("float", "1.5f")),
        ("a: 1F", ("float", "1F")),
        ("a: static", ("word", "static")),
        ("a: -inf", ("word", "-inf")),
        ('a: "x"', ("string", "x")),
        ("a: 'x'", ("string", "x")),
        ("a: 'x' \"y\"", ("string", "xy")),
        (r'a: "\n\t\"\\\x41\101\u00e9"', ("string", '\n\t"\\AAé')),
        ("a: 1 # b: 2", ("integer", "1")),
        ("# ：\na: 1", ("integer", "1")),
        ("a:\n\n1", ("integer", "1")),
    ],
)
def test_a_field_and_its_value(text, value):
    assert shape(parse(text)) == [["a", value]]


@pytest.mark.parametrize("text", ["a { b: 1 }", "a: { b: 1 }", "a < b: 1 >", "a: < b: 1 >", "a{b:1}", "a: [{b: 1}]"])
def test_a_message(text):
    assert shape(parse(text)) == [["a", [["b", ("integer", "1")]]]]


def test_lists_are_as_many_entries():
    assert shape(parse("a: [1, 2] b: [] c: [<d: 1>, {}]")) == [
        ["a", ("integer", "1")],
        ["a", ("integer", "2")],
        ["b", None],
        ["c", [["d", ("integer", "1")]]],
        ["c", []],
    ]
    assert [entry.listed for entry in parse("a: [1] a: 1")] == [True, False]


def test_lines():
    [outer] = parse("# one\n\na {\n  b:\n    1\n  c: 2 }")
    assert (outer.line, [(e.name, e.line) for e in outer.value.entries]) == (3, [("b", 4), ("c", 6)])
    assert outer.value.entries[0].value == Scalar("integer", "1", 5)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a", 1, "`a` must be followed by `:` and a value, or by `{`"),
        ("a 1", 1, "`a` must be followed by `:` and a value, or by `{`"),
        ("a:", 1, "the end of the file stands where the value of `a` must"),
        ("a: }", 1, "`}` stands where the value of `a` must"),
        ("a {\nb: 1", 2, "the end of the file stands where a field's name or `}` must"),
        ("a { b: 1 >", 1, "`>` stands where a field's name or `}` must"),
        ("}", 1, "`}` stands where a field's name must"),
        ("a: 08", 1, "`08` is no number"),
        ("a: 1.2.3", 1, "`1.2.3` is no number"),
        ("a: 3d", 1, "`3d` is no number"),
        ("a: +1", 1, "`+` is no character of the format"),
        ("\na：1", 2, "`：` is no character of the format; allowed: ASCII, and anything in comments and strings"),
        ("\ufeffa: 1", 1, "the file begins with a byte order mark, which is no character of the format"),
        ('a: "x', 1, 'a string must end on its line, with the " that it began with'),
        ("a: 'x\n'", 1, "a string must end on its line, with the ' that it began with"),
        (r'a: "\x"', 1, r"`\x` is no escape that a string may hold here"),
        (r'a: "\UFFFFFFFF"', 1, r"`\UFFFFFFFF` is no character"),
        ("a: [1 2]", 1, "`2` stands where `,` or `]` must"),
        ("a: [{} 2]", 1, "`2` stands where `,` or `]` must"),
        ("a: [{}, 2]", 1, "`2` stands where `{` must, in the list `a`"),
        ("a" + " {a" * 101, 1, "messages must not be nested deeper than 100"),
    ],
)
def test_what_is_no_text_format(text, line, message):
    with pytest.raises(GrammarError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.message) == (line, message)


def test_depth_is_no_danger():
    with pytest.raises(GrammarError, match="nested deeper"):
        parse("a {" * 100_000)


FRAGMENTS = st.sampled_from(
    [
        "a",
        "aipp_op",
        "{",
        "}",
        "<",
        ">",
        "[",
        "]",
        ":",
        ",",
        ";",
        "-",
        "1",
        "0x",
        "1.5f",
        "'",
        '"',
        "\\",
        "\n",
        "#",
        "é",
        " ",
    ]
)


def fuzzed(text):
    with suppress(GrammarError):
        parse(text)


@settings(deadline=None, max_examples=200)
@given(st.lists(FRAGMENTS, max_size=40).map("".join) | st.text(max_size=60))
def test_whatever_is_read_is_parsed_or_refused(text):
    fuzzed(text)


@pytest.mark.soak
@settings(deadline=None, max_examples=50_000)
@given(st.lists(FRAGMENTS, max_size=120).map("".join) | st.text(max_size=200))
def test_whatever_is_read_is_parsed_or_refused_at_length(text):
    fuzzed(text)

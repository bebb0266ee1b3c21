"""What pydantic finds, in our words: one row each, as long as its words are."""
# ruff: noqa: E501

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, Strict, field_validator

from ascendc.document import check, override
from ascendc.document.reader import parse


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    size: int = Field(default=1, ge=1, le=9)
    kind: Literal["small", "large"] = "small"


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    inner: Inner = Inner()
    items: list[Inner] = Field(default_factory=list, min_length=2)
    ratio: float = Field(default=0.5, gt=0)
    flag: bool = False
    either: int | list[str] | None = None
    by_name: dict[str, Inner] = Field(default_factory=dict)
    size: Annotated[tuple[int, int], Strict(False)] = (1, 1)

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name):
        if name == "reserved":
            raise ValueError("must not be `reserved`")
        return name


def words(text, *settings):
    document = override(parse(text, "r.yaml"), settings)
    value, problems = check(Outer, document)
    assert value is None
    return document.error(problems).message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "nmae: y",
            "nmae: unknown key (did you mean `name`?); allowed: name, inner, items, ratio, flag, either, by_name, size",
        ),
        (
            "kind: y",
            "kind: unknown key (did you mean `inner.kind` or `items[0].kind`?); allowed: name, inner, items, ratio, flag, either, by_name, size",
        ),
        (
            "items: [{}, {flag: 1}]",
            "items[1].flag: unknown key (did you mean `flag`?); allowed: size, kind",
        ),
        ("zzz: y", "zzz: unknown key; allowed: name, inner, items, ratio, flag, either, by_name, size"),
        ("inner: {sise: 1}", "inner.sise: unknown key (did you mean `size`?); allowed: size, kind"),
        ("inner: {size: 1.5}", "inner.size: must not be the number 1.5; allowed: a whole number from 1 to 9"),
        ("inner: {size: 10}", "inner.size: must not be the number 10; allowed: a whole number from 1 to 9"),
        ("inner: {size: true}", "inner.size: must not be the truth value true; allowed: a whole number from 1 to 9"),
        ('inner: {size: "1"}', "inner.size: must not be the text `1`; allowed: a whole number from 1 to 9"),
        ("inner: {kind: tiny}", "inner.kind: must not be the text `tiny`; allowed: small, large"),
        ("inner: [1]", "inner: must not be a list; allowed: a mapping with size, kind"),
        ("inner:", "inner: must not be empty; allowed: a mapping with size, kind"),
        ("items: {}", "items: must not be a mapping; allowed: a list of at least 2, each a mapping with size, kind"),
        (
            "items: [{size: 1}]",
            "items: must not be a list; allowed: a list of at least 2, each a mapping with size, kind",
        ),
        ("items: [{}, {size: 0}]", "items[1].size: must not be the number 0; allowed: a whole number from 1 to 9"),
        ("ratio: 0", "ratio: must not be the number 0; allowed: a number above 0"),
        ("flag: off", "flag: must not be the text `off`; allowed: true, false"),
        ("either: {a: 1}", "either: must not be a mapping; allowed: a whole number or a list, each text"),
        ("size: [1]", "size[1]: must be given; allowed: a whole number"),
        ("size: [1, x]", "size[1]: must not be the text `x`; allowed: a whole number"),
        ("size: 1", "size: must not be the number 1; allowed: a list of 2, each a whole number"),
        ("by_name: {a: {size: x}}", "by_name.a.size: must not be the text `x`; allowed: a whole number from 1 to 9"),
    ],
)
def test_each_error_names_file_line_field_and_what_is_allowed(line, message):
    assert words(f"name: x\n{line}\n") == f"r.yaml:2: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flag: true", "r.yaml:1: name: must be given; allowed: text"),
        (
            "",
            "r.yaml:1: (file): must not be empty; allowed: a mapping with name, inner, items, ratio, flag, either, by_name, size",
        ),
        (
            "- x",
            "r.yaml:1: (file): must not be a list; allowed: a mapping with name, inner, items, ratio, flag, either, by_name, size",
        ),
        ("name: 8.10", 'r.yaml:1: name: must be text, not the number 8.1; allowed: "8.10" in quotes'),
        ("name: true", 'r.yaml:1: name: must be text, not the truth value true; allowed: "true" in quotes'),
        ("name: ", "r.yaml:1: name: must not be empty; allowed: text"),
        ("name: reserved", "r.yaml:1: name: must not be `reserved`; allowed: text"),
    ],
)
def test_missing_empty_and_unquoted(text, message):
    assert words(text) == message


def test_all_errors_come_at_once_in_the_order_of_the_lines_and_the_command_line_last():
    assert words("flag: 1\nratio: x\ninner:\n  size: 0\n", "inner.kind=x") == (
        "r.yaml:1: name: must be given; allowed: text\n"
        "r.yaml:1: flag: must not be the number 1; allowed: true, false\n"
        "r.yaml:2: ratio: must not be the text `x`; allowed: a number above 0\n"
        "r.yaml:4: inner.size: must not be the number 0; allowed: a whole number from 1 to 9\n"
        "--set inner.kind=x: inner.kind: must not be the text `x`; allowed: small, large"
    )


def test_text_from_the_command_line_needs_no_second_quotes():
    value, problems = check(Outer, override(parse("name: x", "r.yaml"), ["name=8.10"]))
    assert (value.name, problems) == ("8.10", [])


def test_a_section_that_is_not_written_is_an_empty_one():
    assert check(Inner, parse("name: x", "r.yaml"), ("inner",)) == (Inner(), [])


def test_a_missing_field_is_not_told_where_an_unknown_key_was_meant_for_it():
    assert words("naem: x") == (
        "r.yaml:1: naem: unknown key (did you mean `name`?); "
        "allowed: name, inner, items, ratio, flag, either, by_name, size"
    )


def test_a_field_that_is_written_is_told_whatever_was_meant_for_it():
    assert words("name: 1\nnaem: x").splitlines()[0] == (
        'r.yaml:1: name: must be text, not the number 1; allowed: "1" in quotes'
    )


@pytest.mark.parametrize(
    ("places", "left"),
    [
        ([("a", "b")], {"a": {"c": [1, {"d": 2}]}, "e": None}),
        ([("a", "c", 1, "d"), ("e",)], {"a": {"b": 1, "c": [1, {}]}}),
        ([("a", "c", 0), ("a", "c", 1)], {"a": {"b": 1}, "e": None}),
        ([("a",), ("a", "b"), ("x", "y")], {"e": None}),
        ([()], None),
    ],
)
def test_what_is_left_without_some_places(places, left):
    document = parse("{a: {b: 1, c: [1, {d: 2}]}, e: }", "r.yaml")
    assert document.without(places).values == left


def test_text_is_what_was_written_by_its_letters():
    document = parse("{a: 8.10, b: 'x', c: , d: [1]}", "r.yaml")
    assert [document.text((key,)) for key in "abcdz"] == ["8.10", "x", None, None, None]

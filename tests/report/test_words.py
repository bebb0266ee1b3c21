from __future__ import annotations

from ascendc.report.words import Text, joined, say

NODES = Text("{n} nodes", "{n} 个节点")


def test_a_text_is_said_in_its_language_and_a_name_as_it_is():
    assert [say(Text("part", "部件"), "en"), say(Text("part", "部件"), "zh"), say("image", "zh")] == [
        "part",
        "部件",
        "image",
    ]


def test_what_is_filled_in_is_in_the_same_language():
    said = Text("{part}: {nodes}", "{part}：{nodes}").fill(part=Text("a", "甲"), nodes=NODES.fill(n="3"))
    assert said == Text("a: 3 nodes", "甲：3 个节点")


def test_braces_of_a_foreign_name_are_no_fields():
    assert NODES.fill(n="{0.__class__}").en == "{0.__class__} nodes"


def test_several_are_joined_by_the_marks_of_their_language():
    assert joined(["a", Text("b", "乙")]) == Text("a, b", "a、乙")

from __future__ import annotations

from ascendc.report.page import MEANINGS, Column, Origin, table
from ascendc.report.words import say

COLUMNS = (Column("name"), Column("known"), Column("unknown"))


def test_columns_that_know_nothing_are_left_out():
    made = table("t", Origin.MEASURED, COLUMNS, (("a", "1", "–"), ("b", "–", "–")))
    assert [column.head for column in made.columns] == ["name", "known"]
    assert made.rows == (("a", "1"), ("b", "–"))


def test_a_long_table_says_how_much_it_leaves_out():
    made = table("t", Origin.MEASURED, COLUMNS[:1], tuple((str(n),) for n in range(103)), note="Note.")
    assert (len(made.rows), made.rows[-1]) == (100, ("99",))
    assert (say(made.note, "en"), say(made.note, "zh")) == (
        "Note. 3 more rows are in the file.",
        "Note.其余 3 行见文件。",
    )


def test_every_origin_has_a_meaning():
    assert set(MEANINGS) == set(Origin)

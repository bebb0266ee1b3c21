from __future__ import annotations

import re
from html.parser import HTMLParser

from ascendc.report.given import Given
from ascendc.report.page import Column, Facts, Key, Origin, Page, Picture, Pictures, Remark, Section, Table
from ascendc.report.render import LONGEST, breakable, html
from ascendc.report.sections import page_of
from ascendc.report.words import Text

HOSTILE = '<script>alert("x")</script>\'"&{{ 7 * 7 }}</title><img src=x onerror=alert(1)>'

BLOCKS = (
    Table(HOSTILE, Origin.MEASURED, (Column(HOSTILE), Column("n", numeric=True)), ((HOSTILE, HOSTILE),), HOSTILE),
    Table(HOSTILE, Origin.MEASURED, (Column(HOSTILE),), ((HOSTILE,),), folded=True),
    Pictures((Picture(HOSTILE, Origin.ESTIMATED, b"png", HOSTILE),)),
    Facts(HOSTILE, Origin.RECORDED, ((HOSTILE, HOSTILE),)),
    Remark(HOSTILE, "warning"),
)


def page(*blocks, title="tiny"):
    return Page(title, HOSTILE, (Key(HOSTILE, HOSTILE, Origin.MEASURED),), (Section("s", HOSTILE, blocks),), (HOSTILE,))


class Seen(HTMLParser):
    """Elements with their attributes, and all text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.said = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.said.append(data)


def test_foreign_text_is_text_wherever_it_stands():
    seen = Seen(html(page(*BLOCKS, title=HOSTILE), "en"))
    assert not [tag for tag, _ in seen.elements if tag == "script"]
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert [attributes["src"] for tag, attributes in seen.elements if tag == "img"] == ["data:image/png;base64,cG5n"]
    whole = "".join(seen.said)
    assert whole.count(HOSTILE) >= 15


def test_it_holds_no_script_and_no_address(record, results, outlook):
    text = html(page_of(Given(forecasts=(outlook(),), benches=(results(),))), "en")
    assert "<script" not in text
    addresses = set(re.findall(r"[a-z]+://[^\"' )]+", text))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}, "names of SVG, not fetched"
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text


def test_every_figure_says_in_words_how_it_was_come_by():
    text = html(page(*BLOCKS), "en")
    assert text.count('<span class="origin">measured</span>') == 3
    assert text.count('<span class="origin">estimated</span>') == 1
    assert text.count('<span class="origin">read from files</span>') == 1
    assert "<strong>simulated</strong> on the simulated device: it says nothing of speed or of a real chip;" in text


def test_a_page_is_in_one_language():
    said = page(Remark(Text("good", "好")))
    assert '<html lang="zh-Hans">' in html(said, "zh")
    assert (">好<" in html(said, "zh"), ">good<" in html(said, "zh")) == (True, False)
    assert '<html lang="en">' in html(said, "en")


def test_a_text_without_an_end_is_cut():
    text = html(page(Remark("x" * 100_000)), "en")
    assert "x" * LONGEST + "…" in text
    assert "x" * (LONGEST + 1) not in text


def test_long_names_break_behind_their_marks():
    assert breakable("/model/layers.0/fc <b> 1.5") == "/model/<wbr>layers.0/<wbr>fc &lt;b&gt; 1.5"

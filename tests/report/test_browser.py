"""The page in a real Chromium, headless and without a network: it must not want one."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from pathlib import Path

import pytest

from ascendc.report import html, page_of, read
from ascendc.report.given import Given
from ascendc.report.words import Text

HOSTILE = "<script>document.title='owned'</script>"

WIDTHS = (320, 390, 768, 1280)


def chromium():
    """tests/browser.py, by its path: tests are no package."""
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).parents[1] / "browser.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.find() or pytest.skip(module.NONE)


@pytest.fixture(scope="module")
def browser():
    """Started once for all pages."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = chromium()
    with playwright.sync_playwright() as driver:
        # As root Chromium starts only without its sandbox; the pages are our own.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Opened:
    """A page, and what it asked for and complained about."""

    def __init__(self, page, path):
        self.page = page
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path.as_uri())

    def colour(self, what, of="background-color"):
        return self.page.evaluate(f"getComputedStyle(document.querySelector('{what}')).getPropertyValue('{of}')")

    def overflow(self):
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture
def given(tiny_bundle, record, results, outlook, case):
    """Everything that a report can hold, with names that are hostile and names that are long."""
    folder = tiny_bundle(aipp_mode="rgb")
    [build] = read([folder]).builds
    steps = (dataclasses.replace(record().steps[0], label=HOSTILE, summary="word" * 60),) * 7
    long = dataclasses.replace(outlook().culprits[0], node="/" + "x" * 300, module=HOSTILE + "y" * 100)
    return Given(
        builds=(dataclasses.replace(build, record=record(steps=steps, recipe="/a" * 200)),),
        forecasts=(outlook(culprits=(*outlook().culprits, long), model=HOSTILE),),
        benches=(results(cases=(*results().cases, case(3.0, 4.0, precision=HOSTILE))),),
        sources=(HOSTILE,),
    )


@pytest.fixture(scope="module")
def pages(browser, tmp_path_factory):
    """Reports that are open, by language: to draw one and to open it takes longer than to look at it."""
    return browser.new_context(offline=True), tmp_path_factory.mktemp("pages"), {}


@pytest.fixture
def opened(pages, request):
    """The report in a language, as it was when it was opened."""
    context, folder, seen = pages

    def open_one(language="en", *, width=1280, system="light"):
        if language not in seen:
            path = folder / f"report {language}.html"
            path.write_text(html(page_of(request.getfixturevalue("given")), language), encoding="utf-8")
            seen[language] = Opened(context.new_page(), path)
        page = seen[language].page
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(media="screen", color_scheme=system)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
        page.evaluate("document.getElementById('auto').checked = true")
        return seen[language]

    return open_one


def test_it_opens_offline_without_a_request_and_without_a_complaint(opened):
    seen = opened()
    assert seen.requests == [seen.page.url]
    assert seen.complaints == []
    assert seen.page.title() == "tiny – Report"
    assert seen.page.locator("section").count() == 9
    assert seen.page.locator("svg:visible").count() == 5
    assert seen.page.get_by_text("script", exact=False).count() > 0


def test_no_width_scrolls_the_page_sideways(opened):
    seen = opened()
    seen.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width in WIDTHS:
        seen.page.set_viewport_size({"width": width, "height": 800})
        assert seen.overflow() <= 0, width
        assert seen.page.locator("svg:visible").count() == 5, "one drawing of each chart"


def test_it_is_light_or_dark_as_the_system_is_and_as_the_reader_wants(opened):
    seen = opened(system="light")
    mark = 'svg [fill="var(--series-1)"]'
    light = seen.colour("body"), seen.colour(mark, "fill")
    seen.page.emulate_media(color_scheme="dark")
    dark = seen.colour("body"), seen.colour(mark, "fill")
    assert (light[0], dark[0]) == ("rgb(253, 253, 252)", "rgb(21, 23, 26)")
    assert light[1] != dark[1], "charts follow"
    for choice, colours in (("light", light), ("dark", dark), ("as the system", dark)):
        seen.page.get_by_label(choice).check(force=True)
        assert (seen.colour("body"), seen.colour(mark, "fill")) == colours
    seen.page.emulate_media(color_scheme="light")
    assert seen.colour("body") == light[0]
    seen.page.get_by_label("dark").check(force=True)
    assert seen.colour("body") == dark[0]


def test_the_keyboard_reaches_the_colours_the_contents_and_what_is_folded(opened):
    page = opened().page
    page.evaluate("document.getElementById('auto').focus()")
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("light").is_checked()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#verification"
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None


def luminance(colour):
    """Of sRGB, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("system", ["light", "dark"])
def test_text_stands_out_from_the_paper(opened, system):
    seen = opened(system=system)
    paper = luminance(seen.colour("body"))
    for what in ("body", ".note", "th", ".origin", ".bar p", ".keys dt", "footer", "figcaption"):
        ink = luminance(seen.colour(what, "color"))
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 4.5, what


def test_paper_is_light_and_has_what_is_folded(opened):
    seen = opened(system="dark")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.colour("body") == "rgb(253, 253, 252)"
    assert not seen.page.get_by_role("radio").first.is_visible()
    folded = seen.page.locator("details td").first
    assert folded.evaluate("one => one.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})")
    seen.page.emulate_media(media="screen")
    assert not folded.evaluate("one => one.checkVisibility()")


def test_chinese(opened):
    seen = opened("zh", width=390)
    assert (seen.requests, seen.complaints) == ([seen.page.url], [])
    assert seen.overflow() <= 0
    assert seen.page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert seen.page.get_by_role("heading", name="性能测试").is_visible()
    assert seen.page.get_by_text(Text("measured", "实测").zh, exact=True).first.is_visible()


def test_a_reader_by_ear_gets_names_for_charts_and_heads_for_tables(opened):
    page = opened().page
    assert page.get_by_role("img", name="tiny, image: throughput by batch").is_visible()
    assert page.get_by_role("columnheader", name="accumulated").first.is_visible()
    assert page.get_by_role("navigation", name="Contents").get_by_role("link").count() == 9

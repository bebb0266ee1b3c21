"""The page in a real Chromium, headless and without a network: it must not want one."""

from __future__ import annotations

import dataclasses
import importlib.util
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
def opened(browser):
    """Open a file; keyword arguments are of the browser's context."""
    contexts = []

    def open_one(path, **settings):
        contexts.append(browser.new_context(offline=True, **settings))
        return Opened(contexts[-1].new_page(), path)

    yield open_one
    for context in contexts:
        context.close()


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


@pytest.fixture
def write(given, tmp_path):
    """Write the report in a language."""

    def make(language="en"):
        path = tmp_path / f"report {language}.html"
        path.write_text(html(page_of(given), language), encoding="utf-8")
        return path

    return make


def test_it_opens_offline_without_a_request_and_without_a_complaint(opened, write):
    path = write()
    seen = opened(path)
    assert seen.requests == [path.as_uri()]
    assert seen.complaints == []
    assert seen.page.title() == "tiny – Report"
    assert seen.page.locator("section").count() == 9
    assert seen.page.locator("svg:visible").count() == 5
    assert seen.page.get_by_text("script", exact=False).count() > 0


def test_no_width_scrolls_the_page_sideways(opened, write):
    seen = opened(write())
    for width in WIDTHS:
        seen.page.set_viewport_size({"width": width, "height": 800})
        seen.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert seen.overflow() <= 0, width
        assert seen.page.locator("svg:visible").count() == 5, "one drawing of each chart"


def test_it_is_light_or_dark_as_the_system_is_and_as_the_reader_wants(opened, write):
    path = write()
    light, dark = opened(path, color_scheme="light"), opened(path, color_scheme="dark")
    assert (light.colour("body"), dark.colour("body")) == ("rgb(253, 253, 252)", "rgb(21, 23, 26)")
    mark = 'svg [fill="var(--series-1)"]'
    assert light.colour(mark, "fill") != dark.colour(mark, "fill"), "charts follow"
    dark.page.get_by_label("light").check(force=True)
    assert dark.colour("body") == light.colour("body")
    assert dark.colour(mark, "fill") == light.colour(mark, "fill")
    light.page.get_by_label("dark").check(force=True)
    assert light.colour("body") == "rgb(21, 23, 26)"
    light.page.get_by_label("as the system").check(force=True)
    assert light.colour("body") == "rgb(253, 253, 252)"


def test_paper_is_light_and_has_what_is_folded(opened, write):
    seen = opened(write(), color_scheme="dark")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.colour("body") == "rgb(253, 253, 252)"
    assert not seen.page.get_by_role("radio").first.is_visible()
    folded = seen.page.locator("details td").first
    assert folded.evaluate("one => one.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})")
    seen.page.emulate_media(media="screen")
    assert not folded.evaluate("one => one.checkVisibility()")


def test_chinese(opened, write):
    seen = opened(write("zh"), viewport={"width": 390, "height": 800})
    assert (seen.requests, seen.complaints) == ([write("zh").as_uri()], [])
    assert seen.overflow() <= 0
    assert seen.page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert seen.page.get_by_role("heading", name="性能测试").is_visible()
    assert seen.page.get_by_text(Text("measured", "实测").zh, exact=True).first.is_visible()


def test_a_reader_by_ear_gets_names_for_charts_and_heads_for_tables(opened, write):
    page = opened(write()).page
    assert page.get_by_role("img", name="Throughput of image by batch").is_visible()
    assert page.get_by_role("columnheader", name="accumulated").first.is_visible()
    assert page.get_by_role("navigation", name="Contents").get_by_role("link").count() == 9

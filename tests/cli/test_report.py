"""``ascendc report``: one file of what was given, or a word on why not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnx
import pytest

DOCS = Path(__file__).parents[2] / "docs"

MODEL = '<ir_version: 7, opset_import: ["": 13]> g (float[n,4] x) => (float[n,4] y) { a = Relu(x) y = Mul(a, a) }'


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Files go to an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_what_other_commands_wrote_becomes_one_file(ascendc, here, tiny_bundle):
    onnx.save(onnx.parser.parse_model(MODEL), here / "m.onnx")
    for name, words in {"forecast": (), "check": ("--soc", "Ascend310", "--soc", "Ascend310P3")}.items():
        ran = ascendc(name, "m.onnx", *words, "--json")
        (here / f"{name}.json").write_text(ran.out)
    ran = ascendc("report", tiny_bundle(), "forecast.json", "check.json", "-o", "r.html")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"r.html: 3 sections, {(here / 'r.html').stat().st_size / 1e3:.0f} kB\n"
    text = (here / "r.html").read_text()
    for said in ("OM deferred", "Ascend310P3", "m.onnx in force_fp16 passes (estimated)", "Every node has a kernel"):
        assert said in text
    assert [path.name for path in here.glob("*.html")] == ["r.html"]


def test_the_language_is_the_reader_s_or_the_one_that_is_asked_for(ascendc, here, tiny_bundle, monkeypatch):
    folder = tiny_bundle()
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert ascendc("report", folder).code == 0
    assert '<html lang="zh-Hans">' in (here / "report.html").read_text()
    assert ascendc("report", folder, "--lang", "en").code == 0
    assert '<html lang="en">' in (here / "report.html").read_text()


def test_a_file_that_it_does_not_know_leaves_the_old_report(ascendc, here):
    (here / "report.html").write_text("old")
    (here / "x.json").write_text(json.dumps({"schema": "other/1"}))
    ran = ascendc("report", "x.json")
    assert ran.code == 2
    assert ran.err == (
        f"ascendc: ASC2902 `{here}/x.json` cannot be reported: it is none of the record of a build, a bundle's "
        "manifest, the results of a benchmark, a comparison, a forecast, a check, schema `other/1`\n"
        "  hint: give a bundle, its .build.json, or what `ascendc bench --output`, `ascendc compare --json`, `ascendc "
        "forecast --json` or `ascendc check --json` wrote\n"
    )
    assert (here / "report.html").read_text() == "old"


def test_where_it_cannot_be_written(ascendc, here, tiny_bundle):
    ran = ascendc("report", tiny_bundle(), "-o", "none/r.html")
    assert (ran.code, ran.err) == (
        2,
        "ascendc: ASC2905 -o `none/r.html` cannot be written: No such file or directory\n",
    )


def test_what_would_be_too_large_to_mail(ascendc, here, tiny_bundle, monkeypatch):
    monkeypatch.setattr("ascendc.cli.report.MOST_BYTES", 1000)
    ran = ascendc("report", tiny_bundle())
    assert ran.code == 2
    assert ran.err.startswith("ascendc: ASC2906 the report would have 0.0 MB; ")
    assert ran.err.endswith("  hint: give fewer files, and write several reports\n")
    assert not (here / "report.html").exists()


def test_without_the_charts_library_it_says_what_to_install(ascendc, here, tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    ran = ascendc("report", tiny_bundle())
    assert ran.code == 5
    assert ran.err == (
        "ascendc: ASC2903 charts are drawn by the package vl-convert-python, which is not installed\n"
        "  hint: pip install 'ascendc[report]'\n"
    )


def test_it_wants_something(ascendc):
    ran = ascendc("report")
    assert ran.code == 2
    assert "Missing argument 'BUILD|RESULTS.json...'" in ran.err

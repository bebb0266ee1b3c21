from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil

import pytest

from ascendc.account import record as records
from ascendc.bench import result as bench
from ascendc.check import Report, to_json
from ascendc.errors import UsageError
from ascendc.outlook import to_json as forecast_json
from ascendc.report.given import HINT, KINDS, read

REPORT = Report(True, "Ascend310", 13, "bundled: tables", {"aicore": 3, "aicpu": 0}, 0, ())


@pytest.fixture
def write(tmp_path):
    """Write a file: a text as it is, documents one a line."""

    def make(name, *documents):
        path = tmp_path / name
        lines = [one if isinstance(one, str) else json.dumps(one) for one in documents]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return make


def refused(path):
    with pytest.raises(UsageError) as caught:
        read([path])
    assert caught.value.hint == HINT
    return caught.value.id, caught.value.message


def test_files_are_told_apart_by_what_they_contain(write, record, results, outlook):
    given = read(
        [
            write("a", records.as_json(record())),
            write("b", bench.to_json(results())),
            write("c", forecast_json(outlook(), "1"), forecast_json(outlook(model="text"), "1")),
            write("d", to_json(REPORT)),
        ]
    )
    assert [(build.name, build.record, build.manifest) for build in given.builds] == [("tiny", record(), None)]
    assert given.benches == (results(),)
    assert [forecast.model for forecast in given.forecasts] == ["image @ card", "text"]
    assert given.checks == (REPORT,)
    assert given.sources == ("a", "b", "c", "d")


def test_a_file_may_be_indented(write, outlook):
    assert read([write("f", json.dumps(forecast_json(outlook(), "1"), indent=1))]).forecasts == (outlook(),)


def test_fields_that_nobody_knows_are_passed_over(write, record):
    assert read([write("r", {**records.as_json(record()), "forecast": {"new": 1}})]).builds[0].record == record()


def test_a_record_that_is_older_than_its_findings(write, record):
    document = records.as_json(record())
    del document["findings"]
    assert read([write("r", document)]).builds[0].record == record(findings=records.Findings())


def lay(folder, record):
    """Write the record beside a bundle, as of that bundle."""
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    path = folder.with_name(f"{folder.name}.build.json")
    records.write(dataclasses.replace(record, bundle_digest=digest), path)
    return path


def test_a_bundle_and_its_record_belong_together_whichever_is_named(tiny_bundle, record):
    folder = tiny_bundle()
    path = lay(folder, record())
    for named in ([folder], [path], [folder / "manifest.json"], [folder, path, folder]):
        [build] = read(named).builds
        assert (build.manifest.name, build.record.command, build.folder) == ("tiny", "ascendc build tiny.yaml", folder)


def test_the_record_of_another_build_is_left_out(tiny_bundle, record):
    folder = tiny_bundle()
    path = folder.with_name("tiny.build.json")
    records.write(record(bundle_digest="00" * 32), path)
    [build] = read([folder]).builds
    assert (build.record, build.is_other) == (None, True)
    [alone] = read([path]).builds
    assert (alone.record.bundle_digest, alone.manifest) == ("00" * 32, None)


def test_a_build_that_left_no_bundle_has_its_record(tiny_bundle, record):
    folder = tiny_bundle()
    lay(folder, record())
    shutil.rmtree(folder)
    folder.mkdir()
    [build] = read([folder]).builds
    assert (build.manifest, build.record.command) == (None, "ascendc build tiny.yaml")


def test_a_folder_that_is_no_bundle(tmp_path):
    with pytest.raises(UsageError, match=r"is not a bundle: it holds no manifest\.json") as caught:
        read([tmp_path])
    assert caught.value.id == "ASC1801"


def test_a_file_of_another_kind_is_refused(write):
    path = write("x.json", {"schema": "ascendc/events/1", "event": "build-started"})
    kinds = ", ".join(kind.name for kind in KINDS)
    message = f"`{path}` cannot be reported: it is none of {kinds}, schema `ascendc/events/1`"
    assert refused(path) == ("ASC2902", message)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON: Expecting value: line 2 column 1 (char 1)"),
        ("[1]", "it is no JSON object"),
        ('{"a": 1}\n{"a"', "line 2 is not JSON: Expecting ':' delimiter: line 1 column 5 (char 4)"),
        ('{"a": NaN}', "it is not JSON: NaN is no number of JSON"),
        ('{"a": 1e999}', "it is not JSON: 1e999 is no number of JSON"),
        ("[" * 100_000, "it is nested too deep"),
    ],
)
def test_what_is_no_document_is_refused(write, text, why):
    path = write("x.json", text)
    assert refused(path) == ("ASC2902", f"`{path}` cannot be reported: {why}")


def test_a_document_that_is_wrong_is_refused_by_its_field(write, results):
    path = write("b.json", bench.to_json(results()).replace('"runs": 4, "rounds"', '"runs": "many", "rounds"'))
    why = "runs: Input should be a valid integer, unable to parse string as an integer"
    assert refused(path) == ("ASC2902", f"`{path}` cannot be reported: {why}")


def test_what_cannot_be_read_is_refused(tmp_path, monkeypatch):
    assert refused(tmp_path / "none.json") == (
        "ASC2901",
        f"`{tmp_path}/none.json` cannot be read: No such file or directory",
    )
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    assert refused(tmp_path / "bytes")[1].endswith("it is not UTF-8")
    monkeypatch.setattr("ascendc.report.given.MOST_BYTES", 1)
    assert refused(tmp_path / "bytes")[1].endswith("has 2 bytes; allowed: 1")


def test_a_build_brings_the_benchmark_that_it_ran(tmp_path, record, results):
    bench.write(results(), tmp_path / "tiny.bench.json")
    records.write(record(benchmark="/elsewhere/tiny.bench.json"), tmp_path / "tiny.build.json")
    for named in (["tiny.build.json"], ["tiny.bench.json", "tiny.build.json"]):
        given = read([tmp_path / name for name in named])
        assert (len(given.builds), given.benches) == (1, (results(),))

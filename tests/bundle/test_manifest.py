import json
from typing import get_args

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascendc.bundle import manifest
from ascendc.errors import GateError, UsageError
from ascendc.events import State
from ascendc.runtime import manifest as values


@pytest.fixture
def document(tiny_bundle):
    return json.loads((tiny_bundle(aipp_mode="rgb", sizes=(1, 4)) / "manifest.json").read_text())


def change(document, path, value):
    *parents, last = path
    for key in parents:
        document = document[key]
    document[last] = value


def test_a_manifest_survives_being_read_and_written(document):
    text = json.dumps(document)
    read = manifest.from_json(text)
    assert manifest.from_json(manifest.to_json(read)) == read
    assert json.loads(manifest.to_json(read)) == document


def test_its_schema_is_valid_and_accepts_it(document):
    jsonschema.Draft202012Validator.check_schema(manifest.schema())
    jsonschema.validate(document, manifest.schema())


def test_states_are_the_words_of_the_events():
    assert get_args(State) == values.STATES


SCHEMA_TOO = [
    (("name",), "a b", "name: must be a name of letters, digits and `._+-`, beginning with a letter, digit or `_`"),
    (("name",), 3, "name: must be a text, not 3"),
    (("created_by",), "x\u001b[2J", "created_by: must be a text of one line, without control characters"),
    (("parts",), {}, "parts: must be a list, not {}"),
    (("files",), [], "files: must be an object, not []"),
    (("surprise",), 1, 'surprise": unknown field; allowed: schema, name, created_by'),
    (("artefacts", 0, "om"), "../x.om", "artefacts[0].om: must be a relative path inside the bundle"),
    (("artefacts", 0, "onnx"), "/etc/passwd", "artefacts[0].onnx: must be a relative path inside the bundle"),
    (("artefacts", 0, "onnx"), "a/./b", "artefacts[0].onnx: must be a relative path inside the bundle"),
    (("artefacts", 0, "onnx"), "a\\b", "artefacts[0].onnx: must be a relative path inside the bundle"),
    (("artefacts", 0, "batch"), [1, True], "artefacts[0].batch[1]: must be an integer of 0 or more, not true"),
    (("artefacts", 0, "batch"), [1.5], "artefacts[0].batch[0]: must be an integer of 0 or more, not 1.5"),
    (("artefacts", 0, "limit"), -1, "artefacts[0].limit: must be a number of 0 or more, not -1"),
    (("artefacts", 0, "state"), "om-done", "artefacts[0].state: must be one of onnx-verified, om-deferred, "),
    (("parts", 0, "inputs", 0, "dtype"), "text", "parts[0]: `x`: dtype must be one of bool, int8"),
    (
        ("parts", 0, "inputs", 0, "shape", 0),
        None,
        "parts[0].inputs[0].shape[0]: must be an integer or a text, not null",
    ),
    (("files", "README.md", "size"), -5, "files.README.md.size: must be an integer of 0 or more, not -5"),
    (("files", "README.md", "sha256"), "0" * 63, "files.README.md.sha256: must be 64 hexadecimal digits"),
    (("files", "README.md", "executable"), 1, "files.README.md.executable: must be true or false, not 1"),
    (
        ("files", "../up"),
        {},
        'files: must be a relative path inside the bundle, of letters, digits and `._+-/`, not "../up"',
    ),
]
CONTRADICTIONS = [
    (("schema",), "ascendc/bundle/9", "schema: must be `ascendc/bundle/1`, not 'ascendc/bundle/9'"),
    (("artefacts", 0, "part"), "other", "artefacts[0].part: `other` is not among the parts"),
    (("artefacts", 0, "batch"), [], "artefacts[0].batch: must be one or more positive sizes"),
    (("artefacts", 0, "onnx"), "models/none.onnx", "artefacts[0].onnx: `models/none.onnx` is not among the files"),
    (("artefacts", 0, "state"), "om-compiled", "artefacts[0].om: `models/card/main.om` contradicts the state "),
    (("artefacts", 0, "om"), "deploy.sh", "artefacts[0].om: must be a file `models/*.om`, not `deploy.sh`"),
    (("artefacts", 0, "om"), "models/x.py", "artefacts[0].om: must be a file `models/*.om`, not `models/x.py`"),
    (("artefacts", 0, "om"), "python/x.om", "artefacts[0].om: must be a file `models/*.om`, not `python/x.om`"),
    (("parts",), [], "parts: must hold at least one part"),
    (("device", "package"), "os", "device.package: must be ascendc_device, not os"),
    (("golden", 0, "part"), "other", "golden[0].part: `other` is not among the parts"),
    (("golden", 0, "count"), 0, "golden[0]: holds nothing to compare"),
    (("golden", 0, "outputs"), [], "golden[0]: holds nothing to compare"),
    (("golden", 0, "inputs", 0, "array"), "golden/no.npy", "golden[0]: `golden/no.npy` is not among the files"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), SCHEMA_TOO + CONTRADICTIONS)
def test_what_cannot_be_is_refused_by_its_path(document, path, value, message):
    change(document, path, value)
    with pytest.raises(GateError, match=r"manifest\.json: ") as caught:
        manifest.from_json(json.dumps(document))
    assert caught.value.id == "ASC1802"
    assert message in caught.value.message


def test_an_om_that_is_listed_before_it_is_compiled_is_refused(document):
    document["files"]["models/card/main.om"] = document["files"]["README.md"]
    with pytest.raises(GateError) as caught:
        manifest.from_json(json.dumps(document))
    assert "artefacts[0].om: `models/card/main.om` contradicts the state om-deferred" in caught.value.message


@pytest.mark.parametrize(
    ("field", "message"),
    [("parts", "parts[1].name: `main` is there twice"), ("artefacts", "artefacts[1]: main @ card is there twice")],
)
def test_what_is_there_twice_is_refused(document, field, message):
    document[field] *= 2
    with pytest.raises(GateError) as caught:
        manifest.from_json(json.dumps(document))
    assert (caught.value.id, caught.value.message) == ("ASC1802", f"manifest.json: {message}")


def test_a_manifest_that_lists_itself_is_refused(document):
    document["files"]["manifest.json"] = document["files"]["README.md"]
    with pytest.raises(GateError) as caught:
        manifest.from_json(json.dumps(document))
    assert caught.value.message == "manifest.json: files: cannot list manifest.json itself"


def test_an_integer_beyond_any_float_is_refused(document):
    document["artefacts"][0]["limit"] = 10**400
    with pytest.raises(GateError) as caught:
        manifest.from_json(json.dumps(document))
    shown = "1" + "0" * 56 + "..."
    assert caught.value.message == f"manifest.json: artefacts[0].limit: must be a number of 0 or more, not {shown}"


@pytest.mark.parametrize(("path", "value", "message"), SCHEMA_TOO)
def test_the_schema_refuses_it_too(document, path, value, message):
    change(document, path, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, manifest.schema())


def test_a_missing_field_is_named(document):
    del document["artefacts"][0]["soc"]
    with pytest.raises(GateError, match=r"artefacts\[0\]\.soc: is missing"):
        manifest.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "manifest.json: is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "manifest.json: schema: must be `ascendc/bundle/1`, not None"),
        ('{"a": 1, "a": 2}', 'manifest.json: is not JSON: the key "a" is there twice'),
        ('{"a": NaN}', "manifest.json: is not JSON: NaN is no number"),
        ("[" * 100_000, "manifest.json: is not JSON: "),
    ],
)
def test_what_is_no_json_is_refused(text, message):
    with pytest.raises(GateError) as caught:
        manifest.from_json(text)
    assert caught.value.message.startswith(message)


def test_any_depth_of_nesting_is_refused():
    for depth in range(700, 1010):  # at some depth, JSON can just be read, but no longer be written
        with pytest.raises(GateError, match=r"manifest\.json: (is not JSON: |name: must be a text, not )"):
            manifest.from_json('{"schema": "ascendc/bundle/1", "name": ' + "[" * depth + "]" * depth + "}")


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path):
    with pytest.raises(UsageError) as caught:
        manifest.read(tmp_path)
    assert caught.value.id == "ASC1801"
    assert caught.value.message == f"`{tmp_path}` is not a bundle: it holds no manifest.json"
    assert caught.value.hint == "ascendc build RECIPE"


def test_the_bundle_below_a_folder_is_pointed_to(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle/manifest.json").touch()
    with pytest.raises(UsageError) as caught:
        manifest.read(tmp_path)
    assert (caught.value.id, caught.value.hint) == ("ASC1801", f"did you mean {tmp_path}/bundle?")


def test_a_manifest_that_is_too_large_or_not_utf8_is_refused(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_bytes(b"\xff{}")
    with pytest.raises(GateError, match="is not UTF-8: invalid start byte at byte 0"):
        manifest.read(tmp_path)
    with path.open("wb") as file:
        file.truncate(values.LARGEST + 1)
    with pytest.raises(GateError, match="is larger than 16 MiB; no manifest is"):
        manifest.read(tmp_path)


def _paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_json_in_any_place_gives_a_manifest_or_a_refusal(document, data):
    copy = json.loads(json.dumps(document))
    path = data.draw(st.sampled_from([p for p in _paths(copy) if p]))
    change(copy, path, data.draw(JSON))
    try:
        read = manifest.from_json(json.dumps(copy))
    except GateError as error:
        assert error.id == "ASC1802"  # noqa: PT017 - both ends are allowed, nothing else is
    else:
        assert isinstance(read, values.Manifest)

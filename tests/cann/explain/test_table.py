from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ascendc.cann.explain import diagnosis, signs, table, vocabulary, where
from ascendc.errors import UsageError

DATA = json.loads((Path(table.__file__).parents[1] / "data" / "errors.json").read_text(encoding="utf-8"))
IDS = [id for record in DATA["entries"] for id in record["ids"]]
CHINESE = re.compile("[一-龥]")

# The codes that ATC's options, front end, fusion engine and operator compiler are known to raise.
KNOWN = re.findall(
    r"\w+",
    """
E10001 E10002 E10003 E10004 E10005 E10006 E10007 E10009 E10010 E10011 E10012 E10013 E10014 E10016 E10017 E10018 E10019
E10020 E10021 E10022 E10031 E10034 E10035 E10036 E10037 E10038 E10039 E10040 E10041 E10042 E10044 E10045 E10046 E10047
E10048 E10049 E10050 E10052 E10053 E10054 E10055 E10056 E10057 E10058 E10410 E10501 E11010 E11017 E13001 E13003 E13004
E13005 E13009 E13010 E13014 E13018 E13023 E13024 E13025 E13026 E14001 E16001 E16002 E16004 E16005 E19010 E19999 E20001
E20002 E20003 E20007 E20101 E20103 E21001 E21002 E22001 E40001 E40002 E40003 E40020 E40021 E40022 E40024 E81012 E90001
EC0010 EE1001 EZ0501 EZ3002 EZ3003 EZ9010 EZ9999 W11001 100000 100001 100002 100013 107002 145000 145006 145013 200000
207001 500002 507008 507015 507018 507899 545001
""",
)

OWN = "`ASC1203` is a message of ascendc itself, about targets and SoCs; it says what is wrong and what to do."


def test_every_id_is_there_once():
    assert len(IDS) == len(set(IDS))
    assert set(KNOWN) <= set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_entry_speaks_both_languages(id):
    entry = table.entry(id)
    for text in (entry.cause, entry.fix):
        assert text.en.endswith("."), text
        assert not CHINESE.search(text.en)
        assert CHINESE.search(text.zh)
        assert text.zh.endswith("。")
        prose = re.sub(r"`[^`]*`|「[^」]*」|\w\(\)|\$\([^)]*\)", "", text.zh)
        assert not re.search(r"\(|[一-龥]\s*[,;:?!)]", prose), prose  # marks of punctuation are Chinese too
    assert set(entry.look) <= set(where.LOOKS)
    assert entry.run == "" or table.command(entry.run).startswith(("ascendc ", "npu-smi "))
    assert table.WARNING <= entry.depth <= table.RECOGNISED


def test_every_phrase_has_the_same_holes_in_both_languages():
    for name, texts in DATA["phrases"].items():
        english, chinese = (set(re.findall(r"{(\w+)}", texts[language])) for language in ("en", "zh"))
        assert english - {"count"} <= chinese | {"total", "asked"}, name
        assert chinese <= english | {"total"}, name


def test_every_topic_has_a_sign_and_every_sign_a_topic():
    signed = {one.topic for group in (signs._SYSTEM, signs._OPTIONS, signs._AIPP, signs._INNER) for one in group}
    signed |= {one.topic for one in signs._UNCODED} - set(KNOWN)
    topics = {id for id in IDS if not diagnosis._CODE.fullmatch(id)}
    assert topics == signed | {"logged-error", "operator-custom"}


@pytest.mark.parametrize("id", IDS)
def test_every_entry_can_be_asked_for(id):
    found = diagnosis.of_code(id.lower())
    assert found.root.id == id
    assert found.root.code == (id if diagnosis._CODE.fullmatch(id) else None)


@pytest.mark.parametrize(
    ("code", "prefix", "cause"),
    [
        ("E10999", "E10", None),
        ("e16099", "E16", "There is no entry for `E16099`; codes that begin with E16 come from: the ONNX parser."),
        ("EI0002", "EI", None),
        ("EZ1234", "EZ", None),
        ("W12345", "W", None),
        ("EQ0001", "E", None),
        ("507999", "507", None),
        ("161002", "161", None),
        ("ASC1203", "ASC12", OWN),
    ],
)
def test_of_a_code_without_an_entry_its_family_is_known(code, prefix, cause):
    found = diagnosis.of_code(code)
    assert found.root.id == prefix
    assert found.root.code == code.upper()
    assert cause in (None, found.root.cause)
    assert CHINESE.search(diagnosis.of_code(code, "zh").root.cause)


@pytest.mark.parametrize("code", ["EP9999", "E39999", "EI9999"])
def test_internal_errors_of_all_parts_are_explained_alike(code):
    assert diagnosis.of_code(code).root.id == "E19999"


@pytest.mark.parametrize(
    "code", ["", "hello", "E1001", "E100011", "16002", "999999", "ASC9901", "É10001", "E1000\n1", "٣" * 6]
)
def test_what_is_no_code(code):
    with pytest.raises(UsageError, match="is no error code; allowed: one of ATC such as E16002") as caught:
        diagnosis.of_code(code)
    assert caught.value.id == "ASC2403"


def test_every_operator_of_onnx_is_known():
    from onnx import defs

    assert not [
        one.name for one in defs.get_all_schemas() if one.domain == "" and vocabulary.is_custom("ai.onnx", one.name)
    ]
    assert vocabulary.is_custom("ai.onnx", "NoSuchOperator")
    assert vocabulary.is_custom("com.microsoft", "FusedMatMul")
    assert not vocabulary.is_custom("ai.onnx.ml", "Scaler")


def test_all_rooms_of_our_own_messages_are_known():
    from ascendc import errors

    rooms = re.findall(r"\b(\d\d) [a-zA-Z]", errors.__doc__)
    assert len(rooms) > 10
    for room in rooms:
        assert diagnosis.of_code(f"ASC{room}01").root.id == f"ASC{room}"

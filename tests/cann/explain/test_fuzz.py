"""Whatever is in a log, it is explained or it is said that it cannot be; nothing else is raised."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascendc.cann.explain import diagnosis
from ascendc.cann.explain.logs import Log
from ascendc.cann.explain.seen import Model
from ascendc.cann.explain.statements import QUOTED
from ascendc.cann.outline import Node, Outline, Port
from ascendc.errors import UsageError

MODEL = Model(
    "m.onnx",
    7,
    Outline(
        (Port("x", None, None), Port("y", "int64", ("n", "?", 3))),
        (Port("z", None, ()),),
        (Node("", "", "", (), ()), Node("n", "Add", "", ("x", ""), ("z",)), Node("n", "Add", "", (), ())),
        (("", 99), ("", 13), ("a", -1)),
        0,
    ),
)
PIECES = st.sampled_from(
    [
        *("E10001", "E16002: ", "EZ9999", "E81012", "E20101: ", "W11001: ", "E10016: ", "E19999", "507018", "EQ1234: "),
        *(
            "Inner Error!",
            "Compile op[aipp] failed, cause: ",
            "crop_size_w[2]",
            "optype [a.b::18::C]",
            "ai.onnx::9::",
            "::",
        ),
        *(
            "[PID: 1] 2026-01-02-03:04:05.678.910 ",
            "[ERROR] GE(1,atc.bin):2026 [a.cc:1]1 ",
            "ATC start working now\n",
            "\n",
        ),
        *(
            "[",
            "]",
            "'",
            "/a b/c.onnx",
            "node:n(Add)",
            "--input_shape",
            "soc_version Ascend310P",
            "-1",
            "bf16",
            "ret = ",
        ),
        *(
            "No module named",
            "x.so: cannot open shared object file",
            "Killed",
            "n_ascend_mbatch_batch_1",
            "opname x ",
            "\x1b[3",
        ),
    ]
)
LOGS = st.one_of(
    st.binary(max_size=400),
    st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=40).map(
        lambda parts: "".join(parts).encode(errors="replace")
    ),
)


def survives(content, language, model):
    try:
        found = diagnosis.of_logs([Log("l", content)], language, model)
    except UsageError as error:
        return error.id == "ASC2402"
    assert found.root.cause
    assert found.root.fix
    assert all(len(quote.text) <= QUOTED for quote in found.quoted)
    assert not any(ord(character) < 32 and character != "\t" for quote in found.quoted for character in quote.text)
    return bool(diagnosis.summary(found))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LOGS, st.sampled_from(["en", "zh"]), st.sampled_from([None, MODEL]))
def test_any_log(content, language, model):
    assert survives(content, language, model)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LOGS, st.sampled_from(["en", "zh"]), st.sampled_from([None, MODEL]))
def test_any_log_at_length(content, language, model):
    assert survives(content, language, model)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_any_code(code):
    try:
        said = diagnosis.of_code(code).root.cause
    except UsageError as error:
        said = error.id == "ASC2403"
    assert said


@pytest.mark.soak
@pytest.mark.parametrize(
    "line",
    [
        *(b"\n", b"\0", b"E10001: /a b c d\n", b"E10001: " + b"/ a " * 500 + b"\n", b"E20001: " + b"[" * 2000 + b"\n"),
        *(
            b"[ERROR] GE(1,atc.bin):2026 [a.cc:1]1 aipp Killed 123456 /a b/c\n",
            b"E16002: x\n" + b"  a [b] 'c' op type d\n" * 39,
        ),
    ],
)
def test_large_logs_end(line):
    assert survives(line * ((64 << 20) // len(line)), "en", MODEL)

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascendc.cann.atc.shell import commands


def words(text):
    return [[word.text for word in command.words] for command in commands(text) if command.words]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("atc --a=b", [["atc", "--a=b"]]),
        ("atc --a=\"x y\"'z'\\ w", [["atc", "--a=x yz w"]]),
        ("atc --a \\\n  --b", [["atc", "--a", "--b"]]),
        ("atc --a \\\r\n  --b\r\n", [["atc", "--a", "--b"]]),
        ("atc --a # no --b\natc --c", [["atc", "--a"], ["atc", "--c"]]),
        ("atc --a=b#c", [["atc", "--a=b#c"]]),
        ('atc --a="#c"', [["atc", "--a=#c"]]),
        ("x && atc --a; y | z & w", [["x"], ["atc", "--a"], ["y"], ["z"], ["w"]]),
        ("atc --a > log 2>&1 --b", [["atc", "--a", "--b"]]),
        ("atc --a &>> log", [["atc", "--a"]]),
        ("atc ''", [["atc", ""]]),
        ('atc "a\\$b\\x\\\nc"', [["atc", "a$b\\xc"]]),
        ("cat <<EOF\natc --it's in here\nEOF\natc --a", [["cat"], ["atc", "--a"]]),
        ("cat <<-'END' | sh\n\tatc '\n\tEND\natc --a", [["cat"], ["sh"], ["atc", "--a"]]),
        ("f() { atc --a; }", [["f"], ["{", "atc", "--a"], ["}"]]),
        ("(cd x; atc --a)", [["cd", "x"], ["atc", "--a"]]),
        ("", []),
    ],
)
def test_text_becomes_words(text, read):
    assert words(text) == read


def test_what_stands_inside_comes_behind():
    assert words('x=$(atc --a) bash -c "cd /m && atc --b"') == [
        ["x=$(atc --a)", "bash", "-c", "cd /m && atc --b"],
        ["atc", "--a"],
    ]
    assert words('bash -c "cd /m && atc --b"')[1:] == [["cd", "/m"], ["atc", "--b"]]
    assert words("x=`atc --a`")[1:] == [["atc", "--a"]]


@pytest.mark.parametrize(
    "text", ["$a", "${a:-x}", "$1", "$@", "$(b)", "`b`", '"$a"', "{a,b}", "{1..3}", "<chip>", "{batch size}", "x$a"]
)
def test_what_only_the_shell_or_the_reader_knows(text):
    [command] = [
        command for command in commands(f"atc --m={text}") if command.words[:1] and command.words[0].text == "atc"
    ]
    assert command.words[1].unknown
    assert command.words[1].text == f"--m={text}".replace('"', "")


@pytest.mark.parametrize("text", ["'$a'", "\\$a", "a$", "{a}x"[:0] + "{}", "[1]", "'{a,b}'"])
def test_what_is_plain_text(text):
    [command] = commands(f"atc --m={text}")
    assert not command.words[1].unknown


def test_patterns_of_file_names_show_outside_quotes_only():
    [command] = commands("atc --a=[1~8,3] --b='[1]' --c=*.onnx")
    assert [word.glob for word in command.words] == [False, True, False, True]


def test_lines_are_counted_over_everything_that_holds_them():
    text = "a\n# b\n'x\ny' c \\\n d\ncat <<E\n1\n2\nE\natc --a \\\n  --b\n"
    last = [command for command in commands(text) if command.words][-1]
    assert (last.line, [word.line for word in last.words]) == (10, [10, 10, 11])


@pytest.mark.parametrize(
    ("text", "quote"), [("atc --a='x\natc --b", "'"), ('atc --a="x', '"'), ("atc --a=$(x\nb", "$(")]
)
def test_a_quote_that_nothing_closes_ends_with_its_line(text, quote):
    first, *rest = commands(text)
    assert (first.unclosed, first.words[1].text) == (quote, "--a=x")
    assert [command.words[0].text for command in rest if command.words] == (
        ["atc"] if "--b" in text else ["b"] if "b" in text else []
    )


def test_a_line_behind_an_unclosed_quote_is_counted_once():
    assert [(c.words[0].text, c.line) for c in commands('a "\\\nb\nc') if c.words] == [("a", 1), ("b", 2), ("c", 3)]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab=,:~-. \t'\"\\", max_size=30))
def test_quotes_and_escapes_are_those_of_posix(text):
    try:
        expected = shlex.split(text)
    except ValueError:
        assert any(command.unclosed for command in commands(text)) or text.endswith("\\")
    else:
        assert [word for command in commands(text) for word in (w.text for w in command.words)] == expected


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab \n'\"\\$`;&|()<>#{}-=\r\0é", max_size=60))
def test_any_text_is_read_to_its_end(text):
    for command in commands(text):
        assert all(word.line <= text.count("\n") + 1 for word in command.words)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(st.text(alphabet="ab \n'\"\\$`;&|()<>#{}-=\r\0é", max_size=300))
def test_any_long_text_is_read_to_its_end(text):
    assert list(commands(text))


@pytest.mark.parametrize(
    "text",
    [
        "$(" * 100_000,
        "$(\n" * 100_000,
        '"$(\n' * 100_000,
        "'" * 100_001,
        "\\" * 100_001,
        "<<E\n" * 100_000,
        "(" * 100_000,
        "[" * 100_000,
        "${" * 50_000,
        "cat " + "<<E " * 20_000 + "\n",
    ],
)
def test_texts_that_nothing_closes_take_linear_time(text):
    assert sum(1 for _ in commands(text)) >= 1

# ruff: noqa: E501
import pytest

from ascendc.cann.atc.script import LONGEST, invocations
from ascendc.errors import UsageError


def calls(text):
    return [
        ([word.text for word in call.words], call.line, [f.finding.message for f in call.found])
        for call in invocations(text)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "atc --a=b",
        "/usr/local/Ascend/bin/atc --a=b",
        "${ASCEND_HOME}/bin/atc --a=b",
        "ENV=x PATH=$PATH:y atc --a=b",
        "source set_env.sh && atc --a=b",
        "if ! atc --a=b; then exit 1; fi",
        "for i in 1 2; do atc --a=b; done",
        "sudo -E nohup atc --log=info &",
        "time timeout 600 atc --log=info | tee log",
        "docker exec cann atc --log=info",
        "bash -lc 'cd /m && atc --a=b'",
        "$ atc --a=b",
        "out=$(atc --a=b)",
        "python3 -m ge.pyatc --a=b",
        "$ATC --a=b",
        "root@host:/dir# atc --a=b",
        "(base) user@host:~/m$ atc --a=b",
        "[root@host m]# atc --a=b",
        "  --a=b",
        "pyatc --a=b > log 2>&1",
        "{ atc --a=b; }",
    ],
)
def test_atc_is_found_where_scripts_have_it(text):
    assert calls(text) == [(["--log=info" if "--log" in text else "--a=b"], 1, [])]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "echo atc",
        "# atc --a=b",
        "which atc",
        "type atc",
        "if ! command -v atc &> /dev/null; then exit 1; fi",
        "command -V atc",
        "sudo which atc",
        "docker run --name atc -it image",
        "cat <<E\natc --a=b\nE",
        "aoe --model=m",
        "atcx --a=b",
        "'atc --a'",
    ],
)
def test_text_that_calls_no_atc(text):
    with pytest.raises(UsageError) as caught:
        invocations(text, "`x.sh`")
    assert caught.value.id == "ASC2103"
    assert caught.value.message == "`x.sh` calls no ATC; allowed: `atc --model=…`, or a script that holds such commands"
    assert caught.value.hint.startswith("ascendc atc lint '")


def test_text_that_is_none():
    with pytest.raises(UsageError) as caught:
        invocations("atc --a=b\0")
    assert (caught.value.id, caught.value.message) == (
        "ASC2102",
        "the command line holds NUL bytes, so it is no text; allowed: a shell script, or a command",
    )


def test_text_that_is_longer_than_any_command_line():
    with pytest.raises(UsageError) as caught:
        invocations("atc --a=" + "x" * LONGEST)
    assert (caught.value.id, caught.value.message) == (
        "ASC2101",
        "the command line has more characters than are looked at; allowed: 1048576 (Linux passes at most 131072 bytes in one argument)",
    )


def test_several_commands_each_with_its_line():
    text = "#!/bin/bash\natc --a=1\n\nfor bs in 1 4; do\n  atc \\\n    --a=2\ndone\n"
    assert calls(text) == [(["--a=1"], 2, []), (["--a=2"], 5, [])]


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (
            "atc --input_shape=a:1,3;b:1,4 --output=x",
            ["--input_shape=a:1,3;b:1,4", "--output=x"],
            "is cut short: the shell ends the command at the unquoted `;` behind `--input_shape=a:1,3`",
        ),
        (
            "atc --input_shape a:1,3; b:1,4 --output=x",
            ["--input_shape", "a:1,3;b:1,4", "--output=x"],
            "is cut short: the shell ends the command at the unquoted `;` behind `a:1,3`",
        ),
        (
            "atc --dynamic_dims=1;2",
            ["--dynamic_dims=1;2"],
            "is cut short: the shell ends the command at the unquoted `;` behind `--dynamic_dims=1`",
        ),
        (
            "atc --aicore_num=24|48",
            ["--aicore_num=24|48"],
            "is cut short: the shell ends the command at the unquoted `|` behind `--aicore_num=24`",
        ),
        (
            "atc --input_fp16_nodes=a;b --output=x",
            ["--input_fp16_nodes=a;b", "--output=x"],
            "is cut short: the shell ends the command at the unquoted `;` behind `--input_fp16_nodes=a`",
        ),
        (
            "atc --output=x\n  --model=m",
            ["--output=x", "--model=m"],
            "ends with its line: `--model=m` in line 2 is a command of its own",
        ),
        (
            "atc --output=x \\ \n  --model=m",
            ["--output=x", "--model=m"],
            "has a blank behind the `\\` that ends a line: `--model=m` in line 2 is a command of its own",
        ),
        (
            "atc --output=x\\ \n  --model=m",
            ["--output=x", "--model=m"],
            "has a blank behind the `\\` that ends a line: `--model=m` in line 2 is a command of its own",
        ),
        ("atc --output='x", ["--output=x"], "has a quote, ', that nothing closes"),
    ],
)
def test_a_command_that_the_shell_cuts_short_is_read_on(text, words, message):
    assert calls(text) == [(words, 1, [message])]


@pytest.mark.parametrize(
    "text",
    [
        "atc --output=x; echo done",
        "atc --output=x;echo done",
        "atc --output=x;atc --output=y",
        "atc --output=x;python3 run.py --model=m",
        "atc --output=x; aoe --model=m --framework=5",
        "atc --output=x\npython3 run.py --model=m",
        "atc --output=x | tee log",
        "atc --output=x && mv x.om y.om",
        'atc --input_shape="a:1;b:2"',
    ],
)
def test_a_command_that_ends_where_it_is_meant_to(text):
    [(_, _, found), *_] = calls(text)
    assert found == []


def test_of_a_markdown_page_the_code_blocks_are_read():
    page = (
        "Don't `atc --a=0` it.\n\n```bash\natc --a=1 \\\n  --b\n```\nIt's\n> ```\n> atc\n> ```\n```\natc --a=2\n```\n"
    )
    assert [(words, line) for words, line, _ in calls(page)] == [(["--a=1", "--b"], 4), (["--a=2"], 12)]
    assert calls("atc --a=1 \\\n```\n") == [(["--a=1"], 1, [])]


def test_windows_line_ends_are_said_once():
    first, second = invocations("atc --a=1 \\\r\n --b\r\natc --a=2\r\n")
    assert [word.text for word in first.words] == ["--a=1", "--b"]
    assert [f.finding.message.partition(":")[0] for f in first.found] == ["has Windows line ends"]
    assert second.found == ()


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ("It's\n\n````\natc --log=info\n````\n", 4),
        ("It's\n\n```  \natc --log=info\n```   \n", 4),
        ("It's\n```\nx\n```\n\n1. atc --log=info\n\nIt's.\n", 6),
        ("It's\n```\n\n```bash\natc --log=info\n```\n", 5),
        ("````\n```\natc --log=info\n```\n````\n", 3),
        ("It's no script.\n\n    cd x\n    atc --log=info\n\nDon't.\n", 4),
        ("> ```\n> atc --log=info\n> ```\n", 2),
        ("```\nroot@host:/dir# atc --log=info\n```\n", 2),
        ("Run `atc` here.\n```\n`atc`\natc --log=info\n```\n", 4),
        ("```\natc --log=info \\\n```\n", 2),
    ],
)
def test_pages_as_they_are_published(page, line):
    assert calls(page) == [(["--log=info"], line, [])]


@pytest.mark.parametrize("page", ["Run `atc` so:\n\n```\n  --model  the model\n```\n", "```\n`atc`\n```\n"])
def test_a_page_that_only_speaks_of_atc(page):
    with pytest.raises(UsageError) as caught:
        invocations(page)
    assert caught.value.id == "ASC2103"


def test_a_text_of_more_calls_than_anybody_writes():
    with pytest.raises(UsageError) as caught:
        invocations("atc --log=info\n" * 5001, "`x.sh`")
    assert (caught.value.id, caught.value.message) == (
        "ASC2101",
        "`x.sh` calls ATC more often than is looked at; allowed: 5000 calls",
    )

import pytest

from ascendc.document import read
from ascendc.document.reader import parse
from ascendc.errors import UsageError


def message(text):
    try:
        document = parse(text, "r.yaml")
    except UsageError as error:
        return error.message
    return document.error(document.problems).message


def test_scalars_are_those_of_yaml_1_2_as_editors_read_them():
    text = 'a: off\nb: 2e-4\nc: 010\nd: ~\ne:\nf: "8"\ng: true\nh: 0x1F\ni: 2020-01-01\nj: 1:30\n'
    text += "k: -.5\nl: .inf\nm: !!str 1"
    assert parse(text, "r.yaml").values == {
        "a": "off",
        "b": 2e-4,
        "c": 10,
        "d": None,
        "e": None,
        "f": "8",
        "g": True,
        "h": 31,
        "i": "2020-01-01",
        "j": "1:30",
        "k": -0.5,
        "l": float("inf"),
        "m": "1",
    }


def test_every_field_has_the_line_of_its_key_or_item():
    document = parse("a:\n  b:\n    1\n  c:\n    - x\n    -\n      d: y\n", "r.yaml")
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 4,
        ("a", "c", 0): 5,
        ("a", "c", 1): 7,
        ("a", "c", 1, "d"): 7,
    }


def test_aliases_and_merges_keep_the_line_where_the_text_is():
    document = parse("x: &x {b: 1, c: 2}\ny:\n  <<: *x\n  c: 3\nz: *x\n", "r.yaml")
    assert document.values == {"x": {"b": 1, "c": 2}, "y": {"b": 1, "c": 3}, "z": {"b": 1, "c": 2}}
    assert document.where(("y", "b")) == "r.yaml:1"
    assert document.where(("y", "c")) == "r.yaml:4"
    assert document.where(("z",)) == "r.yaml:5"


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "\ufeff"])
def test_nothing_is_none(text, tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(text)
    assert read(path).values is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\n\tb: 2", "r.yaml:2: a tab where spaces must be; allowed: spaces"),
        ("a: @x", "r.yaml:1: text must not begin with `@`; allowed: the text in quotes"),
        ("a: b: c", "r.yaml:1: a `:` where no key can be; allowed: keys that line up, or text in quotes"),
        ("a: 1\n  b: 2", "r.yaml:2: a `:` where no key can be; allowed: keys that line up, or text in quotes"),
        (
            "a:\n  b: 1\n c: 2",
            "r.yaml:3: indentation that fits no line above; allowed: that of the other keys or items",
        ),
        ("a: 'x\nb: 1", "r.yaml:1: a quote that is never closed"),
        ("a: [1, 2\nb: 3", "r.yaml:1: a list or mapping that `]` must close, or a missing `,`"),
        ("a: {b: 1", "r.yaml:1: a list or mapping that `}` must close, or a missing `,`"),
        ("a: 1\nb", "r.yaml:2: a key without `:`; allowed: `key: value`"),
        ("a: *x", "r.yaml:1: an alias `*x` without an anchor `&x` above it"),
        ("a: 1\n---\nb: 2", "r.yaml:2: a second document behind `---`; allowed: one"),
        ("a: 1\nb: \x01", "r.yaml:2: a control character (U+0001); allowed: text"),
        ("a: ]", "r.yaml:1: an empty place in a list or mapping"),
        ('a: "\\q"', "r.yaml:1: not YAML: found unknown escape character 'q'"),
        ("a: 1\nb: 2\na: 3", "r.yaml:3: a: must not be given twice; it is at line 1 already; allowed: once"),
        ("a:\n  1: x", "r.yaml:2: a: must have keys that are text; allowed: keys in quotes"),
        ("? [a]\n: 2", "r.yaml:1: (file): must have keys that are text; allowed: keys in quotes"),
        ("a:\n  b: !x 1", "r.yaml:2: a.b: must not have the tag `!x`; allowed: no tag"),
        ("a: !!int x", "r.yaml:1: a: must not have the tag `tag:yaml.org,2002:int`; allowed: no tag"),
        (
            "a: !!python/object:os.system x",
            "r.yaml:1: a: must not have the tag `tag:yaml.org,2002:python/object:os.system`; allowed: no tag",
        ),
        ("a: 1\n<<: 2", "r.yaml:2: (file): `<<` must name mappings; allowed: aliases of mappings"),
    ],
)
def test_what_is_not_yaml_is_said_in_plain_words(text, words):
    assert message(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: &a [*a]",
        "a: &a\n  <<: *a",
    ],
)
def test_aliases_that_grow_without_end_are_refused(text):
    assert message(text).endswith(": must not hold more than 10000 fields, 32 deep, aliases counted")


def test_nesting_without_end_is_refused():
    assert message("a: " + "[" * 5000) == "r.yaml: nested too deeply"


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "none.yaml")
    assert caught.value.message == f"{tmp_path}/none.yaml: cannot be read: No such file or directory"
    assert (caught.value.id, caught.value.exit_code) == ("ASC1101", 2)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError) as caught:
        read(tmp_path)
    assert caught.value.message == f"{tmp_path}: cannot be read: Is a directory"


def test_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"# " + b"x" * 256 * 1024)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.message == f"{path}: must not be larger than 256 KiB"


def test_a_file_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.message == f"{path}:2: not UTF-8; allowed: UTF-8 text"

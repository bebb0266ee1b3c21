# ruff: noqa: E501
import pytest

from ascendc.cann.atc.grammar import parse, words_of


def given(*argv):
    options = parse(words_of(argv))
    return {name: one.value for name, one in options.given.items()}


@pytest.mark.parametrize(
    "argv",
    [
        ["--soc_version=X"],
        ["--soc_version", "X"],
        ["-soc_version=X"],
        ["-soc-version", "X"],
        ["--soc-version=X"],
        ["--soc=X"],
        ["--soc_version=Y", "--soc_version=X"],
    ],
)
def test_the_dialects_of_one_option(argv):
    assert given(*argv) == {"soc_version": "X"}


def test_hyphens_are_changed_in_names_only():
    assert given("--input-shape=a-b:1") == {"input_shape": "a-b:1"}
    assert given("--input_shape", "-1,3") == {"input_shape": "-1,3"}


def test_a_flag_takes_a_value_behind_its_equals_sign_only():
    assert given("--raw_ge_options_ignore_unsupported", "--log=info") == {
        "raw_ge_options_ignore_unsupported": "",
        "log": "info",
    }
    assert given("-h") == given("--h") == given("--help") == {"help": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--oo_levle=O1", "usage oo_levle: is not an option of ATC (did you mean `--oo_level`?)"),
        ("--zzz=1", "usage zzz: is not an option of ATC"),
        ("--out=x", "usage out: is not an option of ATC (did you mean `--output`?)"),
        ("-x", "usage -x: is not an option of ATC"),
        ("--log", "usage log: has no value"),
        ("--log --mode=0", "usage log: has no value: `--mode=0` comes next"),
        ("--log = info", "usage log: must not have blanks around `=`: the shell makes them words of their own"),
        ("--log= info", "usage log: has a blank behind `=`, so `info` is no part of it"),
        ("log=info", "usage log: lacks its dashes: `log=info`"),
        ("–log=info", "usage log: has `–log=info`, which begins with a printed dash instead of `--`"),
        ("foo", "usage : has `foo`, which belongs to no option"),
        ("-- foo", "usage : has `foo`, which belongs to no option"),
        ("--log=info \\ ", "usage : has a blank behind the `\\` at the end of a line, so the lines are not joined"),
        ("Ascend$x", "usage : has `Ascend$x`, which belongs to no option"),
        ("--weight=~/x", "E10001 weight: `~/x`: the shell leaves `~` as it is behind `=`, and ATC takes it for a folder's name"),
    ],
)  # fmt: skip
def test_what_atc_or_the_shell_does_not_take(check, text, said):
    assert said in check(text).errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--fusion=x", "advice fusion_switch_file: is shortened to `--fusion`; newer ATC takes that, older ones may not"),
        ("--log=info --log=error", "advice log: is given more than once; ATC takes the last"),
        ("--input_shape=a:[1~8,3]", "advice input_shape: must be quoted: the shell may take `a:[1~8,3]` for a pattern of file names"),
    ],
)  # fmt: skip
def test_what_works_and_is_doubtful(check, text, said):
    result = check(text)
    assert said in result.warnings
    assert result.errors == []


@pytest.mark.parametrize(
    "value",
    [
        "$x",
        "${bs}",
        "a$(id)",
        "`id`",
        "<name>",
        "{chip name}",
        "Ascend***",
        "Ascendxxx",
        "Ascendxxxyy",
        "AscendXXX",
        "AscendXX",
        "XXX",
        "...",
    ],
)
def test_a_value_that_cannot_be_judged_is_no_error(check, value):
    """Whatever the option: its value may be anything, even nothing."""
    for name in ("input_shape", "log", "mode", "soc_version", "output_type", "precision_mode_v2", "dynamic_dims"):
        result = check(f'--precision_mode=force_fp16 --{name}="{value}"')
        assert result.errors == []
        assert f"advice {name}" in result.doubts


def test_words_that_may_hold_more_options(check):
    for text in ('"$@"', "$ARGS", "${common[@]} --log=info", "--$x=1"):
        result = check(text, alone=True)
        assert (result.errors, result.doubts[0]) == ([], "advice ")
    assert check("--log=info", alone=True).codes == [
        "E10007 framework",
        "E10054 soc_version",
        "E10054 model",
        "E10054 output",
    ]


def test_a_home_folder_is_the_shells_where_it_stands_alone(check):
    assert check("--model ~/m.onnx --framework=5 --output=m --soc_version=Ascend310P3", alone=True).errors == []
    assert check("--model=~/m.onnx").codes == ["E10001 model"]
    assert check("--framework=5 --output=m --soc_version=Ascend310P3 --model '~/m.onnx'", alone=True).errors == [
        "E10001 model: `~/m.onnx`: the shell leaves `~` as it is in quotes, and ATC takes it for a folder's name"
    ]

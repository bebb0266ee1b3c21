import pytest

from ascendc.document import override
from ascendc.document.reader import parse
from ascendc.errors import UsageError

TEXT = "model:\n  source: x\n  revision:\ntargets:\n  - soc: a\n    batch: 1\n  - soc: b\n"


def overridden(*settings):
    return override(parse(TEXT, "r.yaml"), settings)


def test_a_value_takes_the_place_of_another_and_says_where_it_came_from():
    document = overridden("targets[0].batch=[1, 8]")
    assert document.values["targets"][0] == {"soc": "a", "batch": [1, 8]}
    assert document.where(("targets", 0, "batch", 1)) == "--set targets[0].batch=[1, 8]"
    assert document.where(("targets", 0, "soc")) == "r.yaml:5"


def test_missing_mappings_are_made():
    document = overridden("targets[1].parts.image.batch=8", "model.revision.x=1")
    assert document.values["targets"][1] == {"soc": "b", "parts": {"image": {"batch": 8}}}
    assert document.values["model"]["revision"] == {"x": 1}
    assert document.where(("targets", 1, "parts")) == "--set targets[1].parts.image.batch=8"


def test_the_last_setting_wins_and_the_document_before_is_untouched():
    before = parse(TEXT, "r.yaml")
    after = override(before, ["model.source=y", "model.source=z"])
    assert (before.values["model"]["source"], after.values["model"]["source"]) == ("x", "z")
    assert after.where(("model", "source")) == "--set model.source=z"


def test_a_value_may_hold_equals_signs_and_spaces():
    assert overridden("model.source=a b=c").values["model"]["source"] == "a b=c"


def test_an_empty_value_is_nothing():
    assert overridden("model.source=").values["model"]["source"] is None


def test_an_empty_file_can_be_filled():
    assert override(parse("", "r.yaml"), ["model.plugin=clip"]).values == {"model": {"plugin": "clip"}}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("verify", "must be a field and its value; allowed: targets[0].parts.image.batch=8"),
        ("=1", "must be a field and its value; allowed: targets[0].parts.image.batch=8"),
        ("a..b=1", "must be a field and its value; allowed: targets[0].parts.image.batch=8"),
        ("targets[x]=1", "must be a field and its value; allowed: targets[0].parts.image.batch=8"),
        ("targets[2].soc=1", "targets[2]: there is no such item; allowed: targets[0], targets[1]"),
        ("model[0]=1", "model: must be a list, not a mapping"),
        ("targets.soc=1", "targets: must be a mapping, not a list (did you mean `targets[0].soc`?)"),
        ("model.source.x=1", "model.source: must be a mapping, not the text `x`"),
        ("model.source=[1", "a list or mapping that `]` must close, or a missing `,`"),
    ],
)
def test_a_setting_that_leads_nowhere(setting, words):
    with pytest.raises(UsageError) as caught:
        overridden(setting)
    assert caught.value.message == f"--set {setting}: {words}"
    assert caught.value.exit_code == 2


def test_an_index_into_an_empty_list():
    with pytest.raises(UsageError) as caught:
        override(parse("targets: []", "r.yaml"), ["targets[0].soc=x"])
    words = "targets[0]: there is no such item; allowed: none, the list is empty"
    assert caught.value.message == f"--set targets[0].soc=x: {words}"


def test_a_tag_in_a_value_is_a_problem_of_the_document():
    document = overridden("model.source=!x 1")
    assert document.error(document.problems).message == (
        "--set model.source=!x 1: model.source: must not have the tag `!x`; allowed: no tag"
    )


def test_an_empty_list_has_no_item_to_suggest():
    with pytest.raises(UsageError) as caught:
        override(parse("targets: []", "r.yaml"), ["targets.soc=x"])
    assert caught.value.message == "--set targets.soc=x: targets: must be a mapping, not a list"

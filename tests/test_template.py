from __future__ import annotations

import shlex
import subprocess

import pytest
from jinja2 import UndefinedError

from ascendc import template


def test_an_undefined_value_is_an_error():
    with pytest.raises(UndefinedError, match="'configs' is undefined"):
        template.render("aipp.cfg.j2")


@pytest.mark.parametrize("word", ["plain", "", "a b", "it's", "$HOME", "`id`", 'a"b', "a\nb", "-n", "é+(x);&|<>*?"])
def test_shquote_makes_one_word_of_anything(word):
    made = template.environment().from_string("printf '%s|' {{ word | shquote }}").render(word=word)
    assert subprocess.run(["bash", "-c", made], capture_output=True, check=True).stdout.decode() == f"{word}|"
    assert template.shquote(word) == shlex.quote(word)


def test_oneline_keeps_a_comment_a_comment():
    assert template.oneline("a\nrm -rf b\r\n c") == "a rm -rf b c"

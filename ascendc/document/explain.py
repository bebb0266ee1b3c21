"""Says in plain words what YAML's parser found."""

from __future__ import annotations

import re

import yaml

# What PyYAML's problem begins with, what it means to the writer, and whether the place that counts is where
# the unfinished thing began.
_WORDS: tuple[tuple[str, str, bool], ...] = (
    (r"found character '\\t'", "a tab where spaces must be; allowed: spaces", False),
    (r"found character '(.)'", "text must not begin with `{0}`; allowed: the text in quotes", False),
    (
        r"mapping values are not allowed",
        "a `:` where no key can be; allowed: keys that line up, or text in quotes",
        False,
    ),
    (r"could not find expected ':'", "a key without `:`; allowed: `key: value`", True),
    (r"expected <block end>", "indentation that fits no line above; allowed: that of the other keys or items", False),
    (r"found unexpected end of stream", "a quote that is never closed", True),
    (r"expected ',' or '(.)'", "a list or mapping that `{0}` must close, or a missing `,`", True),
    (r"found undefined alias '?([^']*)'?", "an alias `*{0}` without an anchor `&{0}` above it", False),
    (r"but found another document", "a second document behind `---`; allowed: one", False),
    (r"while parsing a node|expected the node content", "an empty place in a list or mapping", False),
)


def syntax(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line (from 1) and the words for what `yaml` raised on `text`."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return line, f"a control character (U+{code:04X}); allowed: text"
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return 1, f"not YAML: {error}"
    for pattern, words, began in _WORDS:
        match = re.match(pattern, error.problem or "")
        if match:
            mark = error.context_mark if began and error.context_mark else error.problem_mark
            return mark.line + 1, words.format(*match.groups())
    return error.problem_mark.line + 1, f"not YAML: {error.problem}"

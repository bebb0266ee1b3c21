"""ATC's own command-line grammar: words to options.

Source: CANN 8.1 and later parse with getopt_long (flags of the graph engine as of August 2026): ``--a=b`` or ``--a b``;
``-name`` of two letters or more is ``--name``; hyphens in a name are underscores; a name may be shortened as long as it
is the only one; the last of several wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ascendc.cann.atc.findings import MOST, Found, doubtful, refused
from ascendc.cann.atc.shell import Word
from ascendc.cann.atc.table import USAGE, near, table

_PLACEHOLDER = re.compile(r"<[^<>]+>|\{[^{}]*\}|\*\*\*|X{3,}|(?<=Ascend)[XxYy]{2,}|(?<![a-z])x{3,5}(?![a-z])|\.\.\.|…")
"""What documents write where the reader is to put something: ``<soc_version>``, ``Ascend{chip}``, ``xxx``."""

_SPEC = re.compile(r"-{1,2}[A-Za-z]{2}|-h\b")


@dataclass(frozen=True)
class Given:
    """The value of one option."""

    value: str
    """As ATC gets it; what only the shell can tell stays as it is written: ``Ascend${chip}``."""
    known: bool = True
    """Whether nothing in it depends on the shell or on the reader."""


@dataclass
class Options:
    """All options of one command, and what is wrong with the way they are written."""

    given: dict[str, Given] = field(default_factory=dict)
    """The last of each."""
    found: list[Found] = field(default_factory=list)
    open: bool = False
    """A word such as ``$ARGS`` may hold more options."""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Options:
        """Options that need no shell, by name without dashes."""
        return cls({name: Given(value) for name, value in values.items()})

    def value(self, name: str) -> str | None:
        """Its value; None if it is not given, is empty, or depends on the shell."""
        given = self.given.get(name)
        return given.value if given is not None and given.known and given.value else None

    def has(self, name: str) -> bool:
        """Whether it is given, be its value known or not."""
        return name in self.given and (not self.given[name].known or self.given[name].value != "")

    def is_set(self, name: str) -> bool:
        """Whether it has a known value that is not as good as none."""
        value = self.value(name)
        return value is not None and not table()[name].is_off(value)

    def may_be(self, name: str) -> bool:
        """Whether it may be given for all we can tell."""
        return self.open or self.has(name)


def parse(words: Sequence[Word]) -> Options:
    """The options that `words` (without ``atc`` itself) say."""
    options = Options()
    seen: set[str] = set()
    rest = iter(range(len(words)))
    for index in rest:
        if len(options.found) >= MOST:
            options.open = True
            break
        word = words[index]
        if _is_expansion(word):
            options.open = True
            options.found.append(_unjudged("", word.text))
        elif not word.text.startswith("-") or word.text == "-":
            options.found.append(_positional(word, words[index - 1] if index else None))
        elif word.text == "--":
            options.found += [_positional(other, None) for other in words[index + 1 :]]
            break
        else:
            following = words[index + 1] if index + 1 < len(words) else None
            if _take(word, following, options, seen):
                next(rest, None)
    return options


def _take(word: Word, following: Word | None, options: Options, seen: set[str]) -> bool:
    """Add the option that `word` begins; True if `following` was its value."""
    said, equals, value = spelled(word.text).partition("=")
    name, found = _named(said)
    options.found += found
    if name is None:
        return not equals and following is not None and not following.text.startswith("-") and not following.unknown
    unknown, taken = word.unknown, False
    if not equals and table()[name].kind != "flag":
        if following is None or (not following.unknown and _SPEC.match(following.text) and is_option(following.text)):
            options.found.append(_missing(name, following))
            return False
        value, unknown, taken = following.text, following.unknown, True
    if name in seen:
        text = "is given more than once; ATC takes the last"
        options.found.append(doubtful(name, text, f"leave one: --{name}={value}"))
    seen.add(name)
    if value == "=" and taken:
        text = "must not have blanks around `=`: the shell makes them words of their own"
        options.found.append(refused(USAGE, name, text, f"--{name}=…"))
        return True
    placeholder = not unknown and _PLACEHOLDER.search(value) is not None
    if unknown or placeholder:
        options.found.append(_unjudged(name, value))
    options.found += _shell_hazards(name, value, word, following if taken else None)
    expanded = taken and following is not None and not following.quoted and value.startswith("~/")
    options.given[name] = Given(value, not unknown and not placeholder and not expanded)
    return taken


def spelled(text: str) -> str:
    """Dashes as ATC makes them: ``-model=a-b`` is ``--model=a-b``, ``--soc-version`` is ``--soc_version``."""
    text = re.sub(r"^-(?=[A-Za-z]{2})", "--", text)
    if not re.match(r"--[A-Za-z]{2}", text):
        return text
    name, equals, value = text.partition("=")
    return f"--{name[2:].replace('-', '_')}{equals}{value}"


def _named(said: str) -> tuple[str | None, list[Found]]:
    name = said.removeprefix("--")
    if name in table():
        return name, []
    if name in ("h", "-h"):
        return "help", []
    matches = _shortened(name) if said.startswith("--") else []
    if len(matches) == 1:
        text = f"is shortened to `{said}`; newer ATC takes that, older ones may not"
        return matches[0], [doubtful(matches[0], text, f"--{matches[0]}")]
    guess = near(name)
    meant = f" (did you mean `--{guess}`?)" if guess else ""
    fix = f"--{guess}" if guess else "ascendc atc docs  (lists all)"
    return None, [refused(USAGE, name, f"is not an option of ATC{meant}", fix)]


def _shortened(name: str) -> list[str]:
    return [option for option in table() if option.startswith(name)] if name else []


def is_option(text: str) -> bool:
    """Whether `text` begins with an option that ATC has."""
    said = spelled(text).partition("=")[0]
    name = said.removeprefix("--")
    return said in ("-h", "--h") or (said != name and (name in table() or len(_shortened(name)) == 1))


def _is_expansion(word: Word) -> bool:
    """Whether the word may become any option: nothing but what is unknown stands before its ``=``."""
    name = word.text.partition("=")[0]
    return word.unknown and word.first_unknown <= len(name) and not name[: word.first_unknown].strip("-")


def _missing(name: str, following: Word | None) -> Found:
    before = f": `{following.text[:60]}` comes next" if following is not None else ""
    return refused(USAGE, name, f"has no value{before}", f"--{name}=…, or leave it out")


def _positional(word: Word, before: Word | None) -> Found:
    text = word.text[:80]
    if not text.strip():
        message = "has a blank behind the `\\` at the end of a line, so the lines are not joined"
        return refused(USAGE, "", message, "remove the blank behind `\\`")
    if text.startswith(("–", "—")):
        guess = near(text.partition("=")[0])
        message = f"has `{text}`, which begins with a printed dash instead of `--`"
        return refused(USAGE, guess or "", message, f"--{guess or text.lstrip('–—')}")
    if before is not None and before.text.endswith("=") and before.text.startswith("-"):
        name = spelled(before.text).strip("-=")
        message = f"has a blank behind `=`, so `{text}` is no part of it"
        return refused(USAGE, name, message, f"{before.text}{text}")
    bare = text.partition("=")[0]
    if bare in table():
        return refused(USAGE, bare, f"lacks its dashes: `{text}`", f"--{text}")
    fix = "put it in quotes with the value it belongs to, or leave it out"
    return refused(USAGE, "", f"has `{text}`, which belongs to no option", fix)


def _unjudged(name: str, value: str) -> Found:
    text = f"cannot be judged: `{value[:60]}` holds what only the shell, or the reader, can tell"
    return doubtful(name, text, "check the command as it is run: put `echo` before it")


def _shell_hazards(name: str, value: str, word: Word, separate: Word | None) -> Iterator[Found]:
    holder = separate or word
    if holder.glob:
        text = f"must be quoted: the shell may take `{value[:60]}` for a pattern of file names"
        yield doubtful(name, text, f'--{name}="{value}"')
    if value.startswith("~/") and (separate is None or separate.quoted):
        where = "behind `=`" if separate is None else "in quotes"
        text = f"`{value[:60]}`: the shell leaves `~` as it is {where}, and ATC takes it for a folder's name"
        yield refused("E10001", name, text, f"--{name}=$HOME{value[1:]}")


def words_of(argv: Iterable[str]) -> tuple[Word, ...]:
    """Words that no shell reads any more."""
    return tuple(Word(text, 1, quoted=True) for text in argv)

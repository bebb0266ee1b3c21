"""What each option's value may be, one option by itself.

Source: the parser's list of values and ATC's own checks (graph engine, August 2026). Which code ATC answers is in the
option table; releases differ in it more than in what they refuse.
"""

from __future__ import annotations

import difflib
import re

from ascendc.cann.atc.findings import Found, Rule, doubtful, refused
from ascendc.cann.atc.grammar import Options
from ascendc.cann.atc.table import Option, table
from ascendc.cann.version import Cann

_ACCEPTED = re.compile(r"[A-Za-z0-9./_\-\u4e00-\u9fa5]*")
"""What ATC takes in the real path of a file."""

_TRUE, _FALSE = ("1", "t", "true", "y", "yes", "on"), ("0", "f", "false", "n", "no", "off")
_PATH_MAX = 4096
_INPUT_FORMATS = {
    "0": ("NCHW", "ND"),
    "1": ("NCHW",),
    "3": ("NCHW", "NHWC", "ND", "NCDHW", "NDHWC"),
}
"""What other frameworks than ONNX take; MindSpore's is ignored, whatever it is."""

_TUNING_ENDED = (6, 0)
"""Published scripts for CANN 5 tune with ``auto_tune_mode``; with which release it went is written nowhere."""


def rules(options: Options, cann: Cann | None = None) -> Rule:
    """What is wrong with single values, with options that are gone, going, or too new."""
    for name, given in options.given.items():
        option = table()[name]
        if given.known and not (name == "input_format" and _takes_other_formats(options)):
            yield from value(option, given.value)
        yield from _age(option, cann)
    yield from _other_formats(options)
    if (output := options.value("output")) is not None and not options.has("singleop"):
        yield from _output(output)


def _takes_other_formats(options: Options) -> bool:
    """Whether the model is not ONNX for all we can tell."""
    return options.value("framework") in (*_INPUT_FORMATS, None) and options.has("framework")


def value(option: Option, text: str) -> Rule:
    """What is wrong with `text` as the value of `option`, nothing else being known."""
    if not text:
        if option.allowed:
            yield doubtful(option.name, "has an empty value, which newer ATC refuses", f"leave out --{option.name}")
        elif option.kind in ("file", "text"):
            yield doubtful(option.name, "has an empty value: it is as if not given", f"leave out --{option.name}")
    elif option.allowed and text not in option.allowed:
        yield _not_allowed(option, text)
    elif option.kind == "int" and not option.allowed and not text.isdecimal():
        message = f"must not be `{text[:60]}`; allowed: digits only"
        yield refused("E10003", option.name, message, f"--{option.name}=0")
    elif option.kind == "flag" and text.lower() not in _TRUE[:-1] + _FALSE[:-1]:
        allowed = ", ".join(_TRUE[:-1] + _FALSE[:-1])
        yield refused("E10003", option.name, f"must not be `{text[:60]}`; allowed: {allowed}", f"--{option.name}=true")
    yield from _path(option, text)
    yield from _special(option, text)


def _not_allowed(option: Option, text: str) -> Found:
    message = f"must not be `{text[:60]}`; allowed: {', '.join(option.allowed)}"
    meant = _meant(option, text)
    if text in option.older:
        older = f"is `{text}`, which earlier releases took and newer ones refuse; allowed: {', '.join(option.allowed)}"
        return doubtful(option.name, older, f"--{option.name}={option.allowed[0]}", option.code)
    fix = f"--{option.name}={meant}" if meant else f"ascendc atc docs {option.name}"
    guess = f" (did you mean `{meant}`?)" if meant and option.kind == "enum" else ""
    return refused(option.code, option.name, f"{message}{guess}", fix)


def _meant(option: Option, text: str) -> str | None:
    """The allowed value that `text` most likely stands for: another dialect of yes and no, another case, a slip."""
    key = text.strip().lower()
    for words, meanings in ((_TRUE, ("true", "1")), (_FALSE, ("false", "0"))):
        if key in words and (found := [word for word in meanings if word in option.allowed]):
            return found[0]
    by_case = {word.lower(): word for word in option.allowed}
    near = difflib.get_close_matches(key, by_case, 1)
    return by_case[near[0]] if near else None


def _path(option: Option, text: str) -> Rule:
    if option.kind != "file" or _ACCEPTED.fullmatch(text) or text.startswith("~/"):
        return  # of `~` the grammar speaks: whether it is expanded hangs on the shell
    wrong = re.sub(_ACCEPTED, "", text)[0]
    message = f"`{text[:80]}` holds `{wrong}`; allowed in paths: a-z A-Z 0-9 . / _ - and common CJK characters"
    fix = f"rename, or link to the folder's content from a path such as /tmp/{option.name}"
    if option.checked:
        yield refused("E10001", option.name, message, fix)
    else:
        yield doubtful(option.name, f"{message} where ATC checks a path", fix)


def _special(option: Option, text: str) -> Rule:
    name = option.name
    if name == "static_model_ops_lower_limit" and not (re.fullmatch(r"-?\d{1,18}", text) and int(text) >= -1):
        yield refused("E10001", name, f"must not be `{text[:60]}`; allowed: whole numbers from -1", f"--{name}=4")
    elif name == "multi_stream_parallel_mode" and not re.fullmatch(
        r"cv|(LoadBalance|MainStream):([1-9]|[1-5]\d|6[0-4])", text
    ):
        allowed = "cv, LoadBalance:N, MainStream:N with N from 1 to 64"
        yield refused("E10001", name, f"must not be `{text[:60]}`; allowed: {allowed}", f"--{name}=cv")
    elif name == "allow_hf32" and text in option.allowed:
        yield doubtful(name, "is reserved: the documents say that this release does not support it", f"drop --{name}")
    elif name == "device_id" and not text.isdecimal():
        yield doubtful(name, f"is `{text[:60]}`; expected: the number of a device", f"--{name}=0")


def _output(text: str) -> Rule:
    """Of an OM; with ``--singleop`` it is a folder."""
    if text.endswith(("/", "\\")):
        yield refused("E10022", "output", f"`{text[:80]}` lacks a file name behind the folder", f"--output={text}model")
    if len(text) > _PATH_MAX:
        message = f"has {len(text)} characters; allowed: {_PATH_MAX}"
        yield refused("E10021", "output", message, "--output=model")
    if text.endswith((".om", ".onnx")):
        bare = text.rpartition(".")[0]
        yield doubtful("output", f"ends in `{text[len(bare) :]}`; ATC adds `.om` to it", f"--output={bare}")
    elif ".om" in text:
        message = "holds `.om`: where ATC adds the platform to the name, it does so before the first `.om`"
        yield doubtful("output", message, "choose a path without it")


def _age(option: Option, cann: Cann | None) -> Rule:
    name, instead = option.name, f"; {option.instead} took its place" if option.instead else ""
    if option.status == "removed":
        message = f"is gone from ATC{instead}"
        if cann is not None and cann.version < _TUNING_ENDED:
            yield doubtful(name, f"{message}; CANN {cann} may still have it", f"drop --{name}")
        else:
            yield refused(option.code, name, message, f"drop --{name}")
    elif option.status == "deprecated":
        yield doubtful(name, f"is deprecated{instead}", f"ascendc atc docs {option.instead or name}")
    if option.since and (cann is None or cann.version <= (9, 0)):
        which = f"CANN {cann}" if cann else "CANN 8.1"
        message = f"is new: it was seen in ATC's source of {option.since}; {which} may not know it"
        yield doubtful(name, message, "atc --help  (lists what it knows)")


def _other_formats(options: Options) -> Rule:
    framework, text = options.value("framework"), options.value("input_format")
    if text is None or framework not in _INPUT_FORMATS or text in _INPUT_FORMATS[framework]:
        return
    allowed = ", ".join(_INPUT_FORMATS[framework])
    if framework == "1":
        yield doubtful("input_format", f"is ignored for a MindSpore model; taken: {allowed}", "drop --input_format")
    else:
        message = f"must not be `{text[:60]}` for --framework={framework}; allowed: {allowed}"
        yield refused("E10001", "input_format", message, f"--input_format={_INPUT_FORMATS[framework][0]}")

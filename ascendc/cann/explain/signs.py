"""What is recognised by its text: failures that have no code, and causes that a code leaves open.

Patterns name what a release does not word differently: fields, options, files, functions, messages of the system.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from ascendc.cann.explain import table, vocabulary

_OPEN = ("E10001", "E20101", "E10054")
"""Codes that stand for many checks of options."""

_FILES = ("E10001", "E10410", "E13001", "E13026")

_AIPP_CODES = ("E81012", "E10052")
"""Codes that stand for many checks of AIPP."""

_PARSER = ("E16002", "E19010", "EZ9010")
"""Codes for an operator that no parser takes."""

_LEFT_PYTHON = ("asynchat", "asyncore", "distutils", "imp", "smtpd")
"""Modules that Python 3.12 no longer has."""

_OF_PYTHON = "|".join(map(re.escape, sorted(sys.stdlib_module_names - set(_LEFT_PYTHON))))

_AIPP_KERNEL = re.compile(r"(?i)\bop\s*\[?aipp\b")
"""So the kernel of AIPP begins what it refuses, whatever code it comes in."""


@dataclass(frozen=True)
class _Sign:
    topic: str
    pattern: re.Pattern[str]
    codes: tuple[str, ...] | None = None
    """Only together with these; None: with any and with none. Its group `input` is none if ATC has such an option."""


def _any(topic: str, pattern: str) -> _Sign:
    return _Sign(topic, re.compile(pattern))


_SYSTEM = (
    _any("flag-unknown", r"unknown (?:command line )?flag\b"),
    _any("flag-no-value", r"flag '[^']*' is missing"),
    _any("flag-stray", r"Non-option parameter"),
    _any("atc-missing", r"\batc: (?:command )?not found|\batc：?: ?(?:未找到命令|command not found)"),
    _any("driver-missing", r"\blib(?:ascend_hal|drvdsmi_host|dcmi|mmpa)\.so[^\n]*(?:cannot open|No such file)"),
    _any("driver-missing", r"loading shared libraries: lib(?:ascend_hal|drvdsmi_host|dcmi|mmpa)\.so"),
    _any("library-missing", r"error while loading shared libraries|\.so[.\d]*: cannot open shared object file"),
    _any("libraries-mixed", r"\bundefined symbol\b"),
    _any("glibc-old", r"version `?'?(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+'? not found"),
    _any("python-too-new", r"FrameLocalsProxy"),
    _any("python-too-new", rf"No module named '?(?:{'|'.join(_LEFT_PYTHON)})\b(?!\.\w)"),
    _any("python-argv", r"module 'sys' has no attribute 'argv'"),
    _any("numpy-too-new", r"\bnp\.(?:float_|float|int|bool|object)\b[^\n]*removed|numpy[^\n]* no attribute '\w+'"),
    _any("python-broken", rf"No module named '?(?:{_OF_PYTHON})(?![\w.])"),
    _any("python-module", r"No module named\b"),
    _any("python-import", r"\bImportError: cannot import\b"),
    _any("killed", r"(?:^|\d\s+|\s)(?:Killed|已杀死)\b(?:\s|$)|oom-kill|Out of memory: Kill|\b(?:exit )?status 137\b"),
    _any("killed", r"\bby signal 9\b|SIGKILL"),
    _any("out-of-memory", r"\bbad_alloc\b|Cannot allocate memory|\bMemoryError\b|无法分配内存"),
    _any("disk-full", r"No space left on device|Disk quota exceeded|设备上没有空间"),
    _any(
        "compiler-missing",
        r"(?:\bgcc|\bg\+\+|\bccec|\bcc1plus|\bld\.lld)'?:?\s[^\n]{0,60}(?:not found|No such file|未找到)",
    ),
    _any("compiler-missing", r"No such file or directory: '(?:[^']*/)?(?:gcc|g\+\+|ccec|ld\.lld)'"),
    _any(
        "headers-missing", r"\bfatal error: '?(?:[a-z_]+|(?:bits/|std)[\w/+-]+\.h)'?:? (?:file not found|No such file)"
    ),
    _any("worker-died", r"\bBrokenPipeError\b|\bBrokenProcessPool\b"),
    _any("not-set-up", r"\bASCEND_OPP_PATH\b(?!=)[^\n]{0,60}\b(?:invalid|not|empty|null|fail\w*)\b"),
    _any("opp-version", r"(?i)(?<![\w/])opp (?:version|\w* ?package)\b[^\n]*\b\d+\.\d+\.[^\n]*\b\d+\.\d+\."),
    _any("folder-invalid", r"(?i)\bdir(?:ectory)? path\b[^\n]{0,40}\binvalid\b"),
    _any("permission", r"Permission denied|权限不够"),
    _any("om-other-soc", r"ModelCheckCompatibility"),
)
"""What fails around ATC; it is the cause whatever else is said."""

_OPTIONS = (
    _Sign("precision-soc", re.compile(r"(?i)bf16|bfloat16"), _OPEN),
    _Sign("soc-unknown", re.compile(r"(?i)soc_?version[^\n]*\bAscend\w*\d|\bAscend\w*\d[^\n]*soc_?version"), _OPEN),
    _any("soc-unknown", r"AscendCheckSoCVersion[^\n]*not found"),
    _Sign("symbolic-input", re.compile(r"(?is)^(?!.*dynamic_)(?=.*-1\b)(?=.*input_?shape)"), ("E10001",)),
    _Sign(
        "symbolic-input",
        re.compile(r"(?i)\bvalue\s*\[?-1\b\]?[^\n]{0,20}\bparameter\s*\[(?P<input>(?!--)[^\[\]\n]+)\]"),
        ("E10001",),
    ),
    _Sign("dynamic-shape", re.compile(r"(?i)\bdynamic shape\b[^\n]{0,20}\bnot support"), ("EZ3002", "EZ3003")),
    _Sign("not-set-up", re.compile(r"\bhost_env_os\b[^\n]*\blinux\b|\blinux\b[^\n]*\bhost_env_os\b"), ("E10001",)),
    _Sign("path-characters", re.compile(r"\[/[^\]\n]*[^A-Za-z0-9./_\-\u4e00-\u9fa5\]\n][^\]\n]*\]"), _FILES),
    _Sign(
        "path-characters",
        re.compile(
            r"(?<![\w./\[])/[\w./-]*(?<!\.onnx)(?<!\.om)(?<!\.cfg)(?<!\.json)[ +@=~:,()#%&]"
            r"(?:(?! (?:is|for|has|of|in|to|and|not|does|by) )[^\[\]\n]){0,120}?\.(?:onnx|om|cfg|json)\b"
        ),
        _FILES,
    ),
)

_AIPP = (
    _any("aipp-mode", r"\baipp_mode\b|\bmax_src_image_size\b|\binput_format\b[^\n]*\bset"),
    _any("aipp-input", r"\brelated_input"),
    _any("aipp-csc", r"\bcsc_switch\b|\bmatrix_r\d|\b(?:in|out)put_bias"),
    _any("aipp-even", r"(?i)\beven\b|multiples? of 2\b"),
    _any("aipp-range", r"\b(?:mean|min)_chn|\bvar_reci|\bpadding_value\b"),
    _any("aipp-padding", r"(?i)max padding|\bpadding\b[^\n]*\b(?:32|1080|4096)\b(?![^\n]*\bcrop_size)"),
    _any("aipp-crop", r"\bload_start_pos"),
    _any("aipp-resize", r"\bresize_(?:in|out)put|\bresize\b[^\n]*\b(?:only|Hi\d|not support)"),
    _any("aipp-size", r"\bcrop_size|_padding_size\b"),
    _any("aipp-source", r"\bsrc_image_size[^\n]*(?:4096|greater|> ?0|within|range)"),
    _any("aipp-size", r"\bsrc_image_size"),
    _any("aipp-format", r"\binput_format\b|\b(?:RGB|YUV|ARGB|XRGB|YUYV|AYUV|RAW|NC1HWC0)\w*\b"),
)
"""By the fields that the AIPP kernel names in what it refuses; the first that fits."""

_KEY = re.compile(r"\b([A-Za-z][\w.]*)::\d+::(\w+)")
"""What is looked up among parsers."""

_DTYPES = (_any("dtypes-differ", r"DtypeSame\b|(?i:\bdtypes?\b)[^\n]{0,60}(?i:\bsame\b)|\btype1\W{1,3}DT_"),)

_UNCODED = (*_DTYPES, _any("E20001", r"(?i)\bcompile op\b[^\n]*\bop ?type\b"))
"""What most releases have a code for."""

_INNER = (
    *_DTYPES,
    _any("shape-inference", r"(?i)infer_?shape"),
    _any("tiling", r"\b[Tt]iling\b|:\w*[Tt]iling\w*\]"),
)
"""By functions in the text of an internal error."""

WORDS = (
    *("unknown", "is missing", "Non-option", "not found", "No such file", r"\.so", "undefined symbol"),
    *("fatal error", "FrameLocalsProxy", "numpy", r"np\.", "No module named", "ImportError"),
    *("has no attribute 'argv'", "Killed", "oom-kill", "Out of memory", "status 137", "signal 9", "SIGKILL"),
    *("bad_alloc", "Cannot allocate", "MemoryError", "BrokenP", "No space left", "Disk quota"),
    *("Permission denied", "dir path", "directory path", "ASCEND_OPP_PATH", "AscendCheckSoCVersion"),
    *("ModelCheckCompatibility", "aipp", "ai.onnx::", "ompile [Oo]p ", "dtype of inputs", "已杀死"),
    *("无法分配内存", "设备上没有空间", "权限不够", "未找到"),
)
"""One of these patterns is in every line with a sign and no code; each begins with what is searched for fast."""


def sign(text: str, code: str | None) -> table.Entry | None:
    """The topic that `text`, said with or without a code, is about; None if no sign is in it."""
    for group in (_SYSTEM, _OPTIONS):
        for one in group:
            if (one.codes is None or code in one.codes) and _is_in(text, one):
                return table.entry(one.topic)
    return _of_aipp(text, code) or _unparsed(text, code) or _inner(text, code)


def _of_aipp(text: str, code: str | None) -> table.Entry | None:
    """What AIPP refuses."""
    if code not in _AIPP_CODES and not _AIPP_KERNEL.search(text):
        return None
    return _first(_AIPP, text.partition("cause")[2] or text)


def _unparsed(text: str, code: str | None) -> table.Entry | None:
    """Whether the operator that no parser takes is one of ONNX at all."""
    if code is not None and code not in (*_PARSER, table.INTERNAL):
        return None
    key = _KEY.search(text)
    if key is None:
        return None
    return table.entry("operator-custom" if vocabulary.is_custom(key[1], key[2]) else _PARSER[0])


def _inner(text: str, code: str | None) -> table.Entry | None:
    """What an internal error, or a line without a code, is about."""
    if code is None:
        return _first(_UNCODED, text)
    known = table.entry(code)
    if known is None or known.depth != table.WRAPPER:
        return None
    return _first(_INNER, text)


def _first(signs: tuple[_Sign, ...], text: str) -> table.Entry | None:
    return next((table.entry(one.topic) for one in signs if _is_in(text, one)), None)


def _is_in(text: str, one: _Sign) -> bool:
    found = one.pattern.search(text)
    return found is not None and not vocabulary.is_option(found.groupdict().get("input") or "")

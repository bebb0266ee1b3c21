"""The options of one ATC run, and the command line they make."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUCCESS = "ATC run success"
"""Start of the line with which ATC says that it succeeded; what follows differs by release."""

ERROR_LINE = re.compile(r"^(?:\[PID: \d+\] \S+ )?(?:[A-Za-z_]+\()?(E[0-9A-Z]\d{4})\b")
"""A line that names an error. Newer releases put process and time before it, the newest a title too."""

PYTHON_ERRORS = ("E40000", "E40002", "E40020", "EC0010")
"""The embedded Python is too old, or lacks a module."""

PATH_CHARACTERS = re.compile(r"[A-Za-z0-9./_-]+")
"""What ATC accepts in an absolute path (E10001 otherwise); CJK, which it also accepts, is left out for old shells."""

_DEFAULTS = {"op_compiler_cache_mode": "enable", "log": "error"}
"""What is set unless the recipe says otherwise: compiled operators are kept, and the plog names causes. Where files are
given it holds warnings, too: what of ``keep_dtype`` is not in the graph is said in one (`ascendc.cann.atc.ignored`)."""


@dataclass(frozen=True)
class InputShape:
    """One item of ``--input_shape``."""

    name: str
    dims: tuple[int, ...]
    """NCHW for images, as the graph has it; -1 first where the batch is in gears; empty for a scalar."""

    def __str__(self) -> str:
        """``pixel_values:8,3,224,224``."""
        return f"{self.name}:{','.join(map(str, self.dims))}"


@dataclass(frozen=True)
class OptionFile:
    """A file that an option names. Its text is kept with the options: it decides what is compiled as they do."""

    option: str
    """``keep_dtype``."""
    name: str
    """Of the file, wherever it lies: letters, digits and ``._-``."""
    text: str


@dataclass(frozen=True)
class AtcOptions:
    """All options of one run but the paths."""

    soc_version: str
    input_format: str
    """``NCHW`` or ``ND``."""
    input_shape: tuple[InputShape, ...]
    """Every graph input, in order."""
    precision_mode: str
    """Empty: it is not known yet."""
    gears: tuple[int, ...] = ()
    """``--dynamic_batch_size``: at least two, ascending; empty for a static batch."""
    small_channel: bool = False
    """``--enable_small_channel=1``."""
    high_performance_ops: tuple[str, ...] = ()
    """Operator types for ``--optypelist_for_implmode``."""
    extra: tuple[tuple[str, str], ...] = ()
    """Options of the recipe's own, by name; they never repeat one of the above."""
    files: tuple[OptionFile, ...] = ()
    """What is said in files beside the model."""

    def argv(
        self, model: str, output: str, aipp: str | None = None, cache: str | None = None, files: str = ""
    ) -> tuple[str, ...]:
        """ATC's arguments, ``--name=value``, in an order that never changes.

        Args:
            model: path of the ONNX file.
            output: path of the OM, without its suffix.
            aipp: path of the AIPP configuration, if there is one.
            cache: folder of ATC's operator cache; None: ATC's own, under the home directory.
            files: what stands before the names of `files` in their paths.
        """
        defaults = {**_DEFAULTS, **({"log": "warning"} if self.files else {})}
        settings = [
            ("framework", "5"),
            ("model", model),
            ("output", output),
            ("soc_version", self.soc_version),
            ("input_format", self.input_format),
            ("input_shape", ";".join(map(str, self.input_shape))),
            ("dynamic_batch_size", ",".join(map(str, self.gears))),
            ("insert_op_conf", aipp or ""),
            ("precision_mode", self.precision_mode),
            *((file.option, f"{files}{file.name}") for file in self.files),
            ("enable_small_channel", "1" if self.small_channel else ""),
            ("op_select_implmode", "high_performance" if self.high_performance_ops else ""),
            ("optypelist_for_implmode", ",".join(self.high_performance_ops)),
            ("op_compiler_cache_dir", cache or ""),
            *(item for item in defaults.items() if item[0] not in dict(self.extra)),
            *self.extra,
        ]
        return tuple(f"--{name}={value}" for name, value in settings if value)


def accepts_path(path: str) -> bool:
    """Whether ATC takes `path`, which must be absolute and free of links: it looks at the real path."""
    return PATH_CHARACTERS.fullmatch(path) is not None

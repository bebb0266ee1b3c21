"""The operators of the CANN that is installed here, read from its own files.

Reading rules: CANN 8.1, and newer releases that split an op store into several files. ATC reads the same files, so what
they say is no forecast of ours.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ascendc.cann.operators import table
from ascendc.cann.operators.installed import CUSTOM_AICPU, Install, families
from ascendc.cann.operators.table import Engine, Kernel, Mapped, Operators, Store, Types
from ascendc.errors import UsageError

PLUGIN_KEY = re.compile(rb"([\w.]{1,64})::(\d{1,4})::(\w{1,128})")
"""What a plugin registers an ONNX operator under, as plain text in its library: domain, version, name."""

_TYPES = {"float": "float32", "double": "float64", "bf16": "bfloat16"}
"""CANN's names where they are not numpy's."""


def read(install: Install, family: str) -> Operators | None:
    """The operators for `family`; None if CANN's own for it are not installed.

    Raises:
        UsageError: a file cannot be read (ASC2322).
    """
    if family not in families(install):
        return None
    own = install.own.op_impl
    custom = [(package.name, package.op_impl) for package in install.custom]
    engines = [
        *(Engine("aicore", f"AI Core ({name})", core(impl / "ai_core/tbe/config" / family)) for name, impl in custom),
        Engine("aicore", "AI Core", with_computed(family, core(own / "ai_core/tbe/config" / family))),
        Engine(
            "aicore",
            "vector core",
            core(own / "vector_core/tbe/config") or core(own / "vector_core/tbe/config" / family),
        ),
        Engine("aicore", "DSA", core(own / "dsa_core/config" / family)),
        *(Engine("aicpu", f"AI CPU ({name})", cpu(impl.glob(CUSTOM_AICPU))) for name, impl in custom),
        Engine(
            "aicpu", "AI CPU", cpu(own.glob("aicpu/*/config/aicpu_kernel.json"), own.glob("aicpu/config/aicpu_*.json"))
        ),
        Engine("aicpu", table.AICPU["aicpu_tf"], cpu(own.glob("aicpu/tf_kernel/config/tf_kernel.json"))),
    ]
    return Operators(
        family,
        tuple(engine for engine in engines if engine.store),
        mapping(plugin_keys(install)),
        table.local(),
        table.becomes(),
        f"live: {install.opp}",
        live=True,
        fused=table.fused(),
    )


def core(folder: Path) -> Store:
    """An AI Core store: every file of the folder; ``legacy`` ones first, then shorter names; later ones override."""
    files = sorted(folder.glob("*.json"), key=lambda file: ("legacy" not in file.name, len(file.name), file.name))
    found = {name: entry for file in files for name, entry in _entries(file)}
    return {name: _core_kernel(entry) for name, entry in found.items() if _has_kernel(entry)}


def cpu(*files: Iterable[Path]) -> Store:
    """An AI CPU store."""
    return {name: _cpu_kernel(entry) for group in files for file in sorted(group) for name, entry in _entries(file)}


def with_computed(family: str, store: Store) -> Store:
    """`store`, with the types that ascendc's table has where the operator's own code decides, not its entry."""
    try:
        known = table.bundled(family).engines[0].store
    except UsageError:
        return store
    return {name: _completed(kernel, known.get(name)) for name, kernel in store.items()}


def plugin_keys(install: Install) -> frozenset[tuple[str, int, str]]:
    """Domain, version and name of every ONNX operator that the plugins register."""
    folders = [package.plugins for package in (install.own, *install.custom)]
    return frozenset(key for folder in folders for file in sorted(folder.glob("*.so")) for key in scan(file))


def scan(library: Path) -> Iterator[tuple[str, int, str]]:
    """What one plugin registers. Nothing of it is run.

    Raises:
        UsageError: it cannot be read (ASC2322).
    """
    try:
        with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for match in PLUGIN_KEY.finditer(data):
                domain, version, name = match.groups()
                yield "" if domain == b"ai.onnx" else domain.decode(), int(version), name.decode()
    except ValueError:  # mmap refuses an empty file
        return
    except OSError as error:
        raise UsageError("ASC2322", f"CANN's `{library}` cannot be read: {error.strerror}") from error


def mapping(keys: frozenset[tuple[str, int, str]]) -> Mapping[tuple[str, str], Mapped]:
    """The ONNX operators of these plugins; what they become is known from ascendc's own table alone.

    Without a key (statically linked plugins) that table is all there is.
    """
    if not keys:
        return table.onnx()
    opsets: dict[tuple[str, str], set[int]] = {}
    for domain, version, name in keys:
        opsets.setdefault((domain, name), set()).add(version)
    known, nothing = table.onnx(), Mapped(frozenset(), {})
    return {key: replace(known.get(key, nothing), opsets=frozenset(found)) for key, found in opsets.items()}


def _entries(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError("ASC2322", f"CANN's `{file}` cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError("ASC2322", f"CANN's `{file}` is no JSON: {error}", hint="reinstall CANN") from error
    if not isinstance(document, dict):
        raise UsageError("ASC2322", f"CANN's `{file}` is no list of operators", hint="reinstall CANN")
    return ((str(name), entry) for name, entry in document.items() if isinstance(entry, dict))


def _has_kernel(entry: Mapping[str, Any]) -> bool:
    """Whether there is code, and not only a type for the graph engine to know (``opFile`` is ``Null``)."""
    file = entry.get("opFile")
    return not isinstance(file, dict) or str(file.get("value", "")).lower() != "null"


def _core_kernel(entry: Mapping[str, Any]) -> Kernel:
    inputs = _ports(entry, "input")
    return Kernel(
        tuple(_types(port.get("dtype")) for port in inputs),
        tuple(_types(port.get("dtype")) for port in _ports(entry, "output")),
        tuple(index for index, port in enumerate(inputs) if port.get("paramType") == "dynamic"),
        dynamic=_flag(entry, "dynamicShapeSupport") == "true",
        black=_flag(entry, "precision_reduce") == "false",
        choosy=_flag(entry, "needCheckSupport") == "true",
    )


def _cpu_kernel(entry: Mapping[str, Any]) -> Kernel:
    inputs, variadic = _ports(entry, "input"), _ports(entry, "dynamic_input")
    ports = [*inputs, *variadic]
    outputs = [*_ports(entry, "output"), *_ports(entry, "dynamic_output")]
    return Kernel(
        tuple(_types(port.get("type")) for port in ports),
        tuple(_types(port.get("type")) for port in outputs),
        tuple(range(len(inputs), len(ports))),
    )


def _ports(entry: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """``input0``, ``input1`` … in order."""
    found = [
        (int(name.removeprefix(kind)), port) for name, port in entry.items() if re.fullmatch(rf"{kind}\d{{1,4}}", name)
    ]
    return [port for _, port in sorted(found, key=lambda pair: pair[0]) if isinstance(port, dict)]


def _types(text: Any) -> Types | None:
    """``float,int32`` and ``DT_FLOAT,DT_INT32``; None where there is nothing."""
    names = [name.strip().lower().removeprefix("dt_") for name in str(text or "").split(",")]
    return frozenset(_TYPES.get(name, name) for name in names if name) or None


def _flag(entry: Mapping[str, Any], name: str) -> str:
    """``"needCheckSupport": {"flag": "true"}``; capitals vary."""
    found = entry.get(name)
    return str(found.get("flag", "")).lower() if isinstance(found, dict) else ""


def _completed(kernel: Kernel, known: Kernel | None) -> Kernel:
    if known is None or None not in (*kernel.inputs, *kernel.outputs) or len(known.inputs) != len(kernel.inputs):
        return kernel
    return replace(kernel, inputs=known.inputs, outputs=known.outputs, computed=known.computed)

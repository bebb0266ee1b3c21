"""A file that is called an OM: what it really is, and what is in it."""

from __future__ import annotations

import mmap
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ascendc.cann.om import om2, tlv
from ascendc.cann.om.attributes import Attributes
from ascendc.cann.om.container import MAGIC, MODEL_TYPES, Container, DamagedError, Partition
from ascendc.cann.om.container import read as read_container
from ascendc.cann.om.definition import Definition
from ascendc.cann.om.facts import SIMULATED, Aipp, Om, PartitionSize
from ascendc.cann.om.interface import Interface
from ascendc.errors import UsageError
from ascendc.protobuf import Content, TornError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMEWORKS = {0: "caffe", 1: "mindspore", 3: "tensorflow", 5: "onnx"}
"""``--framework`` by number."""

_BUNDLE, _LITE = 5, 4
"""Model types that AscendCL's usual calls do not load."""

_MODEL_DEF, _INOUT = 0, 8
"""Partition types."""


def read(path: Path) -> Om:
    """What the file at `path` is and holds.

    Raises:
        UsageError: there is no such file (ASC2361), it is no OM (ASC2362, ASC2364), or it is a damaged one (ASC2363,
            ASC2365).
    """
    with _mapped(path) as data:
        if data[:4] == om2.MAGIC:
            return om2.read(path)
        _refuse_others(path, data)
        try:
            container = read_container(data)
            return _om(data, container)
        except (DamagedError, TornError) as error:
            raise UsageError(
                "ASC2363",
                f"`{path}` is a damaged OM: {error}",
                hint="copy it again in binary mode, or compile it again",
            ) from error


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data
    except FileNotFoundError as error:
        raise UsageError("ASC2361", f"the file `{path}` does not exist") from error
    except OSError as error:
        raise UsageError("ASC2361", f"the file `{path}` cannot be read: {error.strerror}") from error
    except ValueError as error:  # mmap refuses an empty file
        raise UsageError("ASC2362", f"`{path}` is no OM: it is empty") from error


def _refuse_others(path: Path, data: Content) -> None:
    """Say what a file is that is called an OM and is none."""
    head = data[:256]
    if head[:4] == MAGIC:
        return
    hint = None
    if head[:4] == b"PICO":
        what = "a model for HiSilicon's SVP (SS928, Hi3403): AscendCL does not load it"
    elif head.startswith(b"version https://git-lfs"):
        what, hint = "a pointer of Git LFS, not the file itself", "git lfs pull"
    elif len(data) < 256 and b"\0" not in head and b"/" in head:
        what = f"a text, perhaps a symbolic link that was checked out as a file: {head[:80].decode(errors='replace')!a}"
    elif head[:1] == b"\x08" or b"onnx" in head or b"pytorch" in head:
        what, hint = "perhaps an ONNX model", f"ascendc check {path} --soc Ascend310P3"
    else:
        what = f"it begins with {bytes(head[:4])!a} instead of {MAGIC!a}"
    raise UsageError("ASC2362", f"`{path}` is no OM: {what}", hint=hint)


def _om(data: Content, container: Container) -> Om:
    header = container.header
    partitions = tuple(partition for model in container.models for partition in model)
    definition = _definition(data, container)
    said = Attributes({}) if definition is None else definition.attributes
    interface = _interface(data, container, definition)
    framework = said.values.get("framework_type")
    host = [said.text(name) for name in ("host_env_os", "host_env_cpu")]
    return Om(
        kind="om",
        simulated=said.text(SIMULATED) is not None,
        soc_version=said.text("soc_version"),
        atc_version=said.text("atc_version"),
        atc_cmdline=said.text("atc_cmdline"),
        inputs=interface.inputs,
        outputs=interface.outputs,
        gears=interface.gears,
        partitions=tuple(PartitionSize(partition.type, partition.size) for partition in partitions),
        arch_type=said.text("arch_type"),
        opp_version=said.text("opp_version"),
        framework=_framework(framework),
        host="_".join(filter(None, host)) if all(host) else None,
        name=header.name or None,
        models=header.models,
        encrypted=header.encrypted,
        dynamic=header.dynamic,
        memory_size=said.number("memory_size"),
        weight_size=said.number("weight_size"),
        aipp=() if definition is None else _aipp(definition),
        notes=_notes(container),
    )


def _framework(value: object) -> str | None:
    """Files write the number of ``--framework``, as a number or as text."""
    text = str(value) if isinstance(value, int | str) else ""
    return FRAMEWORKS.get(int(text), text) if text.isdecimal() else text or None


def _first(container: Container, number: int) -> Partition | None:
    found = [part for model in container.models[:1] for part in model if part.number == number]
    return found[0] if found else None


def _definition(data: Content, container: Container) -> Definition | None:
    part = _first(container, _MODEL_DEF)
    return None if part is None else Definition(data, part.start, part.end)


def _interface(data: Content, container: Container, definition: Definition | None) -> Interface:
    """From the file's own list; older files have none, and their graph says it."""
    part = _first(container, _INOUT)
    if part is not None:
        return tlv.read(data[part.start : part.end])
    return Interface((), ()) if definition is None else definition.interface()


def _aipp(definition: Definition) -> tuple[Aipp, ...]:
    found = []
    for op in definition.ops:
        mode, settings = op.attributes.text("_data_related_aipp_mode"), op.attributes.values.get("aipp")
        if mode is not None and mode != "dynamic_aipp_conf":
            inner = settings.values if isinstance(settings, Attributes) else {}
            found.append(Aipp(op.name, mode, {name: _said(value) for name, value in inner.items()}))
    return tuple(found)


def _said(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _notes(container: Container) -> tuple[str, ...]:
    header, notes = container.header, []
    if header.encrypted:
        notes.append("it is encrypted: what is in it cannot be read, and it loads only with its key")
    if header.model_type == _BUNDLE:
        notes.append("it is a bundle of models: only AscendCL's bundle calls load it")
    elif header.model_type == _LITE:
        notes.append("it is for phones (HiAI): AscendCL does not load it")
    elif header.model_type >= len(MODEL_TYPES):
        notes.append(f"its model type {header.model_type} is unknown")
    if header.models > 1:
        notes.append(f"it holds {header.models} models; inputs and outputs are the first one's")
    if header.dynamic:
        notes.append("its shapes are open: it loads only beside the operator package that it was compiled with")
    return tuple(notes)

"""A file that is called an OM: what it really is, and what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascendc.cann.om import aipp, om2, tlv
from ascendc.cann.om.attributes import Attributes
from ascendc.cann.om.command import cann_version
from ascendc.cann.om.container import MAGIC, MODEL_TYPES, Container, DamagedError, ForeignError, Header
from ascendc.cann.om.container import read as read_container
from ascendc.cann.om.definition import Definition
from ascendc.cann.om.facts import SIMULATED, Om, PartitionSize
from ascendc.cann.om.interface import Interface
from ascendc.errors import UsageError
from ascendc.protobuf import Content, TornError, opened

if TYPE_CHECKING:
    from pathlib import Path

FRAMEWORKS = {"0": "caffe", "1": "mindspore", "3": "tensorflow", "5": "onnx"}
"""``--framework`` by number."""

_MODEL_DEF, _INOUT, _SUBMODEL = 0, 8, 24
"""Partition types."""

_SHORT = 4096
"""Bytes that a path has at most; a link that was checked out as a file is shorter."""


def read(path: Path) -> Om:
    """What the file at `path` is and holds.

    Raises:
        UsageError: there is no such file (ASC2361), it is no OM (ASC2362, ASC2364), or it is a damaged one (ASC2363,
            ASC2365).
    """
    try:
        with opened(path) as data:
            if data[:4] == om2.MAGIC:
                return om2.read(path)
            if data[:4] != MAGIC:
                raise _other(path, data)
            return _om(data)
    except FileNotFoundError as error:
        raise UsageError("ASC2361", f"the file `{path}` does not exist") from error
    except OSError as error:
        raise unread(path, error) from error
    except ForeignError as error:
        raise UsageError("ASC2362", f"`{path}` is no OM: {error}") from error
    except (DamagedError, TornError) as error:
        raise UsageError(
            "ASC2363", f"`{path}` is a damaged OM: {error}", hint="copy it again in binary mode, or compile it again"
        ) from error


def unread(path: Path, error: OSError) -> UsageError:
    """That a file cannot be read, and why (ASC2361)."""
    return UsageError("ASC2361", f"the file `{path}` cannot be read: {error.strerror}")


def _other(path: Path, data: Content) -> UsageError:
    """What a file is that is called an OM and is none."""
    head, hint = data[:256], None
    line = data[:_SHORT].strip().decode(errors="replace") if len(data) <= _SHORT else ""
    if not head:
        what = "it is empty"
    elif head[:4] == b"PICO":
        what = "a model for HiSilicon's SVP (SS928, Hi3403): AscendCL does not load it"
    elif head.startswith(b"version https://git-lfs"):
        what, hint = "a pointer of Git LFS, not the file itself", "git lfs pull"
    elif line.isprintable() and ("/" in line or line.endswith(".om")):
        what = f"a text, perhaps a symbolic link that was checked out as a file: {line[:80]!a}"
    elif head[:1] == b"\x08" or b"onnx" in head or b"pytorch" in head:
        what, hint = "perhaps an ONNX model", f"ascendc check {path} --soc Ascend310P3"
    else:
        what = f"it begins with {head[:4]!a} instead of {MAGIC!a}"
    return UsageError("ASC2362", f"`{path}` is no OM: {what}", hint=hint)


def _om(data: Content) -> Om:
    container = read_container(data)
    header, shown = container.header, _shown(data, container)
    part = shown.first(_MODEL_DEF)
    definition = None if part is None else Definition(data, part.start, part.end)
    said = Attributes({}) if definition is None else definition.attributes
    interface = _interface(data, shown, definition)
    command = said.text("atc_cmdline")
    host = [said.text(name) for name in ("host_env_os", "host_env_cpu")]
    return Om(
        kind="om",
        simulated=said.text(SIMULATED) is not None,
        soc_version=said.text("soc_version"),
        atc_version=said.text("atc_version"),
        atc_cmdline=command,
        inputs=interface.inputs,
        outputs=interface.outputs,
        gears=interface.gears,
        partitions=tuple(PartitionSize(container.name(part), part.size) for part in container.partitions),
        cann_version=cann_version(command),
        opp_version=said.text("opp_version"),
        arch_type=said.text("arch_type"),
        framework=_framework(said),
        host="_".join(filter(None, host)) if all(host) else None,
        name=shown.header.name or None,
        model_type=container.type,
        models=header.models,
        encrypted=header.encrypted or shown.header.encrypted,
        dynamic=shown.header.dynamic,
        memory_size=said.number("memory_size"),
        weight_size=said.number("weight_size"),
        aipp=() if definition is None else aipp.of_ops(definition.ops),
        notes=_notes(header, shown.header),
    )


def _shown(data: Content, container: Container) -> Container:
    """What faces the caller: the OM itself; of a bundle, its first model."""
    part = container.first(_SUBMODEL)
    if part is None or not container.header.bundle:
        return container
    inner = read_container(data, part.start, part.end)
    if inner.header.bundle:
        raise DamagedError("it is a bundle whose first model is a bundle")
    return inner


def _interface(data: Content, shown: Container, definition: Definition | None) -> Interface:
    """From the file's own list; older files have none, and their graph says it."""
    part = shown.first(_INOUT)
    if part is not None and not shown.header.phone:
        return tlv.read(data, part)
    return Interface((), ()) if definition is None else definition.interface()


def _framework(said: Attributes) -> str | None:
    """Files name it, or write the number of ``--framework``, as a number or as text."""
    number, name = said.number("framework_type"), said.text("framework_type")
    text = name or ("" if number is None else str(number))
    return FRAMEWORKS.get(text, text.lower()) or None


def _notes(header: Header, shown: Header) -> tuple[str, ...]:
    notes = []
    if header.encrypted or shown.encrypted:
        notes.append("it is encrypted: what is in it cannot be read, and it loads only with its key")
    if header.bundle:
        notes.append("it is a bundle of models: only AscendCL's bundle calls load it")
    elif header.phone:
        notes.append("it is for phones (Kirin, HiAI): AscendCL does not load it")
    elif header.model_type >= len(MODEL_TYPES):
        notes.append(f"its model type {header.model_type} is unknown")
    if header.models > 1:
        notes.append(f"it holds {header.models} models; inputs and outputs are the first one's")
    if shown.dynamic:
        notes.append("its shapes are open: it loads only beside the operator package that it was compiled with")
    return tuple(notes)

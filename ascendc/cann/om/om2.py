"""OM2 (``atc --mode=7``, from 2026): a ZIP archive with what the caller sees as JSON. Read, never unpacked.

Source: the graph engine (August 2026); no such file has been met outside of it.
"""

from __future__ import annotations

import json
import shlex
import zipfile
from typing import TYPE_CHECKING, Any

from ascendc.cann.om.facts import Om, PartitionSize
from ascendc.cann.om.interface import Gears, Port
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"PK\x03\x04"

_MOST_JSON = 8 << 20
"""Bytes of a JSON file in the archive; a larger one is not believed."""
_MOST_FILES = 20_000


def read(path: Path) -> Om:
    """What the archive says.

    Raises:
        UsageError: it is some other archive (ASC2364), or a damaged one (ASC2365).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = archive.infolist()[:_MOST_FILES]
            manifest = _json(archive, files, "manifest.json", path)
            metas = [file.filename for file in files if file.filename.endswith("/model_meta.json")]
            meta = _json(archive, files, sorted(metas)[0], path) if metas else {}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise UsageError("ASC2365", f"`{path}` is a damaged OM2: {error}") from error
    if "om2_version" not in manifest:
        raise UsageError("ASC2364", f"`{path}` is no OM: it is a ZIP archive without the manifest of an OM2")
    command = manifest.get("atc_command")
    command = command if isinstance(command, str) else None
    return Om(
        kind="om2",
        simulated=False,
        soc_version=_option(command, "soc_version"),
        atc_version=None,
        atc_cmdline=command,
        inputs=_ports(meta.get("inputs")),
        outputs=_ports(meta.get("outputs")),
        gears=_gears(meta),
        partitions=tuple(PartitionSize(file.filename, file.file_size) for file in files if not file.is_dir()),
        name=meta.get("name") if isinstance(meta.get("name"), str) else None,
        models=manifest["model_num"] if isinstance(manifest.get("model_num"), int) else 1,
        memory_size=meta.get("work_size") if isinstance(meta.get("work_size"), int) else None,
        notes=("an OM2 needs an AscendCL from 2026 on",),
    )


def _json(archive: zipfile.ZipFile, files: list[zipfile.ZipInfo], name: str, path: Path) -> dict[str, Any]:
    """The object in a file of the archive, which may lie in one folder at the top."""
    found = [file for file in files if file.filename == name or file.filename.partition("/")[2] == name]
    if not found:
        return {}
    if found[0].file_size > _MOST_JSON:
        raise UsageError("ASC2365", f"`{path}` is a damaged OM2: `{name}` has {found[0].file_size} bytes")
    with archive.open(found[0]) as file:
        raw = file.read(_MOST_JSON + 1)
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UsageError("ASC2365", f"`{path}` is a damaged OM2: `{name}` is no JSON") from error
    return content if isinstance(content, dict) else {}


def _ports(records: object) -> tuple[Port, ...]:
    ports = []
    for record in records if isinstance(records, list) else ():
        if isinstance(record, dict):
            text = {key: record[key] for key in ("name", "data_type", "format") if isinstance(record.get(key), str)}
            size = record.get("size")
            ports.append(
                Port(
                    text.get("name", ""),
                    _ints(record.get("shape")),
                    text["data_type"].lower().removeprefix("dt_") if "data_type" in text else None,
                    text.get("format"),
                    size if isinstance(size, int) else None,
                )
            )
    return tuple(ports)


def _ints(value: object) -> tuple[int, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(one, int) for one in value) else None


def _gears(meta: dict[str, Any]) -> Gears | None:
    listed = meta.get("dynamic_batch_info")
    kind = {1: "batch", 2: "image", 3: "dims"}.get(meta.get("dynamic_type", 0))
    if not isinstance(listed, list) or kind is None:
        return None
    values = tuple(value for one in listed if (value := _ints(one if isinstance(one, list) else [one])) is not None)
    return Gears(kind, values)  # type: ignore[arg-type]  # the three words of the table above


def _option(command: str | None, name: str) -> str | None:
    try:
        words = shlex.split(command or "")
    except ValueError:
        return None
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
        if word == f"--{name}":
            return following
    return None

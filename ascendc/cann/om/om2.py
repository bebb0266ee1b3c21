"""OM2 (``atc --mode=7``, from 2026): a ZIP archive with what the caller sees as JSON. Read, never unpacked.

Source: the graph engine's writer, ``om2_zip_saver.cc`` (August 2026); no such file has been met outside of it.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from ascendc.cann.om import aipp
from ascendc.cann.om.command import cann_version, option
from ascendc.cann.om.facts import Aipp, Om, PartitionSize
from ascendc.cann.om.interface import GEAR_KINDS, Gears, Port
from ascendc.cann.om.types import SERIAL_DTYPES
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"PK\x03\x04"

_MOST_JSON = 4 << 20
"""Bytes of a JSON file in the archive; a larger one is not believed."""

_MOST_READ = 4 << 20
"""Bytes that are read of it at once: its directory, and each of its JSON files as it is stored."""

_MOST_FILES = 1 << 14
"""Files in the archive; each is listed, and costs memory."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How its writer compresses; only these are unpacked piece by piece."""

_AIPP_MODES = {1: "static_aipp", 2: "dynamic_aipp"}
"""``aipp_type``; 3 is the input through which dynamic AIPP is set."""

_NO_SETTINGS = ("index", "aipp_type", "aipp_data_index", "aipp_inputs", "aipp_outputs")
"""Fields of an AIPP record that no configuration has, beside those that begin with ``orig_``."""

_Record = dict[str, Any]


class _Pieces(io.FileIO):
    """A file that is read in pieces only: zipfile takes the whole directory of an archive at once, of whatever size."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file's.

        Raises:
            ValueError: more than `_MOST_READ` bytes are asked for.
        """
        left = os.fstat(self.fileno()).st_size - self.tell()
        asked = left if size is None or size < 0 else min(size, left)
        if asked > _MOST_READ:
            raise ValueError(f"a piece of it has {asked} bytes; allowed: {_MOST_READ}")
        return super().read(asked) or b""


def read(path: Path) -> Om:
    """What the archive says.

    Raises:
        UsageError: it is some other archive (ASC2364), or a damaged one (ASC2365).
    """
    try:
        with _Pieces(path) as file, zipfile.ZipFile(file) as archive:
            files = archive.infolist()
            if len(files) > _MOST_FILES:
                raise ValueError(f"it holds {len(files)} files; allowed: {_MOST_FILES}")
            manifest = _json(archive, files, "manifest.json")
            metas = [file.filename for file in files if file.filename.endswith("/model_meta.json")]
            meta = _json(archive, files, min(metas, key=lambda name: (len(name), name))) if metas else {}
    # What zipfile raises on bytes that are no archive; its headers and zlib's streams are read by C code.
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        OverflowError,
        RuntimeError,
        ValueError,
    ) as error:
        raise UsageError(
            "ASC2365", f"`{path}` is a damaged OM2: {error}", hint="copy it again in binary mode, or compile it again"
        ) from error
    if "om2_version" not in manifest:
        raise UsageError("ASC2364", f"`{path}` is no OM: it is a ZIP archive without the manifest of an OM2")
    command = _text(manifest.get("atc_command"))
    inputs = _ports(meta.get("inputs"))
    return Om(
        kind="om2",
        simulated=False,
        soc_version=option(command, "soc_version"),
        atc_version=None,
        atc_cmdline=command,
        inputs=inputs,
        outputs=_ports(meta.get("outputs")),
        gears=_gears(meta),
        partitions=tuple(
            PartitionSize(file.filename, file.file_size) for file in files if not file.filename.endswith("/")
        ),
        cann_version=cann_version(command),
        name=_text(meta.get("name")),
        models=(_number(manifest.get("model_num")) or 1) if metas else 0,
        memory_size=_number(meta.get("work_size")),
        aipp=_aipp(meta, inputs),
        notes=("an OM2 needs an AscendCL from 2026 on", *(() if metas else ("it holds no model",))),
    )


def _json(archive: zipfile.ZipFile, files: list[zipfile.ZipInfo], name: str) -> _Record:
    """The object in a file of the archive, which may lie in one folder at the top; empty if there is no such file.

    Raises:
        ValueError: it is too large, or no JSON.
    """
    found = next((file for file in files if name in (file.filename, file.filename.partition("/")[2])), None)
    if found is None:
        return {}
    if found.compress_type not in _METHODS:
        raise ValueError(f"`{name}` is compressed by method {found.compress_type}, which no OM2 uses")
    if found.file_size > _MOST_JSON:
        raise ValueError(f"`{name}` has {found.file_size} bytes; allowed: {_MOST_JSON}")
    with archive.open(found) as file:
        raw = file.read(_MOST_JSON)
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"`{name}` is no JSON") from error
    return content if isinstance(content, dict) else {}


def _ports(records: object) -> tuple[Port, ...]:
    return tuple(
        Port(
            _text(record.get("name")) or "",
            # Where gears leave axes open, `shape` is that of the largest.
            _numbers(record.get("origin_input_dims")) or _numbers(record.get("shape")),
            SERIAL_DTYPES.get(_text(record.get("data_type")) or ""),
            _text(record.get("format")),
            _number(record.get("size")) or None,
        )
        for record in _records(records)
    )


def _gears(meta: _Record) -> Gears | None:
    kind = GEAR_KINDS.get(_number(meta.get("dynamic_type")) or 0)
    listed = meta.get("dynamic_batch_info")
    if kind is None or not isinstance(listed, list):
        return None
    values = tuple(value for one in listed if (value := _numbers(one if isinstance(one, list) else [one])))
    return Gears(kind, values) if values else None


def _aipp(meta: _Record, inputs: tuple[Port, ...]) -> tuple[Aipp, ...]:
    found = []
    about = meta.get("aipp")
    for record in _records(about.get("aipp_infos") if isinstance(about, dict) else None):
        mode, index = _AIPP_MODES.get(_number(record.get("aipp_type")) or 0), _number(record.get("index"))
        if mode is not None and index is not None and index < len(inputs):
            plain = {
                _clean(name): _clean(value) if isinstance(value, str) else value
                for name, value in record.items()
                if name not in _NO_SETTINGS and not name.startswith("orig_") and isinstance(value, str | int | float)
            }
            found.append(Aipp(inputs[index].name, mode, aipp.spelled(plain)))
    return tuple(found)


def _records(value: object) -> list[_Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return _clean(value) if isinstance(value, str) and value else None


def _clean(text: str) -> str:
    """A text without halves of surrogate pairs, which JSON can hold and no file or terminal takes."""
    return text.encode(errors="replace").decode()


def _number(value: object) -> int | None:
    """A size or an index, which the manifest writes as text."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 1 << 63 else None


def _numbers(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not all(type(one) is int and abs(one) < 1 << 63 for one in value):
        return None
    return tuple(value)

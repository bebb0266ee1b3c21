"""Dumps of what flows between operators, written as a device writes them; each says that it is simulated.

Source of the settings: the documents of ``aclInit`` and ``aclmdlSetDump`` (2026); of the files: `ascendc.cann.dump`.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ascendc.cann.dump.folder import MAPPING, written
from ascendc.cann.dump.message import SIMULATED
from ascendc.protobuf import message, number, varint
from ascendc.sim.device.codes import INVALID_PARAM, AclError
from ascendc.sim.numbers import PROTO

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

_ND = 2
_LONGEST = 255
"""Bytes of a file's name."""


@dataclass(frozen=True)
class Operator:
    """A node of the graph that is dumped."""

    name: str
    type: str
    inputs: tuple[str, ...]
    """Tensors; those that are no weights."""
    outputs: tuple[str, ...]


@dataclass
class Dumping:
    """What a program asked to be dumped."""

    folder: Path
    mode: Literal["input", "output", "all"]
    layers: Mapping[str, tuple[str, ...]]
    """By model name the nodes; none: all of them."""
    begun: str = field(default_factory=lambda: time.strftime("%Y%m%d%H%M%S"))
    runs: dict[int, int] = field(default_factory=dict)
    """By model id, how many were dumped."""

    @classmethod
    def of(cls, document: Any) -> Dumping | None:
        """From ``acl.json``; None: it asks for no dump of models.

        Raises:
            AclError: the folder is missing, or a value is none that is allowed.
        """
        section = document.get("dump") if isinstance(document, dict) else None
        listed = section.get("dump_list") if isinstance(section, dict) else None
        if not isinstance(section, dict) or not isinstance(listed, list) or not listed:
            return None
        folder, mode = Path(str(section.get("dump_path", ""))), section.get("dump_mode", "output")
        if not section.get("dump_path") or not folder.is_dir():
            raise AclError(INVALID_PARAM, f"dump_path `{folder}` is no folder")
        if mode not in ("input", "output", "all"):
            raise AclError(INVALID_PARAM, f"dump_mode must be input, output or all, not {mode!r}")
        named = [one for one in listed if isinstance(one, dict) and one.get("model_name")]
        return cls(folder, mode, {str(one["model_name"]): tuple(one.get("layer", ())) for one in named})

    def wants(self, model: str) -> bool:
        """Whether a model of this name is dumped."""
        return model in self.layers

    def write(
        self, device: int, name: str, model: int, operators: Sequence[Operator], tensors: Mapping[str, Array]
    ) -> None:
        """Write one run: a file for each operator.

        Args:
            device: its number.
            name: of the model.
            model: its id.
            operators: in order.
            tensors: by name.
        """
        run = self.runs.get(model, 0)
        self.runs[model] = run + 1
        folder = self.folder / self.begun / str(device) / written(name) / str(model) / str(run)
        folder.mkdir(parents=True, exist_ok=True)
        only = self.layers[name]
        for task, operator in enumerate(operators):
            if not only or operator.name in only:
                _write(folder, task, operator, self._content(operator, tensors))

    def _content(self, operator: Operator, tensors: Mapping[str, Array]) -> bytes:
        taken = [tensors[name] for name in operator.inputs if name in tensors] if self.mode != "output" else []
        made = [(index, tensors[name]) for index, name in enumerate(operator.outputs) if name in tensors]
        made = made if self.mode != "input" else []
        head = message(1, b"2.0") + number(2, time.time_ns() // 1000)
        head += b"".join(message(3, _output(operator, index, array)) for index, array in made)
        head += b"".join(message(4, _input(array)) for array in taken)
        head += message(6, operator.name.encode())
        head += message(7, message(1, SIMULATED.encode()) + message(2, b"1"))
        arrays = (*taken, *(array for _, array in made))
        return len(head).to_bytes(8, "little") + head + b"".join(array.tobytes() for array in arrays)


def operators_of(content: bytes) -> tuple[Operator, ...]:
    """The nodes of an ONNX file, as far as a device runs them."""
    import onnx

    graph = onnx.load_model_from_string(content).graph
    weights = {tensor.name for tensor in graph.initializer}
    return tuple(
        Operator(
            node.name or node.output[0],
            node.op_type,
            tuple(name for name in node.input if name and name not in weights),
            tuple(node.output),
        )
        for node in graph.node
        if node.op_type != "Constant"
    )


def watched(content: bytes, operators: Iterable[Operator]) -> bytes:
    """The ONNX file with everything that its nodes make as an output."""
    import onnx

    model = onnx.load_model_from_string(content)
    known = {value.name for value in model.graph.output}
    made = dict.fromkeys(name for operator in operators for name in operator.outputs if name and name not in known)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    whole: bytes = model.SerializeToString()
    return whole


def _write(folder: Path, task: int, operator: Operator, content: bytes) -> None:
    name = f"{written(operator.type)}.{written(operator.name)}.{task}.0.{time.time_ns() // 1000}"
    if len(name.encode()) > _LONGEST:
        alias = f"{zlib.crc32(name.encode()):010d}{task:010d}"
        with (folder / MAPPING).open("a", encoding="utf-8") as file:
            file.write(f"{alias},{name}\n")
        name = alias
    (folder / name).write_bytes(content)


def _output(operator: Operator, index: int, array: Array) -> bytes:
    """An OpOutput: data_type 1, format 2, shape 3, original_op 4, size 6, original_shape 7."""
    dtype = number(1, PROTO.get(str(array.dtype), 0)) + number(2, _ND)
    origin = message(1, operator.name.encode()) + number(2, index)
    shape = _shape(array)
    return dtype + message(3, shape) + message(4, origin) + number(6, array.nbytes) + message(7, shape)


def _input(array: Array) -> bytes:
    """An OpInput: data_type 1, format 2, shape 3, size 5, original_shape 6."""
    dtype = number(1, PROTO.get(str(array.dtype), 0)) + number(2, _ND)
    return dtype + message(3, _shape(array)) + number(5, array.nbytes) + message(6, _shape(array))


def _shape(array: Array) -> bytes:
    return message(1, b"".join(map(varint, array.shape)))

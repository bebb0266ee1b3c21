"""Write ascendc's tables of operators anew from an installed CANN.

    source set_env.sh; python -m ascendc.cann.operators.rebuild FOLDER

It writes `operators.json` and `operators_onnx.json` into FOLDER: the op stores of every family that is installed,
reduced to what the check needs, and the ONNX operators that the installed plugins register. What those become, the
positions of their tensors and their limits are in no file of CANN's: they are kept from ascendc's own table.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ascendc.cann.operators import installed, live, table
from ascendc.cann.operators.table import Kernel, Store, Types
from ascendc.cann.outline import DTYPES

_KNOWN = frozenset(DTYPES.values())
_SHORT = 5
"""Entries that a line may hold."""
_FLAGS = (("d", "dynamic"), ("b", "black"), ("p", "computed"), ("c", "choosy"))

SCHEMA = {
    "types": "lists of element types (numpy's names) that the entries refer to by position",
    "local": "GE types that need no kernel",
    "stores": "kernels by GE type: AI Core by family, and the AI CPU, which serves every family",
    "in, out": "by input and output, the position of its list in `types`; null: the operator's own code says",
    "variadic": "inputs that stand for any number of tensors",
    "flags": "d: takes unknown shapes; b: mixed precision leaves it alone; p: lists from running its "
    "op_select_format outside of CANN, not confirmed; c: its check_supported may still refuse",
}


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Write both tables; returns the exit code."""
    install = installed.find(environment)
    if install is None or len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder, name = Path(arguments[0]), f"CANN at {install.opp}"
    text = stores_text(stores(install), name, f"op stores of {name}")
    (folder / "operators.json").write_text(text, encoding="utf-8")
    keys = live.plugin_keys(install)
    (folder / "operators_onnx.json").write_text(mapping_text(keys, name), encoding="utf-8")
    return 0


def stores(install: installed.Install) -> dict[str, Store]:
    """The AI Core's store of each family that is installed, and those of the AI CPU; vendors' operators come first."""
    found: dict[str, Store] = {}
    for family in installed.families(install):
        operators = live.read(install, family)
        assert operators is not None  # it is installed
        by_kind: dict[str, list[Store]] = {family: [], **{key: [] for key in table.AICPU}}
        for engine in operators.engines:
            tf = engine.name == table.AICPU["aicpu_tf"]
            by_kind[family if engine.kind == "aicore" else "aicpu_tf" if tf else "aicpu"].append(engine.store)
        found |= {key: _merged(several) for key, several in by_kind.items()}
    return found


def stores_text(stores: Mapping[str, Store], version: str, source: str) -> str:
    """`operators.json`: one operator a line, cut down to the GE types that an ONNX operator may become."""
    reached = {name for mapped in table.onnx().values() for name in (*mapped.ge, *mapped.beside)}
    reached |= {name for names in table.becomes().values() for name in names}
    kept = {key: {name: store[name] for name in sorted(reached & set(store))} for key, store in stores.items()}
    lists = {_known(types) for store in kept.values() for kernel in store.values() for types in _all(kernel)}
    types = sorted((sorted(names) for names in lists if names is not None), key=lambda names: (len(names), names))
    number = {frozenset(names): index for index, names in enumerate(types)}
    document = {
        "version": version,
        "source": source,
        "schema": SCHEMA,
        "types": [" ".join(names) for names in types],
        "local": sorted(table.local()),
        "stores": {key: {name: _entry(store[name], number) for name in store} for key, store in kept.items()},
    }
    return _laid_out(document)


def mapping_text(keys: Iterable[tuple[str, int, str]], version: str) -> str:
    """`operators_onnx.json`, with the opsets that plugins register, and without operators that none does."""
    document = dict(table.document("operators_onnx.json"))
    opsets: dict[str, set[int]] = {}
    for domain, number, name in keys:
        opsets.setdefault(f"{domain}::{name}" if domain else name, set()).add(number)
    if opsets:
        known, kept = document["operators"], {}
        for name, found in sorted(opsets.items()):
            rest = {key: value for key, value in known.get(name, {"ge": {}}).items() if key not in _OPSETS}
            kept[name] = {**_run(found), **rest}
        document |= {"version": version, "source": f"plugins of {version}; the rest as in ascendc", "operators": kept}
    return _laid_out(document)


_OPSETS = ("opsets", "except", "also")


def _run(numbers: set[int]) -> dict[str, Any]:
    """Versions as first and last, and what is missing between."""
    first, last = min(numbers), max(numbers)
    missing = sorted(set(range(first, last + 1)) - numbers)
    return {"opsets": f"{first}-{last}", **({"except": missing} if missing else {})}


def _merged(stores: Iterable[Store]) -> Store:
    merged: dict[str, Kernel] = {}
    for store in stores:
        merged = {**store, **merged}
    return merged


def _all(kernel: Kernel) -> tuple[Types | None, ...]:
    return (*kernel.inputs, *kernel.outputs)


def _known(types: Types | None) -> Types | None:
    """Without what no ONNX tensor can be."""
    return None if types is None else types & _KNOWN


def _entry(kernel: Kernel, number: Mapping[Types, int]) -> dict[str, Any]:
    def position(types: Types | None) -> int | None:
        known = _known(types)
        return None if known is None else number[known]

    flags = "".join(letter for letter, name in _FLAGS if getattr(kernel, name))
    entry: dict[str, Any] = {"in": [*map(position, kernel.inputs)], "out": [*map(position, kernel.outputs)]}
    if kernel.variadic:
        entry["variadic"] = list(kernel.variadic)
    return {**entry, "flags": flags} if flags else entry


def _laid_out(document: Mapping[str, Any]) -> str:
    """JSON with one operator a line: a change of the table shows as what it is."""

    def text(value: Any, indent: str) -> str:
        if isinstance(value, dict) and (len(value) > _SHORT or any(isinstance(v, dict) for v in value.values())):
            lines = (f"{indent} {json.dumps(name)}: {text(item, indent + ' ')}" for name, item in value.items())
            return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
        return json.dumps(value, ensure_ascii=False)

    return text(dict(document), "") + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

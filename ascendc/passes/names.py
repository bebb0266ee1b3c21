"""Names: every node has one, and keeps it from build to build."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ascendc.passes.base import Pass

if TYPE_CHECKING:
    import onnx_ir as ir


class NameNodes(Pass):
    """Nodes without a name, and all but the first of those that share one, are named after what they make.

    Inputs count too: ATC makes a node of each, by its name.

    ``MatMul:logits`` is a MatMul whose first output is ``logits``: an edit elsewhere does not rename it, as a count
    would. Blanks and semicolons, which separate names in ATC's files, become underscores.
    """

    NAME = "name-nodes"
    CURES = ("node-names",)
    WHY = "ATC's --keep_dtype, --out_nodes and mixlists name nodes, and it makes up names for those without."

    def rewrite(self, model: ir.Model) -> int:
        """Name them; counts the nodes that got a new name."""
        seen = {value.name or "" for value in model.graph.inputs}
        changed = 0
        for node in model.graph:
            name = _clean(node.name or "")
            if not name or name in seen:
                name = _free(_clean(f"{node.op_type}:{node.outputs[0].name or 'nothing'}"), seen)
            seen.add(name)
            changed += name != node.name
            node.name = name
        return changed


def _clean(name: str) -> str:
    return re.sub(r"[\s;]", "_", name)


def _free(name: str, taken: set[str]) -> str:
    unique, n = name, 1
    while unique in taken:
        unique, n = f"{name}_{n}", n + 1
    return unique

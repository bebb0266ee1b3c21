"""The pass library: what Ascend needs of a graph, one topic per file."""

from ascendc.passes.arithmetic import FoldScale, ReduceL2
from ascendc.passes.attention import ClampMask, DropNanGuard, OneScale
from ascendc.passes.base import Pass
from ascendc.passes.batch import SymbolicBatch
from ascendc.passes.eos import EosPool
from ascendc.passes.fold import FoldConstants
from ascendc.passes.names import NameNodes
from ascendc.passes.patches import PatchMatMul
from ascendc.passes.rescale import Rescale
from ascendc.passes.static import AssertStatic
from ascendc.passes.token import ClassToken
from ascendc.passes.types import DropCasts, Int32Ids

LIBRARY: tuple[type[Pass], ...] = (
    AssertStatic,
    ClampMask,
    ClassToken,
    DropCasts,
    DropNanGuard,
    EosPool,
    FoldConstants,
    FoldScale,
    Int32Ids,
    NameNodes,
    OneScale,
    PatchMatMul,
    ReduceL2,
    Rescale,
    SymbolicBatch,
)

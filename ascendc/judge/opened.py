"""What a path is, opened as a side."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ascendc.cann.dump import folder
from ascendc.errors import UsageError
from ascendc.judge.files import DumpsSide, OmSide, OnnxSide
from ascendc.judge.saved import SavedSide
from ascendc.runtime.manifest import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ascendc.judge.models import Role
    from ascendc.judge.side import Side

RECIPES = (".yaml", ".yml")

_ALLOWED = "a recipe (.yaml), an .onnx, an .om, a bundle's folder, an .npz or a folder of .npy"


@contextmanager
def side(
    path: Path, role: Role, *, overrides: Sequence[str] = (), target: str | None = None, allow_simulated: bool = False
) -> Iterator[Side]:
    """Open a path.

    Args:
        path: any of what may be compared.
        role: which of the two it is: a bundle's golden outputs are a reference, its models are a candidate.
        overrides: ``path.to.field=value``, for a recipe.
        target: of a bundle; None: the first that runs here.
        allow_simulated: whether an OM that the simulated ATC made may be offered to a real device.

    Raises:
        UsageError: there is no such file (ASC2802), it is nothing that can be compared (ASC2801), or wrong.
    """
    if not path.exists():
        raise UsageError("ASC2802", f"`{path}` does not exist; allowed: {_ALLOWED}")
    if path.suffix in RECIPES:
        from ascendc.judge.models import recipe_side

        with recipe_side(path, overrides) as found:
            yield found
    elif path.is_dir() and (path / FILE).is_file():
        from ascendc.judge.models import bundle_side

        with bundle_side(path, role, target, allow_simulated=allow_simulated) as opened:
            yield opened
    else:
        yield _file(path, allow_simulated=allow_simulated)


def _file(path: Path, *, allow_simulated: bool) -> Side:
    if path.is_dir() and not any(path.glob("*.npy")) and folder.holds_dumps(path):
        return DumpsSide(path)
    if path.is_dir() or path.suffix == ".npz":
        return SavedSide(path)
    if path.suffix == ".onnx":
        return OnnxSide(path)
    if path.suffix == ".om":
        return OmSide(path, allow_simulated=allow_simulated)
    raise UsageError("ASC2801", f"`{path}` is nothing that can be compared; allowed: {_ALLOWED}")

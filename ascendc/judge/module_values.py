"""The outputs of the modules of a PyTorch model, matched to the tensors of a graph that was exported from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ascendc.judge import failures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import torch

    from ascendc.judge.graph_values import Made
    from ascendc.model import Part

    Array = npt.NDArray[Any]


class ModuleValues:
    """A module in eval mode, and what it is fed."""

    simulated = False

    def __init__(self, module: torch.nn.Module, part: Part, feeds: Mapping[str, Array]) -> None:
        self._module, self._part, self._feeds = module, part, feeds
        self._modules = {path: one for path, one in module.named_modules() if path}
        self._paths: dict[str, str] = {}

    def where(self, tensors: Sequence[Made]) -> dict[str, str]:
        """By tensor the module that it is the output of: the last tensor of each module's scope that leaves it.

        Exporters write a module's path into the names of its nodes; passes that rewrite a module lose it, and functions
        (a sum, a product of attention) have none.
        """
        last: dict[str, str] = {}
        for made in tensors:
            for path in _within(made.scope):
                if path in self._modules and not all(path in _within(user) for user in made.users):
                    last[path] = made.tensor
        # Of modules that end in the same tensor, the innermost.
        self._paths = {last[path]: path for path in sorted(last, key=lambda path: path.count("."))}
        return dict(self._paths)

    def fetch(self, tensors: Sequence[Made]) -> dict[str, Array]:
        """Values by tensor.

        Raises:
            StageError: the module fails (ASC2807).
        """
        import torch

        found: dict[str, Array] = {}
        again: set[str] = set()

        def keep(tensor: str) -> Any:
            def hook(module: torch.nn.Module, arguments: Any, output: Any) -> None:
                del module, arguments
                if tensor in found:
                    again.add(tensor)
                first = output if isinstance(output, torch.Tensor) else next(iter(_tensors(output)), None)
                if first is not None:
                    found[tensor] = first.detach().numpy().copy()

            return hook

        wanted = [(made.tensor, self._modules[self._paths[made.tensor]]) for made in tensors]
        hooks = [module.register_forward_hook(keep(tensor)) for tensor, module in wanted]
        try:
            with torch.inference_mode():
                self._module(*(torch.tensor(self._feeds[tensor.name]) for tensor in self._part.inputs))
        except (RuntimeError, IndexError, ValueError) as error:
            raise failures.fails(f"part `{self._part.name}` of the PyTorch model", "on the samples", error) from error
        finally:
            for hook in hooks:
                hook.remove()
        # Of a module that is called at several places, the one that the graph's tensor is of is not known.
        return {tensor: array for tensor, array in found.items() if tensor not in again}


def _within(scope: str) -> tuple[str, ...]:
    """A module and those that it is in: ``a.b.c``, ``a.b``, ``a``."""
    parts = scope.split(".")
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))


def _tensors(output: Any) -> list[torch.Tensor]:
    """What is a tensor in a tuple, or in transformers' mappings."""
    import torch

    values = output.values() if hasattr(output, "values") else output
    return [value for value in values if isinstance(value, torch.Tensor)] if isinstance(values, list | tuple) else []

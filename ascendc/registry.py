"""Finds plugins by entry point, attributes what they register, and selects by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pluggy

from ascendc import hookspecs
from ascendc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ascendc.model import Model
    from ascendc.passes.base import Pass
    from ascendc.toolchain.base import Toolchain

GROUP = "ascendc"
"""The entry-point group of the built-ins and of third parties alike."""

T = TypeVar("T")


@dataclass(frozen=True)
class Owner:
    """The distribution a plugin came from."""

    distribution: str
    version: str

    def __str__(self) -> str:
        """``ascendc-siglip 0.2``."""
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True)
class Registered(Generic[T]):
    """A registered class and whose it is."""

    cls: type[T]
    owner: Owner


@dataclass(frozen=True)
class Broken:
    """A plugin that could not be loaded; the others go on."""

    entry_point: str
    owner: Owner
    reason: str


@dataclass(frozen=True)
class Registry:
    """All that is registered, by kind and name."""

    models: Mapping[str, Registered[Model]]
    passes: Mapping[str, Registered[Pass]]
    toolchains: Mapping[str, Registered[Toolchain]]
    broken: tuple[Broken, ...] = ()

    def model(self, name: str) -> type[Model]:
        """The model plugin called `name` (ASC1301 if there is none)."""
        return self._select("model plugin", self.models, name)

    def pass_(self, name: str) -> type[Pass]:
        """The pass called `name`."""
        return self._select("pass", self.passes, name)

    def toolchain(self, name: str) -> type[Toolchain]:
        """The toolchain called `name`."""
        return self._select("toolchain", self.toolchains, name)

    def _select(self, kind: str, table: Mapping[str, Registered[T]], name: str) -> type[T]:
        if name in table:
            return table[name].cls
        near = difflib.get_close_matches(name, table, 1)
        guess = f" (did you mean `{near[0]}`?)" if near else ""
        broken = "".join(f"\n  {b.entry_point} of {b.owner} could not be loaded: {b.reason}" for b in self.broken)
        raise UsageError(
            "ASC1301",
            f"unknown {kind} `{name}`{guess}; allowed: {', '.join(sorted(table))}{broken}",
            hint="ascendc plugins",
        )


def load(points: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every plugin of the group and collect what it registers.

    Raises:
        UsageError: nothing is registered at all (ASC1302), or two distributions claim one name (ASC1303).
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    owners: dict[Any, Owner] = {}
    broken: list[Broken] = []
    for point in sorted(points if points is not None else entry_points(group=GROUP), key=lambda p: p.name):
        owner = Owner(point.dist.name, point.dist.version) if point.dist else Owner("unknown", "0")
        try:
            plugin = point.load()
            manager.register(plugin, name=f"{owner.distribution}:{point.name}")
            manager.check_pending()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a guest's import may do anything; the rest go on
            if manager.has_plugin(f"{owner.distribution}:{point.name}"):
                manager.unregister(name=f"{owner.distribution}:{point.name}")
            broken.append(Broken(point.name, owner, _reason(error)))
        else:
            owners[plugin] = owner
    if not owners:
        raise UsageError(
            "ASC1302",
            f"no plugin is registered in the entry-point group `{GROUP}`, not even the built-in ones",
            hint="pip install -e .",
        )
    models = _collect(manager, owners, broken, "ascendc_register_models", _model_base())
    passes = _collect(manager, owners, broken, "ascendc_register_passes", _pass_base())
    toolchains = _collect(manager, owners, broken, "ascendc_register_toolchains", _toolchain_base())
    return Registry(models, passes, toolchains, tuple(broken))


def _collect(
    manager: pluggy.PluginManager, owners: Mapping[Any, Owner], broken: list[Broken], hook: str, base: type[T]
) -> dict[str, Registered[T]]:
    table: dict[str, Registered[T]] = {}
    for implementation in getattr(manager.hook, hook).get_hookimpls():
        owner = owners[implementation.plugin]
        try:
            named = _named(implementation.function(), base)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above: a guest's import often hides in its hook
            entry_point = implementation.plugin_name.partition(":")[2]
            broken.append(Broken(entry_point, owner, f"{hook}: {_reason(error)}"))
            continue
        for name, cls in named:
            if name in table:
                raise UsageError(
                    "ASC1303",
                    f"two plugins claim the name `{name}`: {table[name].owner} and {owner}",
                    hint=f"pip uninstall {owner.distribution}",
                )
            table[name] = Registered(cls, owner)
    return table


def _named(classes: object, base: type[T]) -> list[tuple[str, type[T]]]:
    """What a hook returned, each class with its name.

    Raises:
        TypeError: it is no list of subclasses of `base` that have a name.
    """
    if not isinstance(classes, list):
        raise TypeError(f"must return a list of classes, not {classes!r}")
    for cls in classes:
        if not (isinstance(cls, type) and issubclass(cls, base)):
            raise TypeError(f"must return subclasses of {base.__name__}, not {cls!r}")
        if not (isinstance(name := getattr(cls, "NAME", None), str) and name):
            raise TypeError(f"{cls.__qualname__}.NAME must be a text, not {name!r}")
    return [(cls.NAME, cls) for cls in classes]


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _model_base() -> type[Model]:
    from ascendc.model import Model

    return Model


def _pass_base() -> type[Pass]:
    from ascendc.passes.base import Pass

    return Pass


def _toolchain_base() -> type[Toolchain]:
    from ascendc.toolchain.base import Toolchain

    return Toolchain

"""Things of one kind by name, each made known by a file of its own in one package."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from mien.errors import InputError


class Named(Protocol):
    """What a registry holds."""

    @property
    def name(self) -> str:
        """What it is asked for by."""
        ...


Item = TypeVar("Item", bound=Named)


class Registry(Generic[Item]):
    """``what`` such a thing is called in errors; ``package``: where the files are that add them.

    The files are imported when somebody first asks what is known.
    """

    def __init__(self, what: str, package: str) -> None:
        self.what, self.package = what, package
        self._items: dict[str, Item] = {}
        self._complete = False

    def add(self, item: Item) -> Item:
        """Make a thing known under its name."""
        self._items[item.name] = item
        return item

    def known(self) -> Mapping[str, Item]:
        """Return everything by name, sorted."""
        if not self._complete:
            package = import_module(self.package)
            for module in pkgutil.iter_modules(package.__path__):
                import_module(f"{self.package}.{module.name}")
            self._complete = True
        return MappingProxyType(dict(sorted(self._items.items())))

    def get(self, name: str) -> Item:
        """Return the thing of that name; raises InputError with the names that there are."""
        known = self.known()
        if name not in known:
            raise InputError(f"{self.what}: got {name!r}, expected one of {', '.join(known)}")
        return known[name]

"""What a kind of job is, and all kinds by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from mien.apps.server.bodies import BodyOptions
from mien.apps.server.engine import Engine
from mien.apps.server.jobs.folders import Roots
from mien.apps.server.jobs.work import Work
from mien.types.registry import Registry

Options = TypeVar("Options", bound=BodyOptions)


class Kind(ABC, Generic[Options]):
    """One kind of job. It is run again after a kill, and must go on where it was.

    ``scope``: what a key needs to start it and to read its results. ``options``: the body of the
    request, whose field ``kind`` is the name; its model carries an example.
    """

    name: ClassVar[str]
    scope: ClassVar[str]
    needs_gallery: ClassVar[bool]
    options: type[Options]

    @abstractmethod
    def title(self, options: Options, roots: Roots) -> str:
        """Return what the job is called; raises InputError for what cannot be done."""

    @abstractmethod
    def run(self, options: Options, work: Work, engine: Engine) -> str:
        """Do it, tell ``work`` how far it is, put the results in its journal; return one line."""

    def scopes(self, options: Options) -> tuple[str, ...]:
        """Return all scopes that a key needs to start it so and to read its results."""
        return (self.scope,)

    def asks_gallery(self, options: Options) -> bool:
        """Tell whether it can be done only where there is a gallery."""
        return self.needs_gallery

    def results(self, work: Work) -> Iterator[dict[str, Any]]:
        """Yield the results so far, one plain document each."""
        return work.records()


Registered = TypeVar("Registered", bound=type[Kind[Any]])
_KNOWN: Registry[Kind[Any]] = Registry("kind of job", "mien.apps.server.jobs.kinds")


def register(kind: Registered) -> Registered:
    """Make a kind known under its name."""
    _KNOWN.add(kind())
    return kind


def known_kinds() -> Mapping[str, Kind[Any]]:
    """Return every kind by name, sorted."""
    return _KNOWN.known()

"""What a learner is put together from: parts by kind and name, one file each, registered."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, TypeVar

from mien.errors import InputError

#: The folder of each kind of part.
KINDS = MappingProxyType(
    {
        "source": "sources",
        "backbone": "backbones",
        "head": "heads",
        "decoder": "decoders",
        "task": "tasks",
        "loss": "losses",
        "miner": "miners",
        "sampler": "samplers",
        "augmentation": "augmentations",
    }
)
Maker = TypeVar("Maker", bound=Callable[..., Any])
_REGISTERED: dict[tuple[str, str], Callable[..., Any]] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """A part by its registered name, with its settings."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def part(name: str, **settings: Any) -> Part:
    """Return the part of that name with these settings."""
    return Part(name, settings)


def register(kind: str, name: str) -> Callable[[Maker], Maker]:
    """Make a part known under its kind and name."""

    def remember(maker: Maker) -> Maker:
        _REGISTERED[kind, name] = maker
        return maker

    return remember


@cache
def known(kind: str) -> Mapping[str, Callable[..., Any]]:
    """Return every part of a kind by name, sorted. Raises InputError for another kind."""
    if kind not in KINDS:
        raise InputError(f"kind of part: got {kind!r}, expected one of {', '.join(KINDS)}")
    package = import_module(f"mien.train.{KINDS[kind]}")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return MappingProxyType(
        {name: maker for (of, name), maker in sorted(_REGISTERED.items()) if of == kind}
    )


def build(kind: str, wanted: Part, *given: Any) -> Any:
    """Make a part from what the engine gives it and its own settings; InputError where unknown."""
    makers = known(kind)
    if wanted.name not in makers:
        raise InputError(f"{kind}: got {wanted.name!r}, expected one of {', '.join(makers)}")
    try:
        return makers[wanted.name](*given, **wanted.settings)
    except TypeError as error:
        raise InputError(f"{kind} {wanted.name}: {error}") from error

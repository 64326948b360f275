"""What a task is, how it registers itself, and the options that tasks read."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import ClassVar, Literal, Protocol, TypeVar

from mien.errors import InputError
from mien.types import Analysis, Image


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that can be chosen about an analysis; ``None`` leaves the choice to the task.

    ``detector``, ``mesh``, ``embedder``, ``expression``, ``unified``: model names; the last three
    also a spec file, of a model of one's own; ``mirror``: average the templates of the crop and its
    mirror image; ``orientation``: "exif" trusts the file, "auto" also looks for turned faces;
    ``min_face_px``: side of the smallest face worth finding (``None``: 12 px, or 1/108 of a large
    picture's longer side); ``max_faces``: keep so many at most, best score first (``None``: all).
    """

    device: str = "cpu"
    detector: str | None = None
    min_face_px: float | None = None
    min_score: float | None = None
    max_faces: int | None = None
    orientation: Literal["exif", "auto"] = "exif"
    mesh: str = "facemesh.attention"
    embedder: str = "resnet29.dlib"
    expression: str | None = None
    unified: str | None = None
    mirror: bool = True


class Task(Protocol):
    """One step of perception: adds columns to the analyses of a batch of pictures.

    Constructors store arguments; networks load at the first call. Instances are shared between
    threads.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]]

    def __init__(self, options: Options) -> None: ...

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Return the analyses with this task's columns, one a picture, in order."""
        ...

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that this task runs."""
        ...

    def missing(self) -> str | None:
        """Return why the task cannot run in this installation, or ``None``."""
        ...


TaskClass = TypeVar("TaskClass", bound=type[Task])
_REGISTERED: dict[str, type[Task]] = {}


def register(task: TaskClass) -> TaskClass:
    """Make a task known under its name."""
    _REGISTERED[task.name] = task
    return task


@cache
def known_tasks() -> Mapping[str, type[Task]]:
    """Return every task by name, in the order in which they can run."""
    package = import_module("mien.tasks")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"mien.tasks.{module.name}")
    return MappingProxyType({name: _REGISTERED[name] for name in ordered(tuple(_REGISTERED))})


def ordered(names: Sequence[str]) -> list[str]:
    """Return the named tasks and all that they require, each after what it requires.

    Raises InputError for a name that no task has.
    """
    done: list[str] = []

    def add(name: str) -> None:
        if name in done:
            return
        if name not in _REGISTERED:
            raise InputError(
                f"task: got {name!r}, expected one of {', '.join(sorted(_REGISTERED))}"
            )
        for needed in _REGISTERED[name].requires:
            add(needed)
        done.append(name)

    for name in sorted(names):
        add(name)
    return done

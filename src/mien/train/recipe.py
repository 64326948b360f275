"""A recipe: all that decides what is learned, frozen, in a Python file."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from mien.errors import InputError
from mien.train.registry import Part

#: Says how a run is watched or described, not what comes out.
_BESIDE = ("after", "card", "checkpoint_every_s", "validate_every_epochs")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to learn, from what, how long.

    ``tasks``: of a model that does several at once; ``head`` is then the decoder whose tokens they
    read, and there is no ``loss``. ``classes``: names of the labels, in the order of the
    outputs; empty where labels are numbers.
    ``hold_out``: share of the examples that only choose and calibrate. ``batch``: examples an
    update sees, over all processes and ``accumulate`` runs. ``backbone_rate``: factor on the
    learning rate of the backbone. ``ema``: decay of the running mean of the weights, 0 for none.
    ``begin``: folder of a run whose best weights are the first ones, wherever name and shape agree.
    ``precision``: as Lightning Fabric names it. ``after``: a recogniser whose templates the
    examples' rows are; export puts it before what was learned. ``card``: what the spec of the
    finished model says.
    """

    name: str
    task: str
    source: Part
    backbone: Part
    head: Part
    loss: Part = field(default_factory=lambda: Part("none"))
    tasks: tuple[Part, ...] = ()
    classes: tuple[str, ...] = ()
    sampler: Part = field(default_factory=lambda: Part("shuffled"))
    augmentations: tuple[Part, ...] = ()
    hold_out: float = 0.1
    epochs: float = 10.0
    batch: int = 64
    accumulate: int = 1
    learning_rate: float = 1e-3
    backbone_rate: float = 1.0
    weight_decay: float = 0.05
    warm_up: float = 0.05
    clip_norm: float = 5.0
    ema: float = 0.995
    precision: str = "32-true"
    seed: int = 0
    begin: str = ""
    checkpoint_every_s: float = 120.0
    validate_every_epochs: float = 1.0
    after: str = ""
    card: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what would only fail hours later."""
        if not (0 <= self.hold_out < 1 and self.epochs > 0 and 0 <= self.ema < 1):
            raise InputError(
                f"recipe {self.name}: got hold_out {self.hold_out}, epochs {self.epochs}, ema "
                f"{self.ema}; expected 0 <= hold_out < 1, epochs > 0, 0 <= ema < 1"
            )
        if self.batch < 1 or self.accumulate < 1 or self.batch % self.accumulate:
            raise InputError(
                f"recipe {self.name}: batch {self.batch} is not divisible by "
                f"accumulate {self.accumulate}"
            )

    def essence(self) -> dict[str, Any]:
        """Return what differs from the defaults and decides the weights, as plain values."""
        values = asdict(self)
        for item in fields(self):
            default = item.default_factory() if callable(item.default_factory) else item.default
            if item.name in _BESIDE or getattr(self, item.name) == default:
                del values[item.name]
        return values


def find_recipe(name: str) -> Recipe:
    """Return a recipe of mien by name, or RECIPE of a Python file by path; InputError if none."""
    module = _from_file(Path(name)) if name.endswith(".py") else _shipped(name)
    recipe = getattr(module, "RECIPE", None)
    if not isinstance(recipe, Recipe):
        raise InputError(f"{name}: expected a Recipe under the name RECIPE")
    return recipe


def recipe_names() -> list[str]:
    """Return the names of mien's own recipes."""
    package = import_module("mien.train.recipes")
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(package.__path__))


def with_settings(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """Return the recipe with settings ``key=value``; a dot reaches into a part: loss.margin=0.4.

    Values are Python literals, anything else is a text. Raises InputError for an unknown key.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        head, _, inner = key.strip().partition(".")
        if not equals or head not in {item.name for item in fields(Recipe)}:
            known = ", ".join(item.name for item in fields(Recipe))
            raise InputError(f"--set: got {setting!r}, expected key=value with a key of {known}")
        value = _literal(text)
        if inner:
            old = getattr(recipe, head)
            if not isinstance(old, Part):
                raise InputError(f"--set: {head} has no settings of its own; got {setting!r}")
            value = Part(old.name, {**old.settings, inner: value})
        elif isinstance(getattr(recipe, head), Part):
            value = Part(str(value))
        recipe = replace(recipe, **{head: value})
    return recipe


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _shipped(name: str) -> ModuleType:
    if name not in recipe_names():
        raise InputError(
            f"recipe: got {name!r}, expected one of {', '.join(recipe_names())}, or a .py file"
        )
    return import_module(f"mien.train.recipes.{name.replace('-', '_')}")


def _from_file(path: Path) -> ModuleType:
    found = spec_from_file_location(path.stem, path) if path.is_file() else None
    if found is None or found.loader is None:
        raise InputError(f"{path}: no such file")
    module = module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError, TypeError) as error:
        raise InputError(f"{path}: is no recipe: {error}") from error
    return module

"""Which models are installed: shipped ones, other distributions', and the user's own."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from mien.errors import ModelError, ModelNotFoundError
from mien.models.spec import ModelSpec, read_spec

#: Folders of own models, separated as in PATH.
OWN_MODELS_VARIABLE = "MIEN_MODELS"
_SHIPPED = Path(__file__).parent / "zoo"


def list_specs(task: str | None = None) -> list[ModelSpec]:
    """Return every installed model (of one task), sorted by name."""
    specs = _installed(os.environ.get(OWN_MODELS_VARIABLE, "")).values()
    return sorted((s for s in specs if task in (None, s.task)), key=lambda spec: spec.name)


def get_spec(name: str | Path) -> ModelSpec:
    """Return the model of that name, or the one whose spec file (TOML or JSON) is given.

    Raises ModelNotFoundError with the names that there are.
    """
    if str(name).endswith((".toml", ".json")):
        return read_spec(Path(name))
    specs = _installed(os.environ.get(OWN_MODELS_VARIABLE, ""))
    if name not in specs:
        raise ModelNotFoundError(
            f"model {str(name)!r} is not installed; there are: {', '.join(sorted(specs))}. "
            "Some models come with: pip install mien-weights-research"
        )
    return specs[str(name)]


def has_model(name: str) -> bool:
    """Tell whether a model is installed."""
    return name in _installed(os.environ.get(OWN_MODELS_VARIABLE, ""))


@cache
def _installed(own_folders: str) -> dict[str, ModelSpec]:
    folders = [_SHIPPED]
    folders += [Path(point.load()()) for point in entry_points(group="mien.models")]
    folders += [Path(folder) for folder in own_folders.split(os.pathsep) if folder]
    specs: dict[str, ModelSpec] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ModelError(f"{folder}: no such folder of models (see {OWN_MODELS_VARIABLE})")
        for path in sorted([*folder.glob("*.toml"), *folder.glob("*.json")]):
            spec = read_spec(path)
            if spec.name in specs:
                raise ModelError(
                    f"{path}: model {spec.name!r} is already in {specs[spec.name].folder}"
                )
            specs[spec.name] = spec
    return specs

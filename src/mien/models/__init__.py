"""Models: their specifications, where they are found, and how they are run."""

from mien.models.device import provider_of
from mien.models.registry import OWN_MODELS_VARIABLE, get_spec, has_model, list_specs
from mien.models.runtime import Network, load
from mien.models.spec import ModelSpec, Preprocess, Weights, read_spec

__all__ = [
    "OWN_MODELS_VARIABLE",
    "ModelSpec",
    "Network",
    "Preprocess",
    "Weights",
    "get_spec",
    "has_model",
    "list_specs",
    "load",
    "provider_of",
    "read_spec",
]

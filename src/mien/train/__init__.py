"""Learning: recipes of registered parts, one loop, export as a model of mien. Needs torch."""

from mien.errors import MissingExtraError

try:
    import lightning_fabric as _fabric
    import torch as _torch
except ImportError as _error:
    raise MissingExtraError(f"training needs {_error.name}: pip install mien[train]") from _error

__all__: list[str] = []
del _fabric, _torch

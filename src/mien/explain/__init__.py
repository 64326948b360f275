"""Why: what in a picture speaks for a match or an attribute, and what against.

The package is also the verb: ``mien.explain("a.jpg", "b.jpg")``.
"""

import sys
from types import ModuleType

from mien.explain.explainer import Explainer, known_explainers
from mien.explain.verb import explain

__all__ = ["Explainer", "explain", "known_explainers"]


class _Verb(ModuleType):
    """Importing mien.explain.x makes ``mien.explain`` this module, which must stay callable."""

    __call__ = staticmethod(explain)


sys.modules[__name__].__class__ = _Verb

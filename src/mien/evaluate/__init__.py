"""How good is it: benchmarks = task x data x metric, run with one command.

The package is also the verb: ``mien.evaluate("lfw", folder)``.
"""

import sys
from types import ModuleType

from mien.evaluate.benchmark import Benchmark, known_benchmarks
from mien.evaluate.result import Curve, Evaluation, Figure, Findings, Mistake, Result
from mien.evaluate.run import evaluate

__all__ = [
    "Benchmark",
    "Curve",
    "Evaluation",
    "Figure",
    "Findings",
    "Mistake",
    "Result",
    "evaluate",
    "known_benchmarks",
]


class _Verb(ModuleType):
    """Importing mien.evaluate.x makes ``mien.evaluate`` this module, which must stay callable."""

    __call__ = staticmethod(evaluate)


sys.modules[__name__].__class__ = _Verb

"""The two tables of docs/metrics.md: rules from the docstrings, differences from the oracles."""

from __future__ import annotations

import platform
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from io import StringIO

import numpy as np

from benchmarks.metrics.families import FAMILIES, oracles
from benchmarks.metrics.oracle import Oracle, rules
from benchmarks.report import moment

HEAD = """# Metrics

Everything in `mien.metrics` is NumPy alone and is a function or a frozen result. Written by
`python -m benchmarks.metrics`: the rules stand in the docstrings, the values are computed anew, and
`tests/benchmarks/test_metric_oracles.py` fails where a difference is above its tolerance. The data
are made up and seeded; nothing here says how good a model is (that is [accuracy.md](accuracy.md)).

```python
import numpy as np
from mien.metrics.comparisons import Comparisons, verify

rng = np.random.default_rng(0)
person = np.repeat(np.arange(40), 5)                       # 40 people, 5 pictures each
left, right = (person[side] for side in np.triu_indices(200, 1))
score = rng.normal(np.where(left == right, 0.6, 0.1), 0.15)
found = verify(Comparisons(score, left, right), fmrs=(1e-2, 1e-3, 1e-4))
print(found.eer)
for point in found.tmr:
    print(point)
```

```
{example}
```

What holds for all of them

- NaN, infinity, columns of different length, classes outside the range and empty groups raise
  `ArrayError` (a `MienError` and a `ValueError`) that names the column. No value at all is NaN, as
  the tables say, never 0.
- An interval comes as an `Estimate`: value, low, high, n, level, method. Clopper-Pearson takes
  trials as independent; where trials share people give their subjects, and the people are
  resampled. Of a counted share the wider of the two is given.
- Scores are similarities: higher is more alike, more positive, more bona fide or more forged, as
  the rule says.
- A rate of errors is measurable iff 30 errors are to be expected (the rule of 30): TAR at FAR and
  FNIR at FPIR come with the reason instead of a figure where they are not.
- Billions of comparisons: `mien.metrics.tally.tally_blocks` counts them block by block by rounded
  score, and `mien.metrics.det.det_of` draws the curve from the counts.

What they cannot tell: ratios between groups (`differentials`) are lifted by noise alone, more so
with few errors or many groups; read them with `differential_interval`, and beside
`detectable_gap_of_shares`. A bootstrap over fewer than about 20 people is too narrow.
"""

RULES_HEAD = "| metric | rule | ties | empty set |\n| --- | --- | --- | --- |"
VALUES_HEAD = "| metric | case | mien | other | by | difference |\n" + "| --- " * 6 + "|"


@dataclass(frozen=True)
class Row:
    """One oracle and what came of it."""

    family: str
    oracle: Oracle
    ours: np.ndarray
    theirs: np.ndarray
    difference: float

    @property
    def within(self) -> bool:
        return self.difference <= self.oracle.tolerance


def measured() -> list[Row]:
    """Compute every oracle."""
    return [Row(family, o, *o.compare()) for family in FAMILIES for o in oracles(family)]


def markdown(rows: list[Row]) -> str:
    """The whole document."""
    parts = [HEAD.replace("{example}", example()), _made(rows)]
    for family, title in FAMILIES.items():
        own = [row for row in rows if row.family == family]
        metrics = {row.oracle.name: row.oracle.metric for row in own}
        stated = [f"| `{name}` | {_cells(metric)} |" for name, metric in metrics.items()]
        values = [_value_row(row) for row in own]
        parts += [f"## {title}", "\n".join([RULES_HEAD, *stated])]
        parts.append("\n".join([VALUES_HEAD, *values]))
    return "\n\n".join(parts) + "\n"


def example() -> str:
    """What the example in the document prints."""
    code = HEAD.split("```python\n")[1].split("```")[0]
    with redirect_stdout(StringIO()) as printed:
        exec(code, {})
    return printed.getvalue().strip()


def _made(rows: list[Row]) -> str:
    largest = max((row for row in rows if row.oracle.tolerance <= 1e-9), key=lambda r: r.difference)
    loose = sum(row.oracle.tolerance > 1e-9 for row in rows)
    return (
        f"Measured {moment()}, Python {platform.python_version()}, NumPy {version('numpy')}: "
        f"{len(rows)} comparisons, {sum(not row.within for row in rows)} beyond their tolerance. "
        f"{len(rows) - loose} are held to 1e-9 (the largest difference among them is "
        f"{largest.difference:.1g}); the other {loose} are another convention, random draws, or a "
        "figure printed with few digits. Of arrays the first value is shown, and the largest "
        "difference of all."
    )


def _cells(metric: object) -> str:
    stated = rules(metric)
    return " | ".join(stated[word].replace("|", "\\|").replace("``", "`") for word in stated)


def _value_row(row: Row) -> str:
    ours, theirs = (f"{values.ravel()[0]:.8g}" for values in (row.ours, row.theirs))
    allowed = "" if row.oracle.tolerance <= 1e-9 else f" (allowed {row.oracle.tolerance:.1g})"
    return (
        f"| `{row.oracle.name}` | {row.oracle.case} | {ours} | {theirs} | {row.oracle.other} | "
        f"{row.difference:.1g}{allowed} |"
    )

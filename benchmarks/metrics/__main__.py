"""Write docs/metrics.md: what every metric decides, and how far it is from another's value."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from benchmarks.metrics.table import markdown, measured


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/metrics.md"))
    options = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the other libraries
        rows = measured()
    options.out.write_text(markdown(rows), encoding="utf-8")
    wrong = [row for row in rows if not row.within]
    for row in wrong:
        print(f"{row.oracle.name}, {row.oracle.case}: differs by {row.difference:.3g}")
    print(f"{options.out}: {len(rows)} comparisons, {len(wrong)} beyond their tolerance")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())

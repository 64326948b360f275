"""Insertion and deletion areas of the default method beside RISE's, at the same budget.

python -m benchmarks.explain_faithfulness --data ../shared/data [--pairs 240]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row, markdown
from benchmarks.report import moment
from mien.data.lfw import Lfw
from mien.evaluate.lfw import FIRST_REPORTED_FOLD
from mien.explain.explainer import get_explainer
from mien.explain.explaining import DEFAULT_METHOD, find
from mien.explain.faithfulness import faithfulness
from mien.explain.verb import cases_of
from mien.metrics.paired import paired_difference
from mien.tasks.verbs import analyzer

BESIDE = ("rise", "occlusion")
PAGE = """# How faithful explanations are

Written by `python -m benchmarks.explain_faithfulness`, {when}. Mated pairs of LFW folds 4 and 5,
every method with as many crops as the default; the probe against its mate's template; hidden pixels
are blurred; intervals over people, 95 %. What the map is made of was chosen on folds 1 to 3.

{table}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=240)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/explain_faithfulness.md"))
    options = parser.parse_args()
    when = moment()
    found = faithfulness_table(options.data / "lfw", options.pairs, threads=options.threads)
    options.out.write_text(PAGE.format(when=when, table=found), encoding="utf-8")
    print(options.out.read_text("utf-8"))


def faithfulness_table(root: Path, n: int, *, threads: int, seed: int = 0) -> str:
    """Return the table, from ``n`` mated pairs of LFW folds 4 and 5, drawn with a seed.

    The probe is explained against the template of its mate; hidden pixels are blurred.
    """
    pairs, pictures = Lfw(root).pairs(), Lfw(root).pictures
    mated = np.flatnonzero(pairs.mated & (pairs.fold >= FIRST_REPORTED_FOLD))
    rows = np.random.default_rng(seed).permutation(mated)[:n]
    areas: dict[str, list[tuple[float, float]]] = {name: [] for name in (DEFAULT_METHOD, *BESIDE)}
    people = []
    chosen = analyzer(("embed",))
    for row in rows:
        images = [chosen.read(pictures / name[row]) for name in (pairs.first, pairs.second)]
        analyses = chosen.run(images)
        if not all(len(one.found) for one in analyses):
            continue
        options = {"options": chosen.options, "choose": "central", "threads": threads}
        case = cases_of(images, analyses, "match", **options)[0]
        people.append(pairs.first[row].split("/")[0])
        for name, found in areas.items():
            budget = get_explainer(DEFAULT_METHOD).budget
            values = find(case, method=name, budget=budget, seed=seed).map
            one, _ = faithfulness(replace(case, fill="blur"), values)
            found.append((one.insertion, one.deletion))
    who = np.unique(people, return_inverse=True)[1]
    return markdown([line for what in (0, 1) for line in _lines(areas, what, who)])


def _lines(areas: dict[str, list[tuple[float, float]]], what: int, who: np.ndarray) -> list[Row]:
    name = ("insertion area, higher is better", "deletion area, lower is better")[what]
    own = np.array(areas[DEFAULT_METHOD])[:, what]
    lines: list[Row] = [{"what": f"{name}: {DEFAULT_METHOD}", "value": own.mean(), "n": len(own)}]
    for other in BESIDE:
        theirs = np.array(areas[other])[:, what]
        gap = paired_difference(own, theirs, left=who).difference
        row: Row = {"what": f"less that of {other}", "value": gap.value, "n": len(own)}
        lines.append(row | {"low": gap.low, "high": gap.high})
    return lines


if __name__ == "__main__":
    main()

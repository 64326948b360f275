"""Write the rows that the recogniser's map learns from: templates of subjects and of strangers.

python -m tools.heads.recognition --data ../shared/data [--cache .cache/heads]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.quality_samples import FIT, samples
from tools.heads.features import Features, read_features

#: Lower ends of the age bands in which strangers are compared, years.
BANDS = (3, 10, 20, 40, 60)
_FEWEST = 20


def main() -> None:
    """Read or compute all templates of the fitting parts, and write one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/heads"))
    arguments = parser.parse_args()
    features = read_features(arguments.data / "utkface", arguments.cache / "utkface.npz")
    strangers = features[features.found & ~features.reported]
    rows, targets, names, subjects = [], [], [], []
    people: dict[str, int] = {}
    for worse in (False, True):
        known = samples(arguments.data, "celeba", FIT, worse=worse)
        rows.append(known.vectors)
        targets += [people.setdefault(str(who), len(people)) for who in known.subject]
        names += [f"{picture} {'worse' if worse else 'clean'}" for picture in known.picture]
        subjects += [f"celeba {who}" for who in known.subject]
    group = stranger_groups(strangers)
    chosen = group < 0
    np.savez(
        arguments.cache / "recognition.npz",
        rows=np.concatenate([*rows, strangers.template[chosen]]),
        targets=np.concatenate([targets, group[chosen]]),
        names=np.array([*names, *strangers.name[chosen]]),
        subjects=np.array([*subjects, *strangers.name[chosen]]),
    )


def stranger_groups(features: Features) -> NDArray[np.int64]:
    """Return a number below 0 for each band of age and each ancestry; 0 in groups of few."""
    cells = np.digitize(features.years, BANDS) * 5 + features.ancestry
    counts = np.bincount(cells)
    return np.where(counts[cells] >= _FEWEST, -1 - cells, 0)


if __name__ == "__main__":
    main()

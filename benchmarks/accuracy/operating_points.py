"""Measure the default recogniser's operating points on LFW folds 1-3 and store them in its spec.

python -m benchmarks.accuracy.operating_points --data ../shared/data
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.accuracy.lfw_templates import lfw_templates
from benchmarks.accuracy.verification import VARIANTS, all_pairs
from mien.models import get_spec

RATES = (1e-2, 1e-3, 1e-4, 1e-5)
#: Fewer expected false matches than this carry no threshold.
FEWEST_ERRORS = 30


def threshold_at(scores: np.ndarray, fmr: float) -> float:
    """Return the lowest threshold with a share of scores >= it of at most ``fmr``."""
    ranked = np.sort(scores)[::-1]
    allowed = int(np.floor(fmr * len(ranked)))
    # Just above the first score that must not match.
    return float(np.nextafter(ranked[allowed], np.float32(2)))


def tables(data: Path) -> str:
    """Measure each variant and write TOML tables."""
    text = ""
    for _, options in VARIANTS:
        templates = lfw_templates(data, **options)
        chosen = templates.pictures_of_folds((1, 2, 3))
        scores, mated = all_pairs(templates, chosen[templates.found[chosen]])
        for rate in RATES:
            n_pairs = int((~mated).sum())
            if rate * n_pairs < FEWEST_ERRORS:
                continue
            text += (
                "\n[[operating_points]]\n"
                f"threshold = {threshold_at(scores[~mated], rate):.6f}\n"
                f"target_fmr = {rate:g}\n"
                'measured_on = "LFW folds 1-3, all cross-subject pairs"\n'
                f"n_pairs = {n_pairs}\n"
                f'model_id = "{templates.model_id}"\n'
            )
    return text


def main() -> None:
    """Replace the operating points in the default recogniser's spec."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    spec = get_spec("resnet29.dlib")
    path = spec.folder / f"{spec.name}.toml"
    text = path.read_text(encoding="utf-8").split("\n[[operating_points]]")[0].rstrip("\n")
    path.write_text(text + "\n" + tables(arguments.data), encoding="utf-8")


if __name__ == "__main__":
    main()

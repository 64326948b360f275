"""What explains nothing and must be beaten: chance, and the habit of pointing to the middle."""

from __future__ import annotations

import cv2
import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.spreading import by_region

#: Cells a side of the noise that is blown up to a map, and the width of the middle: as shares of
#: the crop's side.
_CELLS, _MIDDLE = 7, 0.2


def at_random(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Draw smooth noise, and each region's score by itself, so that all are as likely the top."""
    noise = generator.normal(size=(_CELLS, _CELLS)).astype(np.float32)
    height, width = case.labels.shape
    large = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    values = np.asarray(large, np.float32)
    scores = generator.normal(size=len(case.regions)).astype(np.float32)
    return Finding(_base(case), values, scores, 1)


def at_the_middle(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Point to the middle of the crop, whatever it shows; a region scores the mean over it."""
    height, width = case.labels.shape
    rows, columns = np.mgrid[:height, :width] + 0.5
    away = ((rows - height / 2) / height) ** 2 + ((columns - width / 2) / width) ** 2
    values = np.exp(-away / (2 * _MIDDLE**2)).astype(np.float32)
    sums = by_region(values, case.labels, len(case.regions))
    areas = by_region(np.ones_like(values), case.labels, len(case.regions))
    scores = np.divide(sums, areas, out=np.zeros_like(sums), where=areas > 0)
    return Finding(_base(case), values, scores, 1)


def _base(case: Case) -> float:
    return float(case.score(case.crop[None])[0])


register(Explainer("random", "Chance", at_random, budget=2, baseline=True))
register(Explainer("centre", "The middle", at_the_middle, budget=2, baseline=True))

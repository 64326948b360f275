"""Searches among templates and in a gallery: equal to brute force, and to each other."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import ArrayError, ModelError, TemplateMismatchError
from mien.gallery import Count
from mien.models import get_spec
from mien.recognition.calibration import Calibration
from mien.recognition.searching import identify, identify_in, stored
from mien.types import OperatingPoint, Templates
from mien.types.candidate import Candidate
from tests.recognition.synthetic import MODEL, people, templates

POINTS = tuple(
    OperatingPoint(0.5 + 0.1 * step, 10.0**-step, "toy", 10**7, MODEL) for step in range(2, 6)
)
CALIBRATION = Calibration(MODEL, "logistic", (-6.0, 4.0), -4.0, 8.0, "toy", 100, 1000, 0.3)


class ToyGallery:
    """Searches by brute force, best reference a subject."""

    def __init__(self, references: Templates, subjects: np.ndarray) -> None:
        self.references, self.subjects = references, subjects

    def count(self) -> Count:
        return Count(len(set(self.subjects.tolist())), len(self.references))

    def search(self, probes: Templates, k: int = 10, *, policy: str) -> list[tuple[Candidate, ...]]:
        assert policy == "max"
        found = []
        for scores in probes.vectors @ self.references.vectors.T:
            best: dict[int, int] = {}
            for row in np.argsort(-scores, kind="stable"):
                best.setdefault(int(self.subjects[row]), int(row))
            found.append(
                tuple(
                    Candidate(row, subject, float(scores[row]), rank)
                    for rank, (subject, row) in enumerate(list(best.items())[:k], start=1)
                )
            )
        return found


def test_identify_equals_brute_force() -> None:
    references, subject = people(12, 4, spread=0.4)
    probes, who = people(12, 1, spread=0.4)
    found = identify(probes, references, subject + 100, points=POINTS, k=3, fpir=0.04)
    scores = probes.vectors @ references.vectors.T
    for row, answer in enumerate(found):
        best = {s + 100: scores[row][subject == s].max() for s in range(12)}
        expected = sorted(best, key=lambda s: -best[s])[:3]
        assert [item.candidate.subject_id for item in answer.candidates] == expected
        named = best[expected[0]] >= answer.threshold.threshold
        assert answer.subject_id == (expected[0] if named else None)
    assert sum(a.subject_id == w + 100 for a, w in zip(found, who, strict=True)) >= 8


def test_empty_galleries_and_no_probes() -> None:
    references, subject = people(3, 2)
    none = references[:0]
    assert identify(none, references, subject, points=POINTS) == []
    (answer,) = identify(references[:1], none, subject[:0], points=POINTS, calibration=CALIBRATION)
    assert answer.nobody
    with pytest.raises(ArrayError, match="subject_ids: got 2"):
        identify(references, references, subject[:2], points=POINTS)
    with pytest.raises(TemplateMismatchError):
        identify(templates(1, model_id="other@1"), references, subject, points=POINTS)


def test_in_a_gallery_with_what_is_stored_for_the_model() -> None:
    model_id = get_spec("resnet29.dlib").operating_points[0].model_id
    toy, subject = people(20, 3, spread=0.3)
    references = Templates(toy.vectors, toy.norm, model_id)
    gallery = ToyGallery(references, subject)
    probes = Templates(references.vectors[::3], references.norm[::3], model_id, np.full(20, 70.0))
    found = identify_in(gallery, probes, fpir=0.1)  # type: ignore[arg-type]
    direct = identify(probes, references, subject, fpir=0.1)
    assert [a.subject_id for a in found] == [a.subject_id for a in direct] == list(range(20))
    for answer in found:
        assert answer.threshold.gallery_size == 60
        assert answer.threshold.model_id == model_id
        assert "LFW" in answer.calibrated_on
        assert answer.probability_nobody < 0.1
    points, calibration = stored(model_id)
    assert {point.model_id for point in points} == {calibration.model_id} == {model_id}
    with pytest.raises(ModelError, match="no threshold was measured"):
        stored("resnet29.dlib@00000000")

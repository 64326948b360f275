"""What crosses a network comes back with its types."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mien
from mien.errors import InputError
from mien.types import Analysis, Faces
from mien.types.plain import analysis_from_plain, columns_of

SCHEMAS = ("five", "ibug68", "mesh478")


def _there_and_back(analysis: Analysis) -> Analysis:
    record = json.loads(json.dumps(analysis.to_dict(landmarks=SCHEMAS)))
    columns = json.loads(json.dumps(columns_of(analysis.found.attributes)))
    return analysis_from_plain(record, columns)


def test_an_analysis_comes_back(portrait: np.ndarray) -> None:
    analysis = mien.analyze(portrait)
    again = _there_and_back(analysis)
    assert again.to_dict(landmarks=SCHEMAS) == analysis.to_dict(landmarks=SCHEMAS)
    assert columns_of(again.found.attributes) == columns_of(analysis.found.attributes)
    assert again.found[0].age == pytest.approx(analysis.found[0].age, abs=1e-3)
    assert again.found.attributes["apparent_age"].spread is not None


def test_no_face_comes_back(portrait: np.ndarray) -> None:
    analysis = mien.analyze(np.ascontiguousarray(portrait[300:, :200]))
    again = _there_and_back(analysis)
    assert len(again.found) == 0
    assert set(again.found.attributes) == set(analysis.found.attributes)
    empty = Analysis("a", image_size_wh=(3, 2), faces=Faces.empty((3, 2)))
    assert _there_and_back(empty).to_dict() == empty.to_dict()


@pytest.mark.parametrize("record", [{}, {"width": 1, "height": 1, "faces": [{}]}])
def test_other_records_are_refused(record: dict[str, object]) -> None:
    with pytest.raises(InputError, match="to_dict"):
        analysis_from_plain(record, {})

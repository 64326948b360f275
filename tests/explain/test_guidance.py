"""Region guidance: the table, agreement by hand, chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.explain.guidance import ACTION_UNITS, PROTOTYPES, guidance, guided_regions
from mien.geometry.face_parts import FACE_PARTS
from mien.tasks.expression import EXPRESSIONS

REGIONS = ("background", "left_brow", "nose", "mouth", "chin")
#: 4 px of brow, 4 of nose, 8 of mouth, 4 of chin.
LABELS = np.array([[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3], [3, 3, 3, 3], [4, 4, 4, 4]], np.uint8)


def test_every_expression_has_units_and_every_unit_has_parts_of_the_face() -> None:
    assert {*PROTOTYPES, "neutral"} == set(EXPRESSIONS)
    sides = {name.removeprefix("left_") for name in FACE_PARTS}
    for units in PROTOTYPES.values():
        for unit in units:
            assert set(ACTION_UNITS[unit]) <= sides


def test_the_regions_of_a_smile() -> None:
    wanted = guided_regions("happy", FACE_PARTS)
    got = {name for name, one in zip(FACE_PARTS, wanted, strict=True) if one}
    assert got == {"left_eye", "right_eye", "left_cheek", "right_cheek", "mouth"}
    with pytest.raises(InputError, match="neutral"):
        guided_regions("neutral", FACE_PARTS)


def test_agreement_by_hand() -> None:
    # Disgust moves nose, mouth and chin: 16 of 20 pixels. Per pixel the brow (4) stands first,
    # then mouth (2), nose (1), chin (0): the 16 best pixels are brow, mouth, nose.
    scores = np.array([9, 16, 4, 16, 0], np.float32)
    found = guidance(scores, LABELS, REGIONS, "disgust")
    assert found.iou == pytest.approx(12 / 20)
    # np.corrcoef([4]*4 + [1]*4 + [2]*8 + [0]*4, [0]*4 + [1]*16)[0, 1]
    assert found.correlation == pytest.approx(-0.829156, abs=1e-6)
    assert not found.top
    assert found.top_chance == 3 / 4


def test_an_explanation_that_agrees() -> None:
    found = guidance(np.array([0, -1, 1, 1, 1], np.float32), LABELS, REGIONS, "disgust")
    assert found.iou == 1
    assert found.top
    assert found.correlation > 0.9
    assert found.iou_chance < 1


def test_a_face_of_which_nothing_is_guided() -> None:
    found = guidance(np.ones(2, np.float32), np.zeros((2, 2), np.uint8), REGIONS[:2], "happy")
    assert np.isnan(found.iou)
    assert not found.top


@given(st.lists(st.floats(-1, 1, width=32), min_size=5, max_size=5), st.floats(0.1, 10))
def test_scale_changes_nothing(scores: list[float], scale: float) -> None:
    one = guidance(np.array(scores) / 4, LABELS, REGIONS, "sad")
    other = guidance(np.array(scores) / 4 * scale, LABELS, REGIONS, "sad")
    assert (one.iou, one.top) == (other.iou, other.top)
    assert one.correlation == pytest.approx(other.correlation, nan_ok=True, abs=1e-6)
    assert 0 <= one.iou <= 1

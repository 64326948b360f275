"""Components and the unified score: ranges, directions, what is not measurable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.tasks.quality_scores import (
    COMPONENTS,
    LABELS,
    component_scores,
    fitted,
    unified_score,
)

#: From the worst to the best raw value of each measure.
FROM_BAD_TO_GOOD = {
    "background_gradient": (80, 0),
    "cheek_overlap": (0, 1),
    "dark_share": (1, 0),
    "bright_share": (1, 0),
    "entropy_bits": (0, 8),
    "detail_ratio": (0.1, 0.7),
    "blockiness": (3, 0),
    "eye_opening": (0, 0.1),
    "mouth_opening": (0.6, 0),
    "presence": (-6, 4),
    "inter_eye_px": (0, 300),
    "yaw_deg": (-90, 0),
    "pitch_deg": (90, 0),
    "roll_deg": (180, 0),
}


def test_every_component_rises_from_bad_to_good():
    steps = {name: np.linspace(bad, good, 50) for name, (bad, good) in FROM_BAD_TO_GOOD.items()}
    scores = component_scores(steps)
    assert scores.shape == (50, len(COMPONENTS))
    assert (np.diff(scores, axis=0) >= 0).all()
    assert scores[0].max() <= 15
    assert scores[-1].min() >= 90


def test_formulas_of_the_standard():
    # Worked with a pocket calculator from the formulas of ISO/IEC 29794-5's reference.
    measures = {
        name: np.array([(bad + good) / 2]) for name, (bad, good) in FROM_BAD_TO_GOOD.items()
    }
    measures |= {
        "cheek_overlap": np.array([0.5]),
        "entropy_bits": np.array([7.2]),
        "bright_share": np.array([0.03]),
        "eye_opening": np.array([0.03]),
        "mouth_opening": np.array([0.2]),
        "yaw_deg": np.array([-30.0]),
    }
    scores = dict(zip(LABELS[1:], component_scores(measures)[0], strict=True))
    assert scores["illumination_uniformity"] == pytest.approx(81.23, abs=0.01)
    assert scores["dynamic_range"] == pytest.approx(90, abs=0.01)
    assert scores["over_exposure_prevention"] == pytest.approx(25, abs=0.01)
    assert scores["eyes_open"] == pytest.approx(73.11, abs=0.01)
    assert scores["mouth_closed"] == pytest.approx(50, abs=0.01)
    assert scores["yaw"] == pytest.approx(75, abs=0.01)


@given(
    st.lists(st.floats(0, 100), min_size=len(COMPONENTS), max_size=len(COMPONENTS)),
    st.integers(0, len(COMPONENTS) - 1),
    st.floats(0, 100),
)
def test_unified_never_falls_when_a_component_rises(components, index, rise):
    rows = np.array([components, components])
    rows[1, index] = min(100, rows[1, index] + rise)
    low, high = unified_score(rows, fitted())
    assert 0 <= low <= high + 1e-4 <= 100 + 1e-3


def test_not_measurable_counts_as_typical():
    typical = np.array([[fitted().typical[item.label] for item in COMPONENTS]])
    assert unified_score(np.full_like(typical, np.nan), fitted()) == pytest.approx(
        unified_score(typical, fitted())
    )
    nothing = {item.measure: np.array([np.nan]) for item in COMPONENTS}
    assert np.isnan(component_scores(nothing)).all()


def test_weights_are_shares():
    weights = fitted().weights
    assert list(weights) == [item.label for item in COMPONENTS]
    assert min(weights.values()) >= 0
    assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert fitted().width > 0


def test_no_faces():
    none = {item.measure: np.zeros(0) for item in COMPONENTS}
    assert component_scores(none).shape == (0, len(COMPONENTS))
    assert unified_score(component_scores(none), fitted()).shape == (0,)

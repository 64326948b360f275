"""The growth benchmark runs from end to end on few synthetic people, whose scores are as asked."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from benchmarks.cluster_scale import (
    LEVELS,
    STAGES,
    measure,
    scale_plot,
    scale_section,
    timed_stages,
)
from benchmarks.synthetic_people import draw, fit, score_quantiles
from mien.recognition import cluster as module
from tests.recognition.synthetic import MODEL, people
from tests.recognition.test_cluster import TOY

pytest.importorskip("faiss")


@pytest.fixture
def unwrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what ``timed_stages`` does to the module."""
    for name in STAGES:
        monkeypatch.setattr(module, name, getattr(module, name))


def test_drawn_people_score_like_those_they_were_drawn_from() -> None:
    made, subject = people(600, 4, spread=0.5, dimension=32)
    vectors, whose = draw(fit(made.vectors, subject), 500, 4, seed=1)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert np.bincount(whose).tolist() == [4] * 500
    levels = np.array([0.05, 0.5, 0.95])  # beyond: look-alikes, as many as LFW has
    real, drawn = (
        score_quantiles(*side, levels) for side in ((made.vectors, subject), (vectors, whose))
    )
    np.testing.assert_allclose(real[0], drawn[0], atol=0.05)
    np.testing.assert_allclose(real[1], drawn[1], atol=0.03)
    again = draw(fit(made.vectors, subject), 500, 4, seed=1)[0]
    np.testing.assert_array_equal(vectors, again)


@pytest.mark.slow
@pytest.mark.usefixtures("unwrapped")
def test_a_short_run_becomes_a_section() -> None:
    made, subject = people(300, 6, spread=0.5, dimension=32)
    crowd = fit(made.vectors, subject)
    sizes = [
        measure(crowd, n, model_id=MODEL, calibration=TOY, exact_up_to=0, also_exact=5000)
        for n in (2000, 5000)
    ]
    for size in sizes:
        assert size["recall"] >= 0.95
        assert size["recall"] == pytest.approx(size["stated_recall"], abs=0.02)
        assert size["bcubed_f"] == pytest.approx(size["exact"]["bcubed_f"], abs=0.02)
    levels = {
        kind: {"levels": of, "real": of, "drawn": of, "n_real": 1, "n_drawn": 1}
        for kind, of in LEVELS.items()
    }
    scale = {
        "cpu": "a",
        "cores": 1,
        "versions": {"faiss": "0"},
        "drawn_from": {"people": 300, **levels},
        "sizes": [{"measured": "today", **size} for size in sizes],
    }
    assert "| 5,000 |" in scale_section(scale)
    assert ElementTree.fromstring(scale_plot(scale)).tag.endswith("svg")


@pytest.mark.usefixtures("unwrapped")
def test_stages_are_wrapped_once() -> None:
    timed_stages()
    spent, _ = timed_stages()
    module.cluster(people(4, 5)[0], calibration=TOY)
    assert spent.keys() == {"neighbours", "share", "links", "joining", "support"}
    assert all(len(of) == 2 for of in spent.values())

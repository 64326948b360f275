"""The rendered clips show what they say: boxes where faces are found, people told apart."""

from __future__ import annotations

import numpy as np
import pytest

from mien.geometry.boxes import iou
from mien.tasks.pipeline import Analyzer
from mien.types import Image
from tests.video.clips import CLIPS, PEOPLE

#: The shipped recogniser's threshold at FMR 1e-2.
THRESHOLD = 0.91


@pytest.mark.parametrize("name", [name for name in CLIPS if name != "empty"])
def test_truth_is_where_faces_are_found(name: str) -> None:
    frames = [CLIPS[name].at(time_s) for time_s in np.arange(0, 4, 0.64)]
    analyses = Analyzer(["detect"], threads=1).analyze_many(Image(f.pixels) for f in frames)
    for frame, analysis in zip(frames, analyses, strict=True):
        assert analysis.faces is not None
        found = analysis.faces.boxes.xyxy
        for truth in frame.truth:
            if truth.visible > 0.95:
                assert iou(np.array([truth.box_xyxy], np.float32), found).max() > 0.6, frame.time_s
        assert len(found) <= len(frame.truth)


def test_people_differ_and_sizes_do_not() -> None:
    frames = [CLIPS["three"].at(0.0), CLIPS["three"].at(1.0), CLIPS["crossing"].at(0.2)]
    analyses = Analyzer(["detect", "embed"], threads=1).analyze_many(
        Image(f.pixels) for f in frames
    )
    vectors: dict[str, list[np.ndarray]] = {person: [] for person in PEOPLE}
    for frame, analysis in zip(frames, analyses, strict=True):
        assert analysis.faces is not None
        assert analysis.templates is not None
        for truth in frame.truth:
            overlap = iou(np.array([truth.box_xyxy], np.float32), analysis.faces.boxes.xyxy)
            vectors[truth.person].append(analysis.templates.vectors[int(overlap.argmax())])
    for person, own in vectors.items():
        others = [v for name, many in vectors.items() if name != person for v in many]
        assert min(float(a @ b) for a in own for b in own) > THRESHOLD
        assert max(float(a @ b) for a in own for b in others) < THRESHOLD


def test_crossing_covers_the_one_behind() -> None:
    middle = CLIPS["crossing"].at(2.0).truth
    assert middle[0].visible < 0.2 < 0.9 < middle[1].visible
    assert CLIPS["empty"].at(0.5).truth == ()

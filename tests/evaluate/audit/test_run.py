"""A whole audit on made-up readings: what it says, what it refuses, and that it can be repeated."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import DatasetError, InputError
from mien.evaluate.audit.card import card
from mien.evaluate.audit.face_readings import FaceReadings
from mien.evaluate.audit.page import write_page
from mien.evaluate.audit.result import Audit
from mien.evaluate.audit.run import Request, audit_faces
from mien.evaluate.audit.settings import Settings
from mien.evaluate.audit.table import Table
from mien.render.blocks import to_markdown
from tests.evaluate.audit.synthetic import readings, table

N = 600
QUICK = Settings(resamples=40)


def labelled(faces: FaceReadings, *, wrong: float = 0.0, seed: int = 0) -> Table:
    """Labels by three groups; of group "c" a share of the labels differs from what is read."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b", "c"], N)
    group[:5] = "d"
    gender = faces.columns["mien.apparent_gender"].copy()
    flipped = (rng.random(N) < np.where(group == "c", wrong, 0.05)) & (gender != "")
    gender[flipped] = np.where(gender[flipped] == "male", "female", "male")
    age = faces.columns["mien.apparent_age"] + rng.normal(0, np.where(group == "c", 12, 4))
    return table({"group": group, "apparent_gender": gender, "apparent_age": age})


def audit(task: str, faces: FaceReadings, people: Table, *groups: str, **more: object) -> Audit:
    request = Request(task, groups if groups else ("group",), settings=QUICK, **more)
    return audit_faces(faces, people, request, data="made up")


def test_the_group_with_more_errors_is_named() -> None:
    faces = readings(N)
    found = audit("gender", faces, labelled(faces, wrong=0.3))
    (figure,) = found.figures
    assert [group.name for group in figure.worse()] == ["c"]
    (worst,) = figure.worse()
    assert worst.raw is not None
    assert worst.raw.value == pytest.approx(0.25, abs=0.07)
    assert worst.adjusted is not None
    assert worst.adjusted.seen
    small = {group.name for group in figure.too_small}
    assert small == {"d"}
    text = to_markdown(card(found))
    assert "c: error rate" in text
    assert "too small to be judged: d (n = 5)" in text
    assert "could not have seen a gap" in text
    assert [rate.answer for rate in found.rates["group"]] == ["female", "male"]


def test_no_gap_says_what_could_not_have_been_seen() -> None:
    faces = readings(N)
    found = audit("gender", faces, labelled(faces, wrong=0.05))
    assert "no group is seen to fare worse" in to_markdown(card(found))


def test_amounts() -> None:
    faces = readings(N)
    found = audit("age", faces, labelled(faces))
    error, signed = found.figures
    assert [group.name for group in error.worse()] == ["c"]
    assert not signed.worse()
    assert error.unit == "years"
    assert set(signed.spread) == {"widest gap", "widest gap, groups shuffled"}
    assert error.spread["worst to best"].value > 2


def test_detection_counts_all_pictures() -> None:
    found = np.ones(N, bool)
    found[::3] = False
    faces = readings(N, found=found)
    (figure,) = audit("detection", faces, labelled(faces)).figures
    assert figure.overall.value == pytest.approx(1 / 3)
    assert figure.overall.n == N
    assert all(group.adjusted is None for group in figure.groups)


def test_verification_without_subjects_has_no_fnmr() -> None:
    faces = readings(N)
    request = Request("verification", ("group",), target_fmr=0.01, settings=QUICK)
    found = audit_faces(faces, labelled(faces), request, data="made up")
    assert [figure.title for figure in found.figures] == ["FMR within the group"]
    assert found.settings["threshold"]["measured_on"] == "the audited pictures themselves"
    assert found.cross["group"].fmr.shape == (4, 4)
    assert any("upper bound" in sentence for sentence in found.cannot_tell)


def test_verification_with_subjects() -> None:
    faces, rng = readings(N), np.random.default_rng(0)
    people = np.arange(N) // 4
    centres = rng.normal(size=(N // 4, 8))
    assert faces.templates is not None
    vectors = centres[people] + 0.4 * rng.normal(size=(N, 8))
    templates = type(faces.templates).from_raw(vectors, faces.templates.model_id)
    group = np.array(["a", "b", "c"])[people % 3]
    labels = table({"group": group}, subjects=[str(person) for person in people])
    request = Request("verification", ("group",), target_fmr=0.01, settings=QUICK)
    found = audit_faces(replace(faces, templates=templates), labels, request, data="made up")
    fnmr, fmr = found.figures
    assert (fnmr.title, fmr.title) == ("FNMR", "FMR within the group")
    assert fnmr.overall.n == N // 4 * 6
    assert fmr.overall.value == pytest.approx(0.01, abs=0.001)
    assert found.knows_subjects
    assert not any("upper bound" in sentence for sentence in found.cannot_tell)
    assert fnmr.groups[0].n_subjects == 50


def test_intersections_and_columns_that_make_them() -> None:
    faces = readings(N)
    people = labelled(faces)
    settings = replace(QUICK, held=("apparent_age",))
    request = Request("gender", ("apparent_age:40", "group"), settings=settings)
    by_age, by_group, both = audit_faces(faces, people, request, data="made up").figures
    assert "apparent_age" not in by_age.held
    assert "apparent_age" in by_group.held
    assert "apparent_age" not in both.held
    assert len(both.groups) == 8 - len(both.unobserved)


def test_the_same_seed_gives_the_same_card() -> None:
    faces = readings(N)
    people = labelled(faces, wrong=0.3)
    made = [audit("gender", faces, people) for _ in range(2)]
    assert to_markdown(card(made[0])) == to_markdown(card(made[1]))
    assert json.dumps(made[0].to_dict(), allow_nan=False) == json.dumps(made[1].to_dict())


def test_the_page_needs_nothing_else(tmp_path) -> None:
    faces = readings(N)
    found = audit("gender", faces, labelled(faces, wrong=0.3))
    path = tmp_path / "audit.html"
    write_page(path, replace(found, data="<script>x</script>"), made={"measured": "today"})
    page = path.read_text()
    assert "<script>" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert 'class="marked"' in page


def test_groups_by_own_readings_are_called_circular() -> None:
    faces = readings(N)
    found = audit("gender", faces, labelled(faces), "mien.apparent_gender")
    assert any("circular" in sentence for sentence in found.cannot_tell)


def test_refused() -> None:
    faces = readings(N)
    people = labelled(faces)
    with pytest.raises(InputError, match="task: got 'gaze', expected one of verification"):
        audit("gaze", faces, people)
    with pytest.raises(InputError, match="column 'height'"):
        audit("age", faces, people, truth="height")
    words = people.with_columns({"said": np.full(N, "woman")})
    with pytest.raises(DatasetError, match=r"labels.csv:2: column said: got 'woman'"):
        audit("gender", faces, words, truth="said")
    nobody = people.with_columns({"apparent_age": np.full(N, np.nan)})
    with pytest.raises(InputError, match="no face with a number"):
        audit("age", faces, nobody)
    with pytest.raises(InputError, match="not measurable"):
        audit("verification", faces, people, target_fmr=1e-6)

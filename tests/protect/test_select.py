"""Who is covered: what is unclear is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import GalleryNotFoundError, InputError
from mien.gallery import Gallery, Subject, open_gallery
from mien.protect.select import ByGallery, Everybody, selector
from mien.types import Image, Templates


@pytest.fixture
def portrait_template(portrait_image: Image) -> Templates:
    return mien.embed(portrait_image)


@pytest.fixture
def gallery(tmp_path: Path, portrait_template: Templates) -> Iterator[Gallery]:
    """Eileen, and a stranger at right angles to her."""
    other = np.random.default_rng(0).normal(size=portrait_template.dimension)
    own = portrait_template.vectors[0].astype(np.float64)
    other -= own * (own @ other)
    stranger = Templates.from_raw(other[None], portrait_template.model_id)
    with open_gallery(tmp_path / "people") as opened:
        opened.enrol(portrait_template, Subject("Eileen"))
        opened.enrol(stranger, Subject("Stranger"))
        yield opened


def at_score(template: Templates, score: float) -> Templates:
    """A template of the same model at this cosine."""
    own = template.vectors[0].astype(np.float64)
    away = np.random.default_rng(1).normal(size=len(own))
    away -= own * (own @ away)
    away /= np.linalg.norm(away)
    raw = score * own + np.sqrt(1 - score**2) * away
    return Templates.from_raw(raw[None], template.model_id)


def test_kept_is_who_matches_beyond_doubt_only(
    gallery: Gallery, portrait_template: Templates
) -> None:
    who = selector(gallery, keep=["Eileen"])
    assert isinstance(who, ByGallery)
    lenient = selector(gallery, only=["Eileen"])
    assert isinstance(lenient, ByGallery)
    assert who.threshold > lenient.threshold
    assert "FPIR 0.001" in who.rate
    for score, covered in [
        *((1.0, False), (who.threshold + 1e-3, False), (who.threshold - 1e-3, True)),
        *((lenient.threshold, True), (0.0, True), (-1.0, True)),
    ]:
        (decision,) = who.decide(at_score(portrait_template, score), 1)
        assert decision.covered is covered, score
        assert decision.score == pytest.approx(score, abs=1e-5)


def test_only_covers_at_the_least_likeness(gallery: Gallery, portrait_template: Templates) -> None:
    who = selector(gallery, only=["Eileen"])
    assert isinstance(who, ByGallery)
    for score, covered in [
        (1.0, True),
        (who.threshold + 1e-3, True),
        (who.threshold - 1e-3, False),
    ]:
        assert who.decide(at_score(portrait_template, score), 1)[0].covered is covered


def test_who_is_more_like_somebody_else_is_covered(
    gallery: Gallery, portrait_template: Templates
) -> None:
    near = at_score(portrait_template, 0.999)
    gallery.enrol(near, Subject("Twin"))
    who = selector(gallery, keep=["Eileen"])
    (decision,) = who.decide(near, 1)
    assert decision.covered
    assert "more like somebody else" in decision.why
    both = selector(gallery, keep=["Eileen", "Twin"])
    assert not both.decide(near, 1)[0].covered


def test_without_templates_everybody_is_covered(gallery: Gallery) -> None:
    who = selector(gallery, only=["Eileen"])
    assert [one.covered for one in who.decide(None, 2)] == [True, True]
    assert selector(None) == Everybody()
    assert [one.covered for one in Everybody().decide(None, 3)] == [True] * 3


def test_subjects_by_id_and_those_who_are_not_there(gallery: Gallery) -> None:
    (eileen,) = gallery.find(name="Eileen")
    by_id = selector(gallery, keep=[str(eileen.subject_id)])
    assert isinstance(by_id, ByGallery)
    assert by_id.subject_ids == (eileen.subject_id,)
    with pytest.raises(GalleryNotFoundError, match="nobody has the name or id 'Nobody'"):
        selector(gallery, keep=["Nobody"])
    with pytest.raises(InputError, match="exclude each other"):
        selector(gallery, keep=["Eileen"], only=["Stranger"])
    with pytest.raises(InputError, match="need a gallery"):
        selector(None, keep=["Eileen"])


def test_a_picture_by_a_gallery(gallery: Gallery, portrait_image: Image) -> None:
    kept = mien.anonymize(portrait_image, keep=["Eileen"], gallery=gallery)
    assert [one.decision.covered for one in kept.found] == [False]
    np.testing.assert_array_equal(kept.image.pixels, portrait_image.pixels)
    assert kept.to_dict()["selection"]["who"] == "all but"
    hidden = mien.anonymize(portrait_image, keep=["Stranger"], gallery=gallery)
    assert [one.decision.covered for one in hidden.found] == [True]
    only = mien.anonymize(portrait_image, only=["Eileen"], gallery=gallery)
    np.testing.assert_array_equal(only.image.pixels, hidden.image.pixels)

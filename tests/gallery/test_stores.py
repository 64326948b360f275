"""What every store does, whatever it is made of."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mien.errors import (
    ConsentError,
    GalleryError,
    GalleryMismatchError,
    GalleryNotFoundError,
    InputError,
    TemplateMismatchError,
)
from mien.gallery import Consent, Count, Gallery, Subject
from mien.types import Templates
from tests.gallery.conftest import Opener
from tests.gallery.synthetic import MODEL, Naive, origins, templates


def test_a_new_gallery_is_empty_and_not_pinned(gallery: Gallery) -> None:
    assert gallery.count() == Count(0, 0)
    assert (gallery.model_id, gallery.dimension, gallery.metric) == (None, None, "cosine")
    assert gallery.search(templates(2), 3) == [(), ()]
    assert list(gallery.iterate()) == list(gallery.subjects()) == []


def test_what_is_enrolled_is_found_again(gallery: Gallery) -> None:
    probes = templates(6)
    people = [Subject(name) for name in ("Ada", "Bo", "Ada", "Cy", "Bo", "Ada")]
    enrolment = gallery.enrol(probes, people, origins=origins(6))
    assert [outcome.status for outcome in enrolment.outcomes] == ["enrolled"] * 6
    assert gallery.count() == Count(3, 6)
    assert (gallery.model_id, gallery.dimension) == (MODEL, 16)
    for row, candidates in enumerate(gallery.search(probes, 2)):
        assert candidates[0].reference_id == enrolment.reference_ids[row]
        assert candidates[0].subject_id == enrolment.subject_ids[row]
        assert candidates[0].score == pytest.approx(1, abs=1e-6)
        assert [candidate.rank for candidate in candidates] == [1, 2]
    (ada,) = gallery.find(name="Ada")
    assert ada.subject_id == enrolment.subject_ids[0]
    assert len(list(gallery.iterate(subject_id=ada.subject_id))) == 3


def test_everything_stands_after_reopening(reopen: Opener) -> None:
    probes = templates(4, quality=True)
    consent = Consent("door", datetime(2026, 1, 2, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))
    person = Subject("Zoë \udce9", "id 7", consent)
    with reopen() as gallery:
        enrolment = gallery.enrol(probes, person, origins=origins(4))
        before = gallery.search(probes, 4)
    with reopen() as gallery:
        assert gallery.search(probes, 4) == before
        (subject,) = gallery.subjects()
        assert (subject.name, subject.external_id) == (person.name, person.external_id)
        assert subject.consent == consent
        references = list(gallery.iterate())
        assert [reference.reference_id for reference in references] == list(enrolment.reference_ids)
        for reference, origin, quality in zip(references, origins(4), probes.quality, strict=True):
            assert (reference.source, reference.content_sha256) == (
                origin.source,
                origin.content_sha256,
            )
            assert (reference.face_index, reference.box) == (0, (1, 2, 30, 40))
            assert reference.quality == pytest.approx(quality)
            assert gallery.get(reference.reference_id) == reference
        stored = gallery.templates(enrolment.reference_ids)
        assert np.array_equal(stored.vectors, probes.vectors)
        assert np.array_equal(stored.norm, probes.norm)
        assert np.array_equal(stored.quality, probes.quality)


def test_the_same_sample_is_enrolled_once(gallery: Gallery) -> None:
    first = gallery.enrol(templates(3), Subject("Ada"), origins=origins(3))
    again = gallery.enrol(templates(3), Subject("Bo"), origins=origins(3))
    assert again.reference_ids == first.reference_ids
    assert again.subject_ids == first.subject_ids
    assert {outcome.status for outcome in again.outcomes} == {"already"}
    assert gallery.count() == Count(1, 3)
    twice = origins(1, start=9) * 2
    doubled = gallery.enrol(templates(2, seed=1), Subject("Ada"), origins=twice)
    assert [outcome.status for outcome in doubled.outcomes] == ["enrolled", "already"]
    assert len(set(doubled.reference_ids)) == 1


def test_a_template_without_a_picture_is_known_by_its_vector(gallery: Gallery) -> None:
    gallery.enrol(templates(2), Subject("Ada"))
    assert gallery.enrol(templates(2), Subject("Ada")).number("already") == 2


def test_nameless_subjects(gallery: Gallery) -> None:
    one = gallery.enrol(templates(3), Subject())
    assert len(set(one.subject_ids)) == 1
    many = gallery.enrol(templates(3, seed=1), [Subject()] * 3)
    assert len(set(many.subject_ids)) == 3
    more = gallery.enrol(templates(1, seed=2), Subject(subject_id=many.subject_ids[1]))
    assert more.subject_ids == (many.subject_ids[1],)
    with pytest.raises(GalleryNotFoundError, match="no subject 99"):
        gallery.enrol(templates(1, seed=3), Subject(subject_id=99))


def test_an_external_id_goes_before_a_name(gallery: Gallery) -> None:
    people = [Subject("Ada", "1"), Subject("Ada", "2"), Subject("Ada Lovelace", "1")]
    enrolment = gallery.enrol(templates(3), people, origins=origins(3))
    first, second, third = enrolment.subject_ids
    assert first == third != second
    with pytest.raises(GalleryError, match="2 subjects have the name"):
        gallery.enrol(templates(1, seed=1), Subject("Ada"))
    assert gallery.find(external_id="2")[0].subject_id == second
    assert gallery.find(name="Ada", external_id="2")[0].subject_id == second
    assert gallery.find(name="Nobody") == gallery.find() == []


def test_other_templates_are_refused(gallery: Gallery) -> None:
    gallery.enrol(templates(1), Subject("Ada"))
    other_model = Templates(templates(1).vectors, templates(1).norm, "other@1")
    for wrong in (other_model, templates(1, 8)):
        with pytest.raises(GalleryMismatchError, match="embed with the gallery's model"):
            gallery.enrol(wrong, Subject("Bo"))
        with pytest.raises(TemplateMismatchError):
            gallery.search(wrong)
    assert gallery.count() == Count(1, 1)


def test_no_rows(gallery: Gallery) -> None:
    assert gallery.enrol(templates(0), Subject("Ada")).outcomes == ()
    assert gallery.count() == Count(0, 0)
    gallery.enrol(templates(1), Subject("Ada"))
    assert gallery.search(templates(0)) == []
    assert len(gallery.templates([])) == 0


def test_wrong_arguments(gallery: Gallery) -> None:
    with pytest.raises(InputError, match=r"subjects: got 1, expected one for each of 2"):
        gallery.enrol(templates(2), [Subject("Ada")])
    with pytest.raises(InputError, match="origins"):
        gallery.enrol(templates(2), Subject("Ada"), origins=origins(1))
    with pytest.raises(InputError, match="k: got 0"):
        gallery.search(templates(1), 0)
    with pytest.raises(InputError, match="'best'"):
        gallery.search(templates(1), policy="best")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="either subject_id or reference_id"):
        gallery.delete()
    for wrong in (gallery.get, gallery.subject):
        with pytest.raises(GalleryNotFoundError):
            wrong(5)
    with pytest.raises(GalleryNotFoundError):
        gallery.delete(subject_id=5)
    with pytest.raises(GalleryNotFoundError):
        gallery.delete(reference_id=5)


def test_deleting_a_subject_and_a_reference(gallery: Gallery) -> None:
    probes = templates(6)
    enrolment = gallery.enrol(probes, [Subject(name) for name in "AABBCC"], origins=origins(6))
    gallery.search(probes, 1)
    erased = gallery.delete(subject_id=enrolment.subject_ids[0], reason="asked")
    assert (erased.n_subjects, erased.n_references) == (1, 2)
    assert erased.erasure == gallery.erasure
    assert gallery.delete(reference_id=enrolment.reference_ids[2]).n_references == 1
    assert gallery.count() == Count(2, 3)
    found = {c.reference_id for row in gallery.search(probes, 10) for c in row}
    assert found == set(enrolment.reference_ids[3:])
    # An id is never used again; an erased sample can be enrolled again.
    again = gallery.enrol(probes[[0]], Subject("A"), origins=origins(1))
    assert again.reference_ids[0] > max(enrolment.reference_ids)
    assert again.subject_ids[0] > max(enrolment.subject_ids)


def test_a_batch_equals_single_searches_and_slices_commute(gallery: Gallery) -> None:
    gallery.enrol(templates(300), [Subject(str(i % 40)) for i in range(300)], origins=origins(300))
    probes = templates(17, seed=5)
    for policy in ("reference", "max", "mean", "quality"):
        if policy in ("mean", "quality") and getattr(gallery, "_precision", "") == "int8":
            continue
        batch = gallery.search(probes, 7, policy=policy)
        assert batch == [gallery.search(probes[[i]], 7, policy=policy)[0] for i in range(17)]
        assert batch[3:9] == gallery.search(probes[3:9], 7, policy=policy)
        shorter = gallery.search(probes, 3, policy=policy)
        assert [row[:3] for row in batch] == shorter


def test_policies_score_subjects(gallery: Gallery) -> None:
    if getattr(gallery, "_precision", "") == "int8":
        pytest.skip("an int8 index holds no exact scores of everything")
    stored = templates(60, quality=True)
    enrolment = gallery.enrol(stored, [Subject(str(i % 9)) for i in range(60)])
    naive = Naive(
        {
            reference: (subject, vector)
            for reference, subject, vector in zip(
                enrolment.reference_ids, enrolment.subject_ids, stored.vectors, strict=True
            )
        }
    )
    weights = dict(zip(enrolment.reference_ids, np.maximum(stored.quality, 1), strict=True))
    probes = templates(5, seed=3)
    for probe in (probes[[i]] for i in range(5)):
        for policy, given in (("max", None), ("mean", None), ("quality", weights)):
            expected = naive.by_subject(probe.vectors[0], policy, given)
            (candidates,) = gallery.search(probe, 5, policy=policy)
            ranked = sorted(expected, key=lambda subject: -expected[subject])[:5]
            assert [candidate.subject_id for candidate in candidates] == ranked
            for candidate in candidates:
                assert candidate.score == pytest.approx(expected[candidate.subject_id], abs=1e-6)
                scores = naive.by_reference(probe.vectors[0])
                own = {r: s for r, s in scores.items() if naive.rows[r][0] == candidate.subject_id}
                assert candidate.reference_id == max(own, key=own.__getitem__)


def test_unknown_quality_counts_as_middling(gallery: Gallery) -> None:
    if getattr(gallery, "_precision", "") == "int8":
        pytest.skip("an int8 index holds no exact scores of everything")
    first, second = templates(2), templates(2)
    known = Templates(first.vectors[:1], first.norm[:1], MODEL, np.array([100], np.float32))
    gallery.enrol(known, Subject("Ada"))
    gallery.enrol(second[[1]], Subject("Ada"))
    probe = templates(1, seed=4)
    (candidate,) = gallery.search(probe, policy="quality")[0]
    scores = first.vectors @ probe.vectors[0]
    assert candidate.score == pytest.approx((2 * scores[0] + scores[1]) / 3, abs=1e-6)
    assert len(gallery.templates([1, 2])) == 2
    assert gallery.templates([1, 2]).quality is None


def test_consent_that_has_expired(gallery: Gallery) -> None:
    now = datetime.now(UTC)
    soon = Consent("visit", now, now + timedelta(seconds=1))
    probes = templates(3)
    enrolment = gallery.enrol(
        probes, [Subject("Ada", consent=soon), Subject("Bo"), Subject("Cy")], origins=origins(3)
    )
    assert len(gallery.search(probes[[0]], 5)[0]) == 3
    time.sleep(1.1)
    # Not found any more, even before it is erased; found again when the consent is renewed.
    assert len(gallery.search(probes[[0]], 5)[0]) == 2
    renewed = Consent("visit", now, now + timedelta(days=1))
    gallery.amend(enrolment.subject_ids[0], consent=renewed)
    assert len(gallery.search(probes[[0]], 5)[0]) == 3
    gallery.amend(enrolment.subject_ids[0], consent=soon)
    assert gallery.expire().n_subjects == 1
    assert gallery.expire().n_subjects == 0
    assert gallery.count() == Count(2, 2)
    assert gallery.expire(now=now + timedelta(days=9)).n_references == 0


def test_expired_or_timeless_consent_is_not_taken(gallery: Gallery) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(ConsentError, match="expired"):
        gallery.enrol(templates(1), Subject("Ada", consent=Consent("visit", past, past)))
    with pytest.raises(InputError, match="time zone"):
        Consent("visit", datetime(2020, 1, 1))


def test_opting_out(gallery: Gallery) -> None:
    probes = templates(4)
    enrolment = gallery.enrol(
        probes,
        [Subject("Ada", "7"), Subject("Ada", "7"), Subject("Bo"), Subject("Cy")],
        origins=origins(4),
    )
    assert gallery.opt_out(Subject(subject_id=enrolment.subject_ids[0])).n_references == 2
    assert gallery.opt_out(Subject("Dee")).n_subjects == 0
    with pytest.raises(InputError, match="nobody"):
        gallery.opt_out(Subject())
    for refused in (Subject("Ada"), Subject("Someone", "7"), Subject("Dee")):
        with pytest.raises(ConsentError, match="opted out"):
            gallery.enrol(templates(1, seed=8), refused)
    # Not under another name either, with the same picture.
    with pytest.raises(ConsentError, match="nothing was enrolled"):
        gallery.enrol(probes[:1], Subject("Eve"), origins=origins(1))
    mixed = gallery.enrol(templates(2, seed=9), [Subject("Ada"), Subject("Bo")], on_refused="skip")
    assert [outcome.status for outcome in mixed.outcomes] == ["refused", "enrolled"]
    assert mixed.reference_ids[0] is None
    assert mixed.outcomes[0].reason == "the person opted out"
    assert gallery.count() == Count(2, 3)


def test_amending(gallery: Gallery) -> None:
    (ada,) = set(gallery.enrol(templates(2), Subject("Ada")).subject_ids)
    changed = gallery.amend(ada, name="Ada Lovelace", external_id="7")
    assert (changed.name, changed.external_id, changed.subject_id) == ("Ada Lovelace", "7", ada)
    assert gallery.find(name="Ada") == []
    assert gallery.find(external_id="7") == [changed]
    gallery.enrol(templates(1, seed=1), Subject("Bo", "8"))
    with pytest.raises(GalleryError, match="has this external id already"):
        gallery.amend(ada, external_id="8")
    assert gallery.subject(ada) == changed


def test_a_new_subject_that_looks_like_another_is_reported(gallery: Gallery) -> None:
    known = templates(30)
    first = gallery.enrol(known, [Subject(str(i)) for i in range(30)], lookalike_threshold=0.95)
    assert first.lookalikes == ()
    noise = np.random.default_rng(1).standard_normal((3, 16)).astype(np.float32)
    near = Templates.from_raw(known.vectors[[4, 4, 9]] + 0.01 * noise, MODEL)
    people = [Subject("new"), Subject("new"), Subject("9")]
    second = gallery.enrol(near, people, lookalike_threshold=0.95)
    (lookalike,) = second.lookalikes
    assert lookalike.subject_id == second.new_subject_ids[0] == second.subject_ids[0]
    assert lookalike.resembles_subject_id == first.subject_ids[4]
    assert lookalike.score > 0.95
    assert lookalike.row in (0, 1)


def test_threads_take_turns(gallery: Gallery) -> None:
    probes = templates(200)
    gallery.enrol(probes[:20], [Subject(str(i)) for i in range(20)], origins=origins(20))

    def work(number: int) -> int:
        row = 20 + number
        enrolment = gallery.enrol(probes[[row]], Subject(str(row)), origins=origins(1, start=row))
        (candidates,) = gallery.search(probes[[row]], 3)
        assert candidates[0].reference_id == enrolment.reference_ids[0]
        if number % 3 == 0:
            gallery.delete(subject_id=enrolment.subject_ids[0])
            found = gallery.search(probes[[row]], 30)[0]
            assert enrolment.subject_ids[0] not in {c.subject_id for c in found}
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        kept = sum(pool.map(work, range(30)))
    assert gallery.count() == Count(20 + kept, 20 + kept)


def test_a_closed_gallery_says_so(reopen: Opener) -> None:
    gallery = reopen()
    gallery.close()
    gallery.close()
    with pytest.raises(GalleryError, match="closed"):
        gallery.count()

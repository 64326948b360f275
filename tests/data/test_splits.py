"""Splits by subject: nobody in two parts, whatever the order; shared subjects are refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.data.sample import Sample
from mien.data.splits import refuse_shared_subjects, split_by_subject
from mien.errors import DatasetError, InputError

PARTS = {"fit": 0.6, "choose": 0.2, "report": 0.2}
people = st.lists(st.none() | st.text(max_size=3), max_size=40)


def _samples(subjects: list[str | None]) -> list[Sample]:
    return [
        Sample(f"{number}.jpg", Path("x"), subject_id=subject)
        for number, subject in enumerate(subjects)
    ]


def _ids(divided: dict[str, list[Sample]]) -> dict[str, set[str]]:
    return {part: {sample.sample_id for sample in samples} for part, samples in divided.items()}


@given(people, st.integers(0, 2**32), st.randoms())
def test_a_subject_is_in_one_part_whatever_the_order(
    subjects: list[str | None], seed: int, shuffler: random.Random
) -> None:
    samples = _samples(subjects)
    divided = split_by_subject(samples, PARTS, seed=seed)
    assert list(divided) == list(PARTS)
    assert sum(map(len, divided.values())) == len(samples)
    refuse_shared_subjects({part: [one.subject_id for one in got] for part, got in divided.items()})
    shuffled = shuffler.sample(samples, len(samples))
    assert _ids(split_by_subject(shuffled, PARTS, seed=seed)) == _ids(divided)


@given(people, people, st.integers(0, 99))
def test_more_samples_move_nobody(one: list[str], more: list[str], seed: int) -> None:
    fewer = _ids(split_by_subject(_samples(one), PARTS, seed=seed))
    grown = _ids(split_by_subject(_samples(one + more), PARTS, seed=seed))
    assert all(fewer[part] <= grown[part] for part in PARTS)


def test_the_draw_is_the_same_in_every_version() -> None:
    # int.from_bytes(hashlib.sha256(b"1\0subject\0" + name).digest()[:8], "big") / 2**64 is
    # below 0.6: fit; below 0.8: choose; else: report.
    divided = split_by_subject(_samples(list("abcdefgh")), PARTS, seed=1)
    assert {
        part: "".join(sorted(one.subject_id or "" for one in got)) for part, got in divided.items()
    } == {"fit": "bcf", "choose": "a", "report": "degh"}


def test_shares_are_met_over_many_subjects() -> None:
    divided = split_by_subject(_samples([str(number) for number in range(5000)]), PARTS, seed=7)
    for part, share in PARTS.items():
        assert abs(len(divided[part]) / 5000 - share) < 0.03


def test_another_seed_divides_otherwise() -> None:
    samples = _samples([str(number) for number in range(50)])
    assert _ids(split_by_subject(samples, PARTS, seed=0)) != _ids(
        split_by_subject(samples, PARTS, seed=1)
    )


@pytest.mark.parametrize("parts", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": float("nan")}])
def test_shares_that_do_not_add_up_are_refused(parts: dict[str, float]) -> None:
    with pytest.raises(InputError, match="add up to 1"):
        split_by_subject([], parts, seed=0)


def test_a_subject_in_two_folds_is_refused_by_name() -> None:
    with pytest.raises(DatasetError, match="subject Ada is in fold 1 and in fold 2"):
        refuse_shared_subjects({"fold 1": ["Ada", "Ada", None], "fold 2": ["Bea", "Ada", None]})

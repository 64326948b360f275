"""Paired effects with a known size, and the files that hold pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mien.errors import DatasetError, InputError
from mien.evaluate.perception.effect import (
    FactorPairs,
    effects,
    pairs_in_folders,
    read_pairs,
)


def some(n: int, factors: tuple[str, ...] = ("light",), per_subject: int = 2) -> FactorPairs:
    subject = np.array([f"s{row // per_subject}" for row in range(n)])
    factor = np.array([factors[row % len(factors)] for row in range(n)])
    names = [np.array([f"{row}_{side}" for row in range(n)]) for side in ("first", "second")]
    return FactorPairs(*names, factor, subject, np.full(n, ""))


def test_effects_of_two_factors() -> None:
    rng = np.random.default_rng(0)
    pairs = some(200, ("light", "nothing"))
    first = rng.normal(size=200)
    second = first + rng.normal(0, 0.2, 200) + 0.5 * (pairs.factor == "light")
    light, nothing = effects(pairs, first, second, score="quality")
    here = pairs.factor == "light"
    assert light.change.value == pytest.approx((second - first)[here].mean())
    assert light.change.low < 0.5 < light.change.high
    assert light.p_adjusted < 0.01
    assert nothing.p_adjusted > 0.05
    assert light.n_subjects == 100
    assert light.sign_p == pytest.approx(stats.binomtest(light.rises, 100).pvalue)


def test_subjects_with_many_pairs_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    own = np.repeat(rng.normal(size=20), 10)
    alone, together = (
        effects(some(200, per_subject=n), np.zeros(200), own, score="x")[0] for n in (1, 10)
    )
    widths = [e.change.high - e.change.low for e in (alone, together)]
    assert widths[1] > 2 * widths[0]


def test_pictures_without_a_score_are_counted() -> None:
    first, second = np.zeros(6), np.ones(6)
    first[0] = second[1] = second[2] = np.nan
    (found,) = effects(some(6), first, second, score="quality")
    assert (found.change.n, found.lost, found.gained) == (3, 2, 1)
    with pytest.raises(InputError, match="factor 'light'"):
        effects(some(2), np.full(2, np.nan), np.zeros(2), score="quality")


def test_pairs_file(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"")
    path = tmp_path / "pairs.csv"
    path.write_text("first,second,factor,subject,reference\na.jpg,b.jpg,light,ann,a.jpg\n")
    found = read_pairs(path, tmp_path)
    assert (found.factor[0], found.reference[0]) == ("light", "a.jpg")
    for text, said in (
        ("a.jpg,c.jpg,light,ann", r"pairs.csv:2: column second: no such picture"),
        ("a.jpg,a.jpg,light,ann", r"pairs.csv:2: first and second are 'a.jpg'"),
        ("a.jpg,b.jpg,,ann", r"pairs.csv:2: factor or subject is empty"),
        ("a.jpg,b.jpg,light", r"pairs.csv:2: got 3 cells"),
    ):
        path.write_text(f"first,second,factor,subject\n{text}\n")
        with pytest.raises(DatasetError, match=said):
            read_pairs(path, tmp_path)


def test_folders(tmp_path: Path) -> None:
    folder = tmp_path / "light"
    folder.mkdir()
    for side in ("first", "second"):
        (folder / f"ann_{side}.jpg").write_bytes(b"x")
    found = pairs_in_folders(tmp_path)
    assert found.first.tolist() == ["light/ann_first.jpg"]
    assert (found.subject[0], len(found)) == ("ann", 1)
    (folder / "bob_first.jpg").write_bytes(b"x")
    with pytest.raises(DatasetError, match="bob has only a first"):
        pairs_in_folders(tmp_path)
    (folder / "bob_first.jpg").rename(folder / "bob.jpg")
    with pytest.raises(DatasetError, match="expected FACTOR/SUBJECT_first"):
        pairs_in_folders(tmp_path)

"""Groups: words, bins, intersections, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import DatasetError, InputError
from mien.evaluate.audit.groups import all_groupings, grouping, intersection
from tests.evaluate.audit.synthetic import table

PEOPLE = table({"age": ["3", "18", "40.5", "", "90"], "gender": ["f", "m", "f", "m", ""]})


def test_words_and_bins() -> None:
    gender = grouping(PEOPLE, "gender")
    assert gender.names == ("f", "m")
    assert gender.index.tolist() == [0, 1, 0, 1, -1]
    age = grouping(PEOPLE, "age:18,60")
    assert age.names == ("under 18", "18 to under 60", "60 and over")
    assert age.index.tolist() == [0, 1, 1, -1, 2]
    assert age.n_without_label == 1


def test_quantile_bins_hold_about_as_many_each() -> None:
    values = table({"x": np.random.default_rng(0).normal(size=1000)})
    found = grouping(values, "x:q4")
    assert np.bincount(found.index).tolist() == [250, 250, 250, 250]


def test_intersection_names_who_is_not_there() -> None:
    both = intersection([grouping(PEOPLE, "gender"), grouping(PEOPLE, "age:18,60")])
    assert both.title == "gender x age"
    assert both.names == ("f, under 18", "f, 18 to under 60", "m, 18 to under 60")
    assert both.index.tolist() == [0, 2, 1, -1, -1]
    assert both.unobserved == ("f, 60 and over", "m, under 18", "m, 60 and over")


@given(st.permutations(range(5)))
def test_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows = np.array(order)
    for one, other in zip(
        all_groupings(PEOPLE, ("age:18,60", "gender")),
        all_groupings(PEOPLE[rows], ("age:18,60", "gender")),
        strict=True,
    ):
        assert one.names == other.names
        assert np.array_equal(one.index[rows], other.index)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("height", "column 'height': there are age, gender"),
        ("age:60,18", "rising edges"),
        ("age:18,x", "rising edges"),
        ("age:q1", "rising edges"),
        ("age:18,100", "nobody is in 100 and over"),
        ("age:200", "nobody is in 200 and over"),
    ],
)
def test_refused(spec: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        grouping(PEOPLE, spec)


def test_one_group_is_no_comparison() -> None:
    with pytest.raises(InputError, match="got 1 group"):
        grouping(table({"x": ["a", "a", ""]}), "x")
    with pytest.raises(InputError, match="each once"):
        all_groupings(PEOPLE, ("gender", "gender"))
    with pytest.raises(InputError, match="none"):
        all_groupings(PEOPLE, ())


def test_a_word_among_numbers_is_named_with_its_line() -> None:
    with pytest.raises(DatasetError, match=r"labels.csv:2: column gender: got 'f'"):
        grouping(PEOPLE, "gender:1")

"""Labels are taken one by one; what the model has no place for is refused with file and value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.data import Sample
from mien.errors import DatasetError
from mien.tasks.ancestry import ANCESTRIES
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.gender import GENDERS
from mien.teach.labels import LABELLED, labels_of
from mien.train.tasks.classes import Ancestry, Expression, Gender

WHOLE = {
    "apparent_age": 31.0,
    "apparent_gender": "male",
    "apparent_ancestry": "asian",
    "expression": "sad",
}


def sample(**labels: object) -> Sample:
    return Sample("a.png", Path("mine/a.png"), labels=labels)  # type: ignore[arg-type]


def test_each_label_is_taken_for_itself() -> None:
    whole = labels_of([sample(**WHOLE)])[0]
    assert LABELLED == ("age", "gender", "ancestry", "expression")
    assert whole.tolist() == [31, 1, 2, 4]
    for place, name in enumerate(WHOLE):
        only = labels_of([sample(**{name: WHOLE[name]})])[0]
        assert only[place] == whole[place]
        assert np.isnan(np.delete(only, place)).all()


def test_none_and_one_by_one() -> None:
    some = [sample(**WHOLE), sample(), sample(apparent_age=0.0), sample(apparent_age=120.0)]
    together = labels_of(some)
    np.testing.assert_array_equal(together, np.concatenate([labels_of([one]) for one in some]))
    assert labels_of([]).shape == (0, 4)


def test_classes_are_those_of_the_model() -> None:
    assert Gender.labels == GENDERS
    assert Ancestry.labels == ANCESTRIES
    assert Expression.labels == EXPRESSIONS


@pytest.mark.parametrize(
    ("label", "value", "wanted"),
    [
        ("apparent_age", 121.0, "from 0 to 120"),
        ("apparent_age", -1.0, "from 0 to 120"),
        ("apparent_age", float("nan"), "from 0 to 120"),
        ("apparent_age", "old", "from 0 to 120"),
        ("apparent_gender", "man", "female, male"),
        ("apparent_ancestry", "Asian", "white, black, asian"),
        ("expression", "contempt", "angry, disgust"),
        ("expression", 3.0, "angry, disgust"),
    ],
)
def test_other_values_are_refused(label: str, value: object, wanted: str) -> None:
    with pytest.raises(DatasetError, match=rf"mine/a\.png: {label}: got {value!r}, .*{wanted}"):
        labels_of([sample(), sample(**{label: value})])

"""FACET: people in pictures, with what reviewers perceived of them [P12]."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import Row, read_table
from mien.data.sample import Label, Sample

GENDERS = {
    "gender_presentation_masc": "male",
    "gender_presentation_fem": "female",
}
AGES = ("young", "middle", "older")
TONES = range(1, 11)


@register
class Facet(Folder):
    """``annotations/annotations.csv``: person_id, filename, class1, bounding_box and more.

    A sample is a person, ``file#person_id``. ``person_xywh`` is the box of the whole person in px.
    ``skin_tone`` is the Monk tone most reviewers chose, if one is alone at the top; the votes are
    ``skin_tone_votes``. Other presentations of gender than masculine and feminine are not said.
    """

    name = "facet"
    title = "FACET"
    source = "ai.meta.com/datasets/facet (annotations.csv); Gustafson et al., ICCV 2023 [P12]"
    gives = (
        *("person_xywh", "occupation", "apparent_gender", "apparent_age_range", "skin_tone"),
        "skin_tone_votes",
    )
    needs = ("annotations/annotations.csv",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every person in the order of the table."""
        columns = ["person_id", "filename", "class1", "bounding_box", *GENDERS]
        columns += [f"age_presentation_{age}" for age in AGES]
        columns += [f"skin_tone_{tone}" for tone in TONES]
        pictures = self._pictures()
        for row in read_table(self.root / self.needs[0], columns=columns):
            path = pictures.get(row["filename"])
            if path is None:
                raise row.error(f"names {row['filename']}, which is in no folder imgs_*")
            yield Sample(f"{self.id_of(path)}#{row['person_id']}", path, labels=_labels(row))

    def _pictures(self) -> Mapping[str, Path]:
        return {path.name: path for path in sorted(self.root.glob("imgs_*/*"))}


def _labels(row: Row) -> dict[str, Label]:
    votes = tuple(row.number(f"skin_tone_{tone}") for tone in TONES)
    labels: dict[str, Label] = {
        "person_xywh": _box(row),
        "occupation": row["class1"],
        "skin_tone_votes": votes,
    }
    if votes.count(max(votes)) == 1:
        labels["skin_tone"] = f"monk_{votes.index(max(votes)) + 1}"
    for column, gender in GENDERS.items():
        if row.number(column) == 1:
            labels["apparent_gender"] = gender
    for age in AGES:
        if row.number(f"age_presentation_{age}") == 1:
            labels["apparent_age_range"] = age
    return labels


def _box(row: Row) -> tuple[float, ...]:
    try:
        # Some copies were written by Python, with its quotes.
        box = json.loads(row["bounding_box"].replace("'", '"'))
        return tuple(float(box[name]) for name in ("x", "y", "width", "height"))
    except (ValueError, KeyError, TypeError) as error:
        raise row.error("column bounding_box: expected x, y, width and height") from error

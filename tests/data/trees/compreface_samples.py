"""One person alone, and a picture of nobody."""

from __future__ import annotations

import json
from pathlib import Path

from tests.data.trees import Expected, overwritten, picture, removed, replaced, text

EXPECTED = Expected(
    ("1_A.jpg", "2_0.jpg"),
    first_subject="A",
    first_labels={"nose_xy": (3.0, 4.0), "apparent_age": 30.0, "apparent_gender": "female"},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    person = {"id": "A", "images": ["1_A.jpg"], "gender": "female", "age": 30}
    noses = {"1_A.jpg": [[3, 4]], "2_0.jpg": []}
    text(root / "labels.json", json.dumps({"nose_points": noses, "persons": [person]}, indent=1))


BROKEN = (
    (removed("2_0.jpg"), "labels.json: names 2_0.jpg"),
    (replaced("labels.json", "persons", "people"), "labels.json: expected nose_points and persons"),
    (replaced("labels.json", '"age": 30', '"age": '), "labels.json:.*: is no JSON"),
    (overwritten("labels.json", b"[]"), "labels.json: got a list, expected a dict"),
)

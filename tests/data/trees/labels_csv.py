"""Three pictures of which different things are known."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, replaced, text

EXPECTED = Expected(
    ("a/1.png", "b.png", "c.png"),
    first_subject="Ada",
    first_labels={"apparent_age": 31.0, "expression": "happy"},
)
_PLACES = [f"{axis}{point}" for point in range(68) for axis in "xy"]
_TABLE = [
    ["path", "expression", "apparent_age", "subject_id", "apparent_gender", *_PLACES],
    ["a/1.png", "happy", "31", "Ada", "", *map(str, range(136))],
    ["b.png", "", "", "", "male", *[""] * 136],
    ["c.png", "", "", "Cy", "", *[""] * 136],
]


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / "labels.csv", "".join(",".join(row) + "\n" for row in _TABLE))


BROKEN = (
    (replaced("labels.csv", "b.png", "gone.png"), r"labels.csv:3: names gone.png, but there is no"),
    (replaced("labels.csv", "b.png", "../b.png"), r"labels.csv:3: '../b.png' lies outside"),
    (replaced("labels.csv", "b.png", "c.png"), r"labels.csv:4: c.png stands in line 3 already"),
    (replaced("labels.csv", ",31,", ",old,"), r"labels.csv:2: column apparent_age: got 'old'"),
    (replaced("labels.csv", ",7,8", ",,8"), r"labels.csv:2: got 135 of the columns x0, y0"),
    (replaced("labels.csv", "expression", "emotion"), r"labels.csv:1: columns emotion: not known"),
    (replaced("labels.csv", "path", "file"), r"labels.csv:1: no column path"),
)

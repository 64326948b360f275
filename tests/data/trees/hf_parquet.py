"""Three rows in two row groups to train on, one that names a file to test on."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.data.trees import Break, Expected, encoded, overwritten, picture, removed

TRAIN = "data/train-00000-of-00001.parquet"
TEST = "data/test-00000-of-00001.parquet"
EXPECTED = Expected(
    (f"{TEST}#0", f"{TRAIN}#0", f"{TRAIN}#1", f"{TRAIN}#2"),
    {"train": 3, "validation": 0, "test": 1},
    "9",
    {"emotion": "happy", "score": 0.5},
)
FEATURES = {
    "image": {"_type": "Image"},
    "emotion": {"_type": "ClassLabel", "names": ["sad", "happy"]},
}


def build(root: Path) -> None:
    (root / "data").mkdir()
    picture(root / "pictures/1.png")
    for number, name in enumerate((TRAIN, TEST)):
        rows = (
            [{"bytes": encoded(), "path": "1.png"}] * 3
            if number == 0
            else [{"path": "pictures/1.png"}]
        )
        _write(root / name, rows, emotion=1, person=number + 8)


def _write(path: Path, rows: list[dict[str, object]], *, emotion: int = 1, person: int = 8) -> None:
    images = [{"bytes": row.get("bytes"), "path": row.get("path")} for row in rows]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table(
        {
            "image": pa.array(images, kind),
            "emotion": [emotion] * len(rows),
            "score": [0.5] * len(rows),
            "identity": [person] * len(rows),
        }
    )
    stated = {"huggingface": json.dumps({"info": {"features": FEATURES}})}
    pq.write_table(table.replace_schema_metadata(stated), path, row_group_size=2)


def _with(rows: list[dict[str, object]], **columns: int) -> Break:
    return lambda root: _write(root / TRAIN, rows, **columns)


BROKEN = (
    (overwritten(TRAIN, b"PAR1"), "is no readable Parquet file"),
    (removed("pictures/1.png"), "test-.*#0: names pictures/1.png"),
    (_with([{"bytes": encoded()}, {}]), "train-.*#1: column image holds neither"),
    (_with([{"path": "../1.png"}]), "train-.*#0: names ../1.png"),
    (_with([{"bytes": encoded()}], emotion=2), "train-.*#0: column emotion: class 2"),
    (lambda root: pq.write_table(pa.table({"x": [1]}), root / TRAIN), "no column of pictures"),
)

"""FER2013 as Kaggle's table of pixels, and FER+, ten people's votes on the same faces."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.png import png_of
from mien.data.rows import Row, read_table
from mien.data.sample import Label, Sample

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_USAGE = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
VOTES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "NF"),
)
_OURS = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt")


@register
class Fer2013Table(Folder):
    """``fer2013.csv``: emotion 0..6, 48 x 48 grey pixels with blanks between them, Usage."""

    name = "fer2013-csv"
    title = "FER2013 (table)"
    source = "www.kaggle.com: challenges-in-representation-learning-facial-expression-recognition"
    gives = ("expression",)
    splits = ("train", "val", "test")
    needs = ("fer2013.csv",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the faces of one split, as PNG."""
        for row in read_table(self.root / self.needs[0], columns=("emotion", "pixels", "Usage")):
            if row.one_of("Usage", tuple(_USAGE.values())) != _USAGE[split]:
                continue
            code = row.one_of("emotion", tuple(map(str, range(len(EXPRESSIONS)))))
            yield Sample(
                f"fer2013.csv#{row.line}",
                encoded=_picture(row),
                labels={"expression": EXPRESSIONS[int(code)]},
            )


@register
class FerPlus(Folder):
    """``fer2013new.csv`` and ``FER2013{Train,Valid,Test}/fer0000000.png`` of its script.

    ``votes`` are how many of ten people chose each of VOTES. ``expression`` is the most frequent
    choice if it is alone and an expression. Rows without a name are of pictures without a face.
    """

    name = "ferplus"
    title = "FER+"
    source = "github.com/microsoft/FERPlus README.md, src/generate_training_data.py"
    gives = ("expression", "votes")
    splits = ("train", "val", "test")
    needs = ("fer2013new.csv",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        folder = {"train": "FER2013Train", "val": "FER2013Valid", "test": "FER2013Test"}[split]
        for row in read_table(self.root / self.needs[0], columns=("Usage", "Image name", *VOTES)):
            if (
                row.one_of("Usage", tuple(_USAGE.values())) != _USAGE[split]
                or not row["Image name"]
            ):
                continue
            path = row.file(self.root / folder, row["Image name"])
            votes = tuple(row.number(name) for name in VOTES)
            labels: dict[str, Label] = {"votes": votes}
            best = max(range(len(votes)), key=votes.__getitem__)
            if votes.count(votes[best]) == 1 and best < len(_OURS):
                labels["expression"] = _OURS[best]
            yield Sample(self.id_of(path), path, labels=labels)


def _picture(row: Row) -> bytes:
    try:
        pixels = np.array(row["pixels"].split(), np.uint8)
    except (ValueError, OverflowError) as error:
        raise row.error(f"column pixels: expected whole numbers of 0..255: {error}") from error
    if len(pixels) != 48 * 48:
        raise row.error(f"column pixels: got {len(pixels)}, expected {48 * 48}")
    return png_of(pixels.reshape(48, 48))

"""FER2013 as folders: one a part, in it one an expression."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from mien.data.dataset import checked_split, register
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.io import find_images

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
#: FER2013 has no contempt; other spellings of its seven classes.
_SPELLED = {"anger": "angry", "fearful": "fear", "happiness": "happy", "sadness": "sad"}


@register
class Fer2013:
    """``train|validation|test/expression/picture``; a part that is not there is left out."""

    name: ClassVar[str] = "fer2013"
    title: ClassVar[str] = "FER2013"
    source: ClassVar[str] = "https://www.kaggle.com/datasets/msambare/fer2013"
    gives: ClassVar[tuple[str, ...]] = ("expression",)
    layout: ClassVar[Literal["verified", "unverified"]] = "verified"
    splits: ClassVar[tuple[str, ...]] = ("train", "validation", "test")

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise DatasetError unless one part has a picture."""
        if next(self.samples(), None) is None:
            parts = ", ".join(self.splits)
            raise DatasetError(f"{self.root}: no picture in one of its folders {parts}")

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every picture, sorted within each part. Raises DatasetError for other folders."""
        parts = self.splits if checked_split(self, split) is None else (str(split),)
        for part in parts:
            folder = self.root / part
            if not folder.is_dir():
                if split is not None:
                    raise DatasetError(f"{folder}: no such folder")
                continue
            for path in find_images(folder):
                name = path.relative_to(folder).parts[0].lower()
                expression = _SPELLED.get(name, name)
                if expression not in EXPRESSIONS:
                    raise DatasetError(
                        f"{path}: lies in {name!r}, expected a folder of {', '.join(EXPRESSIONS)}"
                    )
                sample_id = path.relative_to(self.root).as_posix()
                yield Sample(sample_id, path, labels={"expression": expression})

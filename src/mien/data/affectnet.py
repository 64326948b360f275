"""AffectNet: eight expressions, valence and arousal; as tables, and as a folder of small arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder, box_xywh, points_of, sorted_files
from mien.data.rows import Row, read_table
from mien.data.sample import Label, Sample
from mien.errors import DatasetError
from mien.types import Landmarks

EXPRESSIONS = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry", "contempt")
#: Classes of the tables that are no expression; valence and arousal are then -2, not said.
OTHERS = ("none", "uncertain", "no-face")
COLUMNS = [
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
]


@register
class AffectNet(Folder):
    """``training.csv``, ``validation.csv`` and ``Manually_Annotated_Images`` of the first release.

    The tables may lie in ``Manually_Annotated_file_lists``. Pictures without a face carry a class
    of OTHERS as their expression and no valence.
    """

    name = "affectnet"
    title = "AffectNet (tables)"
    source = "mohammadmahoor.com/pages/databases/affectnet"
    gives = ("boxes", "ibug68", "expression", "valence", "arousal")
    splits = ("train", "val")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        name = {"train": "training.csv", "val": "validation.csv"}[split]
        path = self.root / "Manually_Annotated_file_lists" / name
        for row in read_table(path if path.exists() else self.root / name, columns=COLUMNS):
            yield self._sample(row)

    def _sample(self, row: Row) -> Sample:
        path = row.file(self.root / "Manually_Annotated_Images", row[COLUMNS[0]])
        code = row.integer("expression")
        classes = EXPRESSIONS + OTHERS
        if not 0 <= code < len(classes):
            raise row.error(f"column expression: got {code}, expected 0..{len(classes) - 1}")
        labels: dict[str, Label] = {"expression": classes[code]}
        has_face = row["face_width"] not in ("", "-1", "NULL")
        if code < len(EXPRESSIONS):
            labels |= {name: _affect(row, name) for name in ("valence", "arousal")}
        return Sample(
            self.id_of(path),
            path,
            boxes=box_xywh(*(row.number(name) for name in COLUMNS[1:5])) if has_face else None,
            landmarks=_points(row) if has_face else None,
            labels=labels,
        )


@register
class AffectNetArrays(Folder):
    """``{train,val}_set/images/N.jpg`` and ``annotations/N_{exp,val,aro,lnd}.npy``."""

    name = "affectnet-arrays"
    title = "AffectNet (arrays)"
    source = "mohammadmahoor.com/pages/databases/affectnet; github.com/hcmlab/hcai_datasets"
    gives = ("ibug68", "expression", "valence", "arousal")
    files = {split: f"{split}_set" for split in ("train", "val")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        folder = self.root / self.files[split]
        for path in sorted_files(folder / "images", "*.jpg"):
            stem = folder / "annotations" / path.stem
            code = _array(Path(f"{stem}_exp.npy"), 1)[0]
            if code not in range(len(EXPRESSIONS)):
                raise DatasetError(
                    f"{stem}_exp.npy: got {code}, expected 0..{len(EXPRESSIONS) - 1}"
                )
            yield Sample(
                self.id_of(path),
                path,
                landmarks=points_of(_array(Path(f"{stem}_lnd.npy"), 136), "ibug68"),
                labels={
                    "expression": EXPRESSIONS[int(code)],
                    "valence": _array(Path(f"{stem}_val.npy"), 1)[0],
                    "arousal": _array(Path(f"{stem}_aro.npy"), 1)[0],
                },
            )


def _affect(row: Row, name: str) -> float:
    value = row.number(name)
    if not -1 <= value <= 1:
        raise row.error(f"column {name}: got {value}, expected -1..1")
    return value


def _points(row: Row) -> Landmarks:
    cells = tuple(row["facial_landmarks"].split(";"))
    if len(cells) != 136:
        raise row.error(f"column facial_landmarks: got {len(cells)} numbers, expected 136")
    return points_of(Row(row.path, row.line, cells).numbers(0), "ibug68")


def _array(path: Path, size: int) -> list[float]:
    try:
        # Old releases store a number as text.
        values = np.load(path, allow_pickle=False).ravel().astype(float)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path}: is no array of numbers: {error}") from error
    if len(values) != size or not np.isfinite(values).all():
        raise DatasetError(f"{path}: got {len(values)} numbers, expected {size} finite ones")
    return [float(value) for value in values]

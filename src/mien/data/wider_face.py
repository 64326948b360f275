"""WIDER FACE: boxes of every face in crowded pictures, with the levels of its benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.matlab import read_mat
from mien.data.rows import Row, split_lines
from mien.data.sample import Label, Sample
from mien.errors import DatasetError
from mien.types import Boxes
from mien.types.arrays import Array

LEVELS = ("easy", "medium", "hard")
#: What the six numbers after each box say: 0 is the ordinary value of each.
FACTORS = (
    "blur",
    "expression_typical",
    "illumination_extreme",
    "invalid",
    "occlusion",
    "pose_atypical",
)


@register
class WiderFace(Folder):
    """``wider_face_split/wider_face_{train,val}_bbx_gt.txt``: file, number of faces, a line a face.

    Labels have one number a face. Faces marked invalid and boxes without area are ``ignored``.
    With ``ground_truth/wider_{easy,medium,hard}_val.mat`` (needs [mat]) the labels ``easy``,
    ``medium`` and ``hard`` say with 1 which faces a level counts; the others it ignores.
    """

    name = "wider-face"
    title = "WIDER FACE"
    source = "shuoyang1213.me/WIDERFACE (wider_face_split/readme.txt, eval_tools)"
    gives = ("boxes", "ignored", *FACTORS, *LEVELS)
    files = {split: f"wider_face_split/wider_face_{split}_bbx_gt.txt" for split in ("train", "val")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture with its faces."""
        levels = self._levels() if split == "val" else {}
        rows = split_lines(self.root / self.files[split])
        for row in rows:
            path = row.file(self.root / f"WIDER_{split}" / "images", " ".join(row.cells))
            faces = _faces(row, rows)
            labels: dict[str, Label] = {
                name: tuple(map(float, faces[:, 4 + place])) for place, name in enumerate(FACTORS)
            }
            for level, chosen in levels.items():
                labels[level] = _flags(row, path.stem, chosen, len(faces))
            corners = np.concatenate([faces[:, :2], faces[:, :2] + faces[:, 2:4]], axis=1)
            ignored = (faces[:, 7] > 0) | (faces[:, 2:4] <= 0).any(axis=1)
            yield Sample(
                self.id_of(path), path, boxes=Boxes(corners), labels=labels, ignored=ignored
            )

    def _levels(self) -> dict[str, dict[str, Any]]:
        paths = {level: self.root / "ground_truth" / f"wider_{level}_val.mat" for level in LEVELS}
        return {level: _counted_faces(path) for level, path in paths.items() if path.exists()}


def _faces(row: Row, rows: Iterator[Row]) -> Array:
    """Return (N,10): x, y, width, height in px and the six factors."""
    count_row = next(rows, None)
    if count_row is None or len(count_row.cells) != 1:
        raise row.error("expected the number of faces on the next line")
    lines = []
    # A picture without faces has one line of zeros nevertheless.
    for _ in range(max(1, count_row.integer(0))):
        line = next(rows, None)
        if line is None or len(line.cells) != 10:
            raise (count_row if line is None else line).error(
                f"expected {count_row[0]} lines of 10 numbers each for {row[0]}"
            )
        lines.append(line.numbers(0))
    return np.array(lines[: count_row.integer(0)], np.float32).reshape(-1, 10)


def _counted_faces(path: Path) -> dict[str, Any]:
    """Return the 1-based numbers of the faces that count, by the picture's name."""
    content, counted = read_mat(path), {}
    try:
        events = zip(content["file_list"].ravel(), content["gt_list"].ravel(), strict=True)
        for files, faces in events:
            for file, numbers in zip(files.ravel(), faces.ravel(), strict=True):
                counted[str(file.ravel()[0])] = numbers.ravel().astype(int)
    except (KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise DatasetError(
            f"{path}: expected file_list and gt_list a picture: {error!r}"
        ) from error
    return counted


def _flags(row: Row, name: str, chosen: dict[str, Any], count: int) -> tuple[float, ...]:
    if count == 0:
        return ()
    if name not in chosen or (len(chosen[name]) and not 1 <= chosen[name].max() <= count):
        raise row.error(f"the levels in ground_truth do not fit {name} and its {count} faces")
    flags = np.zeros(count)
    flags[chosen[name] - 1] = 1
    return tuple(map(float, flags))

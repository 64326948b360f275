"""Gaze360: the direction in which people look, from all sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.matlab import read_mat
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types.arrays import Array

_COLUMNS = ("recording", "split", "frame", "person_identity")


@register
class Gaze360(Folder):
    """``metadata.mat`` and ``imgs/<recording>/head/<person>/<frame>.jpg`` (needs [mat]).

    ``gaze_dir`` is seen from the camera: x to its left, y up, z away from it; indices count from
    0. A person's number is only of one recording and one track, so that no subject is said.
    Frames that the authors leave unused are left out.
    """

    name = "gaze360"
    title = "Gaze360"
    source = "github.com/erkil1452/gaze360 dataset/README.md"
    gives = ("gaze_yaw_deg", "gaze_pitch_deg", "recording")
    splits = ("train", "val", "test")
    needs = ("metadata.mat", "imgs")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the head crops of one split."""
        table = self.root / "metadata.mat"
        content = read_mat(table)
        columns = {name: _column(table, content, name) for name in _COLUMNS}
        gaze = _gaze(table, content, len(columns["frame"]))
        names = [str(np.asarray(one).item()) for one in _column(table, content, "recordings")]
        for row in np.flatnonzero(columns["split"] == self.splits.index(split)):
            place = int(columns["recording"][row])
            if not 0 <= place < len(names):
                raise DatasetError(f"{table}: row {row} is of recording {place} of {len(names)}")
            person, frame = int(columns["person_identity"][row]), int(columns["frame"][row])
            path = self.root / "imgs" / names[place] / "head" / f"{person:06d}" / f"{frame:06d}.jpg"
            if not path.is_file():
                raise DatasetError(f"{table}: row {row} is of {path}, which is not there")
            x, y, z = map(float, gaze[row])
            yield Sample(
                self.id_of(path),
                path,
                labels={
                    # Left in the picture is the subject's right.
                    "gaze_yaw_deg": float(np.degrees(np.arctan2(-x, -z))),
                    "gaze_pitch_deg": float(np.degrees(np.arctan2(y, np.hypot(x, z)))),
                    "recording": names[place],
                },
            )


def _column(table: Path, content: dict[str, Any], name: str) -> Array:
    if name not in content:
        raise DatasetError(f"{table}: has no variable {name}")
    column: Array = content[name].ravel()
    return column


def _gaze(table: Path, content: dict[str, Any], count: int) -> Array:
    gaze = content.get("gaze_dir")
    if gaze is None or gaze.shape != (count, 3) or not np.isfinite(gaze).all():
        raise DatasetError(f"{table}: expected a variable gaze_dir ({count}, 3) of finite numbers")
    return np.asarray(gaze, float)

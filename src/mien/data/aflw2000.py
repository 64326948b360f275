"""AFLW2000-3D and 300W-LP: 68 points in three dimensions and the pose of the head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder, points_of, sorted_files
from mien.data.matlab import numbers, read_mat
from mien.data.sample import Label, Sample
from mien.errors import DatasetError
from mien.types import Landmarks
from mien.types.arrays import FloatArray


@register
class Aflw2000(Folder):
    """``AFLW2000/image00002.jpg`` with a ``.mat`` beside it (needs [mat]).

    ``pt3d_68`` (3,68) px: its depth grows towards the camera, here away from it. ``Pose_Para``
    begins with pitch, yaw, roll in rad, where yaw > 0 turns to the subject's own right; signs were
    checked against the points of the real files. Points are left as MATLAB counts pixels, from 1.
    """

    name = "aflw2000"
    title = "AFLW2000-3D"
    source = "www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/main.htm"
    layout = "verified"
    gives = ("ibug68", "yaw_deg", "pitch_deg", "roll_deg")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture, sorted by path."""
        folder = self.root / "AFLW2000" if (self.root / "AFLW2000").is_dir() else self.root
        for path in sorted_files(folder, "*.mat"):
            picture = _picture_of(path)
            content = read_mat(path)
            points = np.array(numbers(path, content, "pt3d_68", size=204), np.float32).reshape(
                3, 68
            )
            points = points.T * np.array([1, 1, -1], np.float32)
            yield Sample(
                self.id_of(picture),
                picture,
                landmarks=Landmarks(points[None], "ibug68"),
                labels=_pose(numbers(path, content, "Pose_Para", size=7)),
            )


@register
class ThreeHundredWLp(Folder):
    """``{AFW,HELEN,IBUG,LFPW}/*.jpg`` with a ``.mat`` beside each, and turned copies (needs [mat]).

    ``pt2d`` (2,68) px and ``Pose_Para`` as in AFLW2000; ``*_Flip`` folders are mirrored copies.
    """

    name = "300w-lp"
    title = "300W-LP"
    source = "www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/main.htm"
    gives = ("ibug68", "yaw_deg", "pitch_deg", "roll_deg")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture, sorted by path."""
        for name in (
            "AFW",
            "AFW_Flip",
            "HELEN",
            "HELEN_Flip",
            "IBUG",
            "IBUG_Flip",
            "LFPW",
            "LFPW_Flip",
        ):
            folder = self.root / name
            for path in sorted_files(folder, "*.mat") if folder.is_dir() else ():
                picture = _picture_of(path)
                content = read_mat(path)
                points: FloatArray = np.array(numbers(path, content, "pt2d", size=136)).reshape(
                    2, 68
                )
                yield Sample(
                    self.id_of(picture),
                    picture,
                    landmarks=points_of(points.T.ravel().tolist(), "ibug68"),
                    labels=_pose(numbers(path, content, "Pose_Para", size=7)),
                )


def _picture_of(path: Path) -> Path:
    picture = path.with_suffix(".jpg")
    if not picture.is_file():
        raise DatasetError(f"{path}: there is no {picture.name} beside it")
    return picture


def _pose(parameters: list[float]) -> dict[str, Label]:
    pitch, yaw, roll = np.degrees(parameters[:3])
    return {"yaw_deg": float(-yaw), "pitch_deg": float(pitch), "roll_deg": float(roll)}

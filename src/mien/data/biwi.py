"""BIWI Kinect head pose: 24 sequences of 20 people who turn their heads."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.rows import split_lines
from mien.data.sample import Sample
from mien.errors import DatasetError


@register
class Biwi(Folder):
    """``01/frame_00003_rgb.png`` and ``frame_00003_pose.txt``: a rotation, then a position in mm.

    Both are in the frame of the depth camera. The signs of its angles were not checked on real
    files, so that the matrix is passed on as it is (nine numbers, row by row), and no yaw_deg. A
    folder is a sequence; four people have two, so that no subject is said.
    """

    name = "biwi"
    title = "BIWI Kinect Head Pose"
    source = "data.vision.ee.ethz.ch/cvl/gfanelli/head_pose (readme of kinect_head_pose_db)"
    gives = ("rotation_matrix", "head_position_mm", "sequence")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every frame, sorted by path."""
        root = self.root / "hpdb" if (self.root / "hpdb").is_dir() else self.root
        for table in sorted_files(root, "[0-9][0-9]/frame_*_pose.txt"):
            rows = list(split_lines(table, cells=3))
            if len(rows) != 4:
                raise DatasetError(
                    f"{table}: got {len(rows)} lines, expected a rotation and a place"
                )
            stem = table.name.removesuffix("_pose.txt")
            pictures = [table.with_name(f"{stem}_rgb{end}") for end in (".png", ".jpg")]
            path = next((one for one in pictures if one.is_file()), None)
            if path is None:
                raise DatasetError(f"{table}: there is no {pictures[0].name} beside it")
            yield Sample(
                self.id_of(path),
                path,
                labels={
                    "rotation_matrix": tuple(n for row in rows[:3] for n in row.numbers(0)),
                    "head_position_mm": tuple(rows[3].numbers(0)),
                    "sequence": table.parent.name,
                },
            )

"""GazeFollow and ChildPlay: the point in the picture that a person looks at [P24]."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder, box_xywh, sorted_files
from mien.data.rows import Row, read_table
from mien.data.sample import Label, Sample
from mien.types import Boxes

_TEST = (
    *("path", "id", "body_x", "body_y", "body_width", "body_height", "eye_x", "eye_y"),
    *("gaze_x", "gaze_y", "head_x1", "head_y1", "head_x2", "head_y2", "origin", "meta"),
)
_TRAIN = (*_TEST[:14], "inside", *_TEST[14:])
GAZE_CLASSES = (
    *("inside_visible", "outside_frame", "gaze_shift", "inside_occluded", "inside_uncertain"),
    *("eyes_closed", "inside_ambiguous", "uncertain", "not_annotated"),
)


@register
class GazeFollow(Folder):
    """``{train,test}_annotations_release.txt`` of the extended set: a row a person and annotator.

    Eye and target are parts of the picture's size, the box of the head is in px. About ten people
    annotated each test picture: a row each. ``inside`` is 1 where the target is in the picture
    (test: always), -1 where it was not said. A sample is a row, ``file#row``.
    """

    name = "gazefollow"
    title = "GazeFollow (extended)"
    source = "github.com/ejcgt/attention-target-detection dataset.py"
    gives = ("boxes", "eye_fraction_xy", "gaze_target_fraction_xy", "inside")
    files = {split: f"{split}_annotations_release.txt" for split in ("train", "test")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the rows of one split."""
        columns = _TRAIN if split == "train" else _TEST
        for row in read_table(self.root / self.files[split], columns=columns, header=False):
            path = row.file(self.root, row["path"])
            inside = row.number("inside") if split == "train" else 1.0
            labels: dict[str, Label] = {
                "eye_fraction_xy": (row.number("eye_x"), row.number("eye_y")),
                "inside": inside,
            }
            if inside == 1:
                labels["gaze_target_fraction_xy"] = (row.number("gaze_x"), row.number("gaze_y"))
            corners = [[row.number(f"head_{name}") for name in ("x1", "y1", "x2", "y2")]]
            boxes = Boxes(np.array(corners, np.float32))
            yield Sample(f"{self.id_of(path)}#{row.line}", path, boxes=boxes, labels=labels)


@register
class ChildPlay(Folder):
    """``annotations/<split>/<clip>.csv`` and ``images/<clip>/<video>_<frame>.jpg``.

    A row is a person in a frame: bbox_x, … of the head, gaze_class, gaze_x, gaze_y, is_child. A
    clip is named ``<video>_<first>-<last>``; the picture of its frame n is of first + n - 1. Clips
    marked ``-downsampled``, whose steps are not documented, are left out.
    """

    name = "childplay"
    title = "ChildPlay-gaze"
    source = "www.idiap.ch/en/scientific-research/data/childplay-gaze (README)"
    gives = ("boxes", "gaze_class", "gaze_target_xy", "is_child")
    files = {split: f"annotations/{split}" for split in ("train", "val", "test")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the people in the frames of one split."""
        columns = ["frame", "person_id", "gaze_class", "gaze_x", "gaze_y", "is_child"]
        columns += [f"bbox_{name}" for name in ("x", "y", "width", "height")]
        for table in sorted_files(self.root / self.files[split], "*.csv"):
            if not table.stem.endswith("-downsampled"):
                for row in read_table(table, columns=columns):
                    yield self._sample(row)

    def _sample(self, row: Row) -> Sample:
        clip = row.path.stem
        video, _, frames = clip.rpartition("_")
        first = frames.partition("-")[0]
        if not first.isdecimal():
            raise row.error(f"clip {clip!r}: expected a name <video>_<first>-<last>")
        name = f"{clip}/{video}_{int(first) + row.integer('frame') - 1}.jpg"
        path = row.file(self.root / "images", name)
        labels: dict[str, Label] = {
            "gaze_class": row.one_of("gaze_class", GAZE_CLASSES),
            "is_child": row.number("is_child"),
        }
        if labels["gaze_class"] == "inside_visible":
            labels["gaze_target_xy"] = (row.number("gaze_x"), row.number("gaze_y"))
        box = [row.number(f"bbox_{name}") for name in ("x", "y", "width", "height")]
        name = f"{self.id_of(path)}#{row['person_id']}"
        return Sample(name, path, boxes=box_xywh(*box), labels=labels)

"""CelebA's 40 attributes, landmarks, boxes and partition; who is who: ``celeba-identity``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mien.data.dataset import register
from mien.data.folder import Folder, box_xywh, five_from_image_left
from mien.data.rows import Row, split_lines
from mien.data.sample import Label, Sample
from mien.errors import DatasetError

_SIGNS = frozenset({"1", "-1"})
_PARTITION = {"train": "0", "val": "1", "test": "2"}


@register
class CelebaAttributes(Folder):
    """Aligned pictures, or ``img_celeba`` as found on the web, where that folder is there.

    Lists lie in the root (as torchvision lays them), or in ``Anno`` and ``Eval`` (as distributed);
    pictures in ``img_align_celeba`` or ``img_celeba``, maybe below ``Img``. An attribute is 1 or
    0 under its own name (``Smiling``). The names "left" of CelebA's points are the picture's.
    """

    name = "celeba-attributes"
    title = "CelebA attributes"
    source = "mmlab.ie.cuhk.edu.hk/projects/CelebA.html; torchvision.datasets.CelebA"
    gives = ("subject_id", "boxes", "five", "apparent_gender", "the 40 attributes by their names")
    splits = ("train", "val", "test")

    def check(self) -> None:
        """Raise DatasetError unless attributes and pictures are there."""
        self._pictures()
        super().check()

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        folder = self._pictures()
        wild = folder.name == "img_celeba"
        partition = self._lines("list_eval_partition.txt", cells=2)
        chosen = {
            row[0]
            for row in partition.values()
            if row.one_of(1, ("0", "1", "2")) == _PARTITION[split]
        }
        points = self._lines(
            "list_landmarks_celeba.txt" if wild else "list_landmarks_align_celeba.txt",
            cells=11,
            skip=2,
        )
        boxes = self._lines("list_bbox_celeba.txt", cells=5, skip=2) if wild else {}
        subjects = self._lines("identity_CelebA.txt", cells=2)
        path = self._list("list_attr_celeba.txt")
        if path is None:
            raise DatasetError(f"{self.root}: no list_attr_celeba.txt; expected {self.title}")
        names = _attribute_names(path)
        for row in split_lines(path, cells=len(names) + 1, skip=2):
            if row[0] not in partition:
                raise row.error(f"{row[0]} is not in list_eval_partition.txt")
            if row[0] in chosen:
                yield self._sample(row, folder, names, (points, boxes, subjects))

    def _sample(
        self, row: Row, folder: Path, names: list[str], rows: tuple[Mapping[str, Row], ...]
    ) -> Sample:
        points, boxes, subjects = (found.get(row[0]) for found in rows)
        path = row.file(folder, row[0])
        if not _SIGNS.issuperset(row.cells[1:]):
            wrong = next(
                place for place, sign in enumerate(row.cells) if place and sign not in _SIGNS
            )
            row.one_of(wrong, ("1", "-1"))
        labels: dict[str, Label] = {
            name: float(sign == "1") for name, sign in zip(names, row.cells[1:], strict=True)
        }
        if "Male" in labels:
            labels["apparent_gender"] = "male" if labels["Male"] else "female"
        return Sample(
            self.id_of(path),
            path,
            subject_id=None if subjects is None else subjects[1],
            boxes=None if boxes is None else box_xywh(*boxes.numbers(1)),
            landmarks=None if points is None else five_from_image_left(points.numbers(1)),
            labels=labels,
        )

    def _pictures(self) -> Path:
        for name in ("img_celeba", "img_align_celeba"):
            for folder in (self.root / name, self.root / "Img" / name):
                if folder.is_dir():
                    return folder
        raise DatasetError(f"{self.root}: no img_align_celeba or img_celeba, expected {self.title}")

    def _list(self, name: str) -> Path | None:
        places = (self.root / name, self.root / "Anno" / name, self.root / "Eval" / name)
        return next((path for path in places if path.is_file()), None)

    def _lines(self, name: str, *, cells: int, skip: int = 0) -> Mapping[str, Row]:
        path = self._list(name)
        return (
            {}
            if path is None
            else {row[0]: row for row in split_lines(path, cells=cells, skip=skip)}
        )


def _attribute_names(path: Path) -> list[str]:
    lines = split_lines(path)
    next(lines, None)
    header = next(lines, None)
    if header is None:
        raise DatasetError(f"{path}:2: expected the names of the attributes")
    return list(header.cells)

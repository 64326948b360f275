"""IJB-B and IJB-C: templates of many pictures, compared 1:1 and searched 1:N."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder, five_from_image_left
from mien.data.rows import Row, read_table, split_lines
from mien.data.sample import Sample
from mien.data.splits import refuse_shared_subjects
from mien.data.template_protocol import Members, Searches, TemplateList, TemplatePairs
from mien.errors import DatasetError


class Ijb(Folder):
    """Loose crops with five points each, in the layout that insightface passes on.

    Every picture is of one face; ``detector_score`` is that of the points' detector. A picture's
    subject is known where a list of the 1:N protocol names its template.
    """

    source = "github.com/deepinsight/insightface recognition/_evaluation_/ijb"
    gives = ("subject_id", "five", "detector_score", "templates")
    galleries: ClassVar[tuple[str, str]]
    prefix: ClassVar[str]

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every crop."""
        subjects = {
            int(template): str(subject)
            for listed in self._lists()
            for template, subject in zip(listed.template_id, listed.subject_id, strict=True)
        }
        points = split_lines(self._meta("name_5pts_score.txt"), cells=12)
        owners = split_lines(self._meta("face_tid_mid.txt"), cells=3)
        for face, owner in _together(points, owners):
            path = face.file(self.root / "loose_crop", face[0])
            yield Sample(
                self.id_of(path),
                path,
                subject_id=subjects.get(owner.integer(1)),
                landmarks=five_from_image_left(face.numbers(1, 11)),
                labels={"detector_score": face.number(11)},
            )

    def members(self) -> Members:
        """Return which crops each template is made of."""
        rows = list(split_lines(self._meta("face_tid_mid.txt"), cells=3))
        return Members(
            np.array([f"loose_crop/{row[0]}" for row in rows]),
            np.array([row.integer(1) for row in rows], np.int64),
            np.array([row.integer(2) for row in rows], np.int64),
        )

    def template_pairs(self) -> TemplatePairs:
        """Return the 1:1 comparisons: millions, so they are parsed in bulk."""
        path = self._meta("template_pair_label.txt")
        if next(split_lines(path), None) is None:
            raise DatasetError(f"{path}: is empty, expected comparisons")
        try:
            table = np.loadtxt(path, dtype=np.int64, ndmin=2, comments=None)
        except ValueError as error:
            raise _first_bad_line(path) from error
        if table.shape[1] != 3 or not np.isin(table[:, 2], (0, 1)).all():
            raise _first_bad_line(path)
        return TemplatePairs(table[:, 0], table[:, 1], table[:, 2] == 1)

    def searches(self) -> Searches:
        """Return the 1:N protocol with mixed probes. Raises DatasetError for shared subjects."""
        first, second, probes = self._lists()
        refuse_shared_subjects(
            {self.galleries[0]: first.subject_id, self.galleries[1]: second.subject_id}
        )
        return Searches(dict(zip(self.galleries, (first, second), strict=True)), probes)

    def _lists(self) -> list[TemplateList]:
        names = [f"1N_gallery_{name}.csv" for name in self.galleries]
        return [_templates(self._meta(name)) for name in (*names, "1N_probe_mixed.csv")]

    def _meta(self, name: str) -> Path:
        return self.root / "meta" / f"{self.prefix}_{name}"


@register
class IjbB(Ijb):
    """IJB-B: 1,845 subjects."""

    name = "ijb-b"
    title = "IJB-B"
    prefix = "ijbb"
    galleries = ("S1", "S2")
    needs = ("loose_crop", "meta/ijbb_face_tid_mid.txt", "meta/ijbb_name_5pts_score.txt")


@register
class IjbC(Ijb):
    """IJB-C: 3,531 subjects."""

    name = "ijb-c"
    title = "IJB-C"
    prefix = "ijbc"
    galleries = ("G1", "G2")
    needs = ("loose_crop", "meta/ijbc_face_tid_mid.txt", "meta/ijbc_name_5pts_score.txt")


def _together(points: Iterator[Row], owners: Iterator[Row]) -> Iterator[tuple[Row, Row]]:
    for face in points:
        owner = next(owners, None)
        if owner is None or owner[0] != face[0]:
            raise face.error(f"names {face[0]}, the list of templates does not at this place")
        yield face, owner
    for owner in owners:
        raise owner.error(f"names {owner[0]}, the list of points ends before it")


def _templates(path: Path) -> TemplateList:
    """A list has a row a picture: template, subject, then what is not needed."""
    subjects: dict[int, str] = {}
    for row in read_table(path, columns=()):
        if subjects.setdefault(row.integer(0), row[1]) != row[1]:
            raise row.error(f"gives template {row[0]} to {row[1]}, before to another subject")
    return TemplateList(np.array(list(subjects), np.int64), np.array(list(subjects.values())))


def _first_bad_line(path: Path) -> DatasetError:
    for row in split_lines(path, cells=3):
        row.integer(0), row.integer(1), row.one_of(2, ("0", "1"))
    return DatasetError(f"{path}: cannot be read as three whole numbers a line")

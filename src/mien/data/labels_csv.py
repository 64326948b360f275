"""Any folder of pictures with a ``labels.csv``: who and what each shows, as far as it is known."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder, points_of
from mien.data.rows import Row, read_table
from mien.data.sample import Label, Sample
from mien.errors import DatasetError

_FILE = "labels.csv"
_NUMBERS = (
    *("apparent_age", "valence", "arousal", "yaw_deg", "pitch_deg", "roll_deg"),
    *("gaze_yaw_deg", "gaze_pitch_deg"),
)
_WORDS = (
    *("apparent_age_range", "apparent_gender", "apparent_ancestry", "expression"),
    *("attack", "forgery", "skin_tone"),
)
_POINTS = tuple(f"{axis}{point}" for point in range(68) for axis in "xy")


@register
class LabelsCsv(Folder):
    """``labels.csv``: ``path`` below the folder, and any of the columns that follow.

    ``subject_id``; ``apparent_age``, ``apparent_gender``, ``apparent_ancestry``, ``expression`` and
    other labels by their names; ``x0, y0 ... x67, y67``, iBUG's 68 points in px. An empty cell says
    nothing; of points all or none are given.
    """

    name = "labels-csv"
    title = "Pictures with a table of labels"
    source = "labels.csv: path[,subject_id][,label ...][,x0,y0 ... x67,y67]"
    layout = "verified"
    gives = ("subject_id", "ibug68", "the labels that the header names")
    needs = (_FILE,)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture in the order of the table."""
        seen: dict[str, int] = {}
        for row in read_table(self.root / _FILE, columns=("path",)):
            if not seen:
                _check_header(row)
            path = row.file(self.root, row["path"])
            sample_id = self.id_of(path)
            if seen.setdefault(sample_id, row.line) != row.line:
                raise row.error(f"{sample_id} stands in line {seen[sample_id]} already")
            points = [name for name in _POINTS if name in row.columns and row[name]]
            if points and len(points) != len(_POINTS):
                raise row.error(
                    f"got {len(points)} of the columns x0, y0 ... x67, y67, expected all"
                )
            yield Sample(
                sample_id,
                path,
                subject_id=_cell(row, "subject_id"),
                labels=_labels(row),
                landmarks=points_of([row.number(n) for n in points], "ibug68") if points else None,
            )


def _check_header(row: Row) -> None:
    known = {"path", "subject_id", *_NUMBERS, *_WORDS, *_POINTS}
    unknown = [name for name in row.columns if name not in known]
    if unknown:
        wanted = ", ".join(("path", "subject_id", *_NUMBERS, *_WORDS))
        raise DatasetError(
            f"{row.path}:1: columns {', '.join(unknown)}: not known; expected {wanted}, "
            "x0, y0 ... x67, y67"
        )


def _labels(row: Row) -> dict[str, Label]:
    labels: dict[str, Label] = {n: row.number(n) for n in _NUMBERS if _cell(row, n) is not None}
    for name in _WORDS:
        said = _cell(row, name)
        if said is not None:
            labels[name] = said
    return labels


def _cell(row: Row, name: str) -> str | None:
    return row[name] if name in row.columns and row[name] else None

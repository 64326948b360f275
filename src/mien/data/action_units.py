"""BP4D and DISFA: action units of every frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.rows import Row, read_table
from mien.data.sample import Label, Sample
from mien.errors import DatasetError

DISFA_UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)


@register
class Bp4d(Folder):
    """``AUCoding/AU_OCC/F001_T1.csv``: a header ``0, 1, 2, …`` of units, a line a frame.

    The first cell is the number of the frame, 9 means not known. Pictures are
    ``Sequences(2D+3D)/F001/T1/0001.jpg``, their number as wide as the files have it.
    """

    name = "bp4d"
    title = "BP4D"
    source = "github.com/CVI-SZU/ME-GraphAU tool/BP4D_image_label_process.py"
    gives = ("subject_id", "action units as au_01")
    needs = ("AUCoding/AU_OCC",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the coded frames of every task."""
        for table in sorted_files(self.root / self.needs[0], "*.csv"):
            subject, _, task = table.stem.partition("_")
            folder = self.root / "Sequences(2D+3D)" / subject / task
            pictures = {int(path.stem): path for path in sorted_files(folder, "[0-9]*.jpg")}
            for row in read_table(table, columns=("0",)):
                path = pictures.get(row.integer("0"))
                if path is None:
                    raise row.error(f"codes frame {row['0']}, which {folder} does not hold")
                labels = {
                    f"au_{int(unit):02d}": row.number(unit)
                    for unit in row.columns[1:]
                    if row.one_of(unit, ("0", "1", "9")) != "9"
                }
                yield Sample(self.id_of(path), path, subject_id=subject, labels=labels)


@register
class Disfa(Folder):
    """``ActionUnit_Labels/SN001/SN001_au1.txt``: lines ``frame,intensity`` of 0..5, from frame 1.

    The video is ``Videos_LeftCamera/LeftVideoSN001_comp.avi``; a sample is one of its frames.
    """

    name = "disfa"
    title = "DISFA"
    source = "github.com/CVI-SZU/ME-GraphAU tool/DISFA_image_label_process.py"
    gives = ("subject_id", "video", "frame", *(f"au_{unit:02d}" for unit in DISFA_UNITS))
    needs = ("ActionUnit_Labels", "Videos_LeftCamera")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every frame of every subject."""
        for folder in sorted((self.root / self.needs[0]).glob("SN*")):
            video = self.root / self.needs[1] / f"LeftVideo{folder.name}_comp.avi"
            if not video.is_file():
                raise DatasetError(f"{folder}: there is no {video}")
            yield from self._frames(folder, video)

    def _frames(self, folder: Path, video: Path) -> Iterator[Sample]:
        tables = {
            f"au_{unit:02d}": list(
                read_table(
                    folder / f"{folder.name}_au{unit}.txt",
                    columns=("frame", "intensity"),
                    header=False,
                )
            )
            for unit in DISFA_UNITS
        }
        counts = {len(rows) for rows in tables.values()}
        if len(counts) > 1:
            raise DatasetError(
                f"{folder}: its units have {sorted(counts)} frames, expected as many"
            )
        for number in range(counts.pop()):
            labels = {unit: _intensity(rows[number], number) for unit, rows in tables.items()}
            name = f"{self.id_of(video)}#{number}"
            yield Sample(name, video, subject_id=folder.name, labels=labels, frame=number)


def _intensity(row: Row, number: int) -> Label:
    if row.integer("frame") != number + 1:
        raise row.error(f"got frame {row['frame']}, expected {number + 1}")
    return float(row.one_of("intensity", ("0", "1", "2", "3", "4", "5")))

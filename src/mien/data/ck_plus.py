"""CK+: posed expressions from neutral to the peak, with points and action units of the peak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mien.data.dataset import register
from mien.data.folder import Folder, points_of, sorted_files
from mien.data.rows import split_lines
from mien.data.sample import Label, Sample
from mien.errors import DatasetError
from mien.types import Landmarks

EXPRESSIONS = ("neutral", "angry", "contempt", "disgust", "fear", "happy", "sad", "surprise")


@register
class CkPlus(Folder):
    """``cohn-kanade-images/S005/001/S005_001_00000011.png``: the last of a sequence is its peak.

    ``Emotion``, ``Landmarks`` and ``FACS`` have the same folders. Yielded are the peaks; those
    without an emotion have none. An action unit without intensity (0 in the files) is 1 here.
    """

    name = "ck-plus"
    title = "CK+"
    source = "www.jeffcohn.net/Resources (ReadMeFirst of the Extended Cohn-Kanade data)"
    gives = ("subject_id", "ibug68", "expression", "action units as au_01")
    needs = ("cohn-kanade-images",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the last frame of every sequence."""
        peaks: dict[Path, Path] = {}
        for path in sorted_files(self.root / self.needs[0], "S*/*/*.png"):
            peaks[path.parent] = path
        for path in peaks.values():
            labels: dict[str, Label] = {}
            emotion = self._beside(path, "Emotion", "emotion")
            if emotion is not None:
                labels["expression"] = _expression(emotion)
            facs = self._beside(path, "FACS", "facs")
            for row in () if facs is None else split_lines(facs, cells=2):
                labels[f"au_{row.integer(0):02d}"] = max(1.0, row.number(1))
            yield Sample(
                self.id_of(path),
                path,
                subject_id=path.parent.parent.name,
                landmarks=self._points(path),
                labels=labels,
            )

    def _points(self, path: Path) -> Landmarks | None:
        table = self._beside(path, "Landmarks", "landmarks")
        if table is None:
            return None
        numbers = [number for row in split_lines(table, cells=2) for number in row.numbers(0)]
        if len(numbers) != 136:
            raise DatasetError(f"{table}: got {len(numbers) // 2} points, expected 68")
        return points_of(numbers, "ibug68")

    def _beside(self, path: Path, folder: str, ending: str) -> Path | None:
        place = path.parent.relative_to(self.root / self.needs[0])
        found = self.root / folder / place / f"{path.stem}_{ending}.txt"
        return found if found.is_file() else None


def _expression(path: Path) -> str:
    rows = list(split_lines(path, cells=1))
    if len(rows) != 1 or rows[0].integer(0) not in range(len(EXPRESSIONS)):
        raise DatasetError(f"{path}:1: expected one number of 0..{len(EXPRESSIONS) - 1}")
    return EXPRESSIONS[rows[0].integer(0)]

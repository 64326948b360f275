"""Aff-Wild2: expression, valence and arousal, and action units of every frame of videos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.rows import Row, read_table, split_lines
from mien.data.sample import Label, Sample

EXPRESSIONS = ("neutral", "angry", "disgust", "fear", "happy", "sad", "surprise", "other")


class AffWild2(Folder):
    """``<task>/{Train_Set,Validation_Set}/<video>.txt`` and ``cropped_aligned/<video>/00001.jpg``.

    The first line names the columns, line n + 1 is of frame n. Frames in which no face was found
    have no crop, and frames marked as not annotated no label: both are left out. A video of two
    people has two files (``_left``, ``_right``).
    """

    source = "ibug.doc.ic.ac.uk/resources/aff-wild2; github.com/dkollias/Aff-Wild2"
    task: ClassVar[str]
    splits = ("train", "val")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the labelled frames of one split."""
        folder = {"train": "Train_Set", "val": "Validation_Set"}[split]
        for table in sorted_files(self._place(self.task) / folder, "*.txt"):
            for row in self.rows_of(table):
                path = self.root / "cropped_aligned" / table.stem / f"{row.line - 1:05d}.jpg"
                labels = self.labels_of(row)
                if labels and path.is_file():
                    yield Sample(self.id_of(path), path, labels=labels)

    def rows_of(self, table: Path) -> Iterator[Row]:
        """Yield the lines below the header."""
        return read_table(table, columns=())

    def labels_of(self, row: Row) -> dict[str, Label]:
        """Return what a line says; nothing for a frame that is not annotated."""
        raise NotImplementedError

    def _place(self, task: str) -> Path:
        # The archive of annotations has a folder of its own, named after the challenge.
        found = sorted(self.root.glob(f"*Annotations/{task}"))
        return found[0] if found else self.root / task


@register
class AffWild2Expression(AffWild2):
    """One of eight classes, -1 = not annotated."""

    name = "aff-wild2-expression"
    title = "Aff-Wild2, expression"
    gives = ("expression",)
    task = "EXPR_Recognition_Challenge"

    def rows_of(self, table: Path) -> Iterator[Row]:
        """Yield lines of one number; the header names the classes, not columns."""
        return split_lines(table, cells=1, skip=1)

    def labels_of(self, row: Row) -> dict[str, Label]:
        """Return the class."""
        code = row.integer(0)
        if not -1 <= code < len(EXPRESSIONS):
            raise row.error(f"got {code}, expected -1..{len(EXPRESSIONS) - 1}")
        return {"expression": EXPRESSIONS[code]} if code >= 0 else {}


@register
class AffWild2Affect(AffWild2):
    """Valence and arousal, -5 = not annotated."""

    name = "aff-wild2-affect"
    title = "Aff-Wild2, valence and arousal"
    gives = ("valence", "arousal")
    task = "VA_Estimation_Challenge"

    def labels_of(self, row: Row) -> dict[str, Label]:
        """Return both numbers."""
        valence, arousal = row.number(0), row.number(1)
        if -5 in (valence, arousal):
            return {}
        if not (-1 <= valence <= 1 and -1 <= arousal <= 1):
            raise row.error(f"got {valence}, {arousal}, expected -1..1 or -5")
        return {"valence": valence, "arousal": arousal}


@register
class AffWild2ActionUnits(AffWild2):
    """Twelve action units, 0 or 1, -1 = not annotated."""

    name = "aff-wild2-au"
    title = "Aff-Wild2, action units"
    gives = ("the action units that the header names",)
    task = "AU_Detection_Challenge"

    def labels_of(self, row: Row) -> dict[str, Label]:
        """Return the annotated units."""
        labels: dict[str, Label] = {}
        for column in row.columns:
            if row.one_of(column, ("-1", "0", "1")) != "-1":
                labels[f"au_{int(column.removeprefix('AU')):02d}"] = row.number(column)
        return labels

"""What a run says while it learns: CSV, TensorBoard where it is installed, one line of progress."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is: updates done of all, mean loss, examples a second, seconds left."""

    step: int
    steps: int
    epoch: float
    loss: float
    per_s: float
    left_s: float
    figures: Mapping[str, float]


Report = Callable[[Progress], None]


class Journal:
    """Appends rows to ``training.csv`` and ``held_out.csv`` in a run's folder.

    Rows after the update from which a run resumes are taken out first: they will come again.
    """

    def __init__(self, folder: Path, *, resumed_at: int) -> None:
        self.folder = folder
        for path in folder.glob("*.csv"):
            _cut(path, resumed_at)
        self._board: Any = None
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder), purge_step=resumed_at)

    def write(self, file: str, step: int, values: Mapping[str, float]) -> None:
        """Append one row, and the same to TensorBoard."""
        path = self.folder / f"{file}.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened)
            if new:
                writer.writerow(["step", *values])
            writer.writerow([step, *(f"{value:.6g}" for value in values.values())])
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"{file}/{name}", value, step)
        logger.info("%s step %d: %s", file, step, dict(values))


def _cut(path: Path, step: int) -> None:
    with path.open(newline="", encoding="utf-8") as opened:
        head, *rows = csv.reader(opened)
    kept = [row for row in rows if len(row) == len(head) and int(row[0]) <= step]
    with path.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([head, *kept])

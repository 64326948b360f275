"""QMUL-SurvFace: faces from surveillance cameras, compared 1:1."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.dataset import checked_split, register
from mien.data.folder import Folder, pictures_below
from mien.data.matlab import read_mat
from mien.data.pairs import Pairs
from mien.data.sample import Sample
from mien.errors import DatasetError


@register
class SurvFace(Folder):
    """``Face_Verification_Test_Set``: ``verification_images`` and two lists of pairs (needs [mat]).

    ``{positive,negative}_pairs_names.mat`` hold cells (P,2) of file names. There are no folds.
    """

    name = "survface"
    title = "QMUL-SurvFace"
    source = "qmul-survface.github.io (Face_Verification_Test_Set)"
    gives = ("pairs",)
    needs = ("Face_Verification_Test_Set/verification_images",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture of the verification test."""
        for path in pictures_below(self.root / self.needs[0]):
            yield Sample(self.id_of(path), path)

    def pairs(self, split: str | None = None) -> Pairs:
        """Return the mated, then the non-mated comparisons."""
        checked_split(self, split)
        first, second, mated = [], [], []
        for kind in ("positive", "negative"):
            for one, other in self._names(kind):
                first.append(one)
                second.append(other)
                mated.append(kind == "positive")
        fold = np.zeros(len(mated), np.int64)
        return Pairs(np.array(first, str), np.array(second, str), np.array(mated, bool), fold)

    def _names(self, kind: str) -> Iterator[tuple[str, str]]:
        table = self.root / "Face_Verification_Test_Set" / f"{kind}_pairs_names.mat"
        cells = read_mat(table).get(f"{kind}_pairs_names")
        if cells is None or cells.ndim != 2 or cells.shape[1] != 2:
            raise DatasetError(f"{table}: expected a variable {kind}_pairs_names of two columns")
        for number, row in enumerate(cells):
            names = [str(np.asarray(cell).item()) for cell in row]
            paths = [self.root / self.needs[0] / name for name in names]
            if not all(path.is_file() for path in paths):
                raise DatasetError(f"{table}: pair {number} names {' or '.join(names)}: not there")
            yield self.id_of(paths[0]), self.id_of(paths[1])

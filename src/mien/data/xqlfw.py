"""XQLFW: LFW with one good and one poor picture in each comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mien.data.dataset import checked_split, register
from mien.data.folder import Folder, pictures_below
from mien.data.pair_lines import numbered_pairs
from mien.data.pairs import Pairs
from mien.data.rows import Row, head_and_lines
from mien.data.sample import Sample

PICTURES = ("lfw_original_imgs_min_qual0.85variant11", "xqlfw_aligned_112")


@register
class Xqlfw(Folder):
    """``xqlfw_pairs.txt`` in LFW's format, beside the folder of original or aligned pictures."""

    name = "xqlfw"
    title = "XQLFW"
    source = "github.com/Martlgap/xqlfw (release 1.0)"
    gives = ("subject_id", "pairs")
    needs = ("xqlfw_pairs.txt",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture, sorted by path."""
        for path in pictures_below(self._pictures()):
            yield Sample(self.id_of(path), path, subject_id=path.parent.name)

    def pairs(self, split: str | None = None) -> Pairs:
        """Return the comparisons; the first line says how many folds there are."""
        checked_split(self, split)

        def named(row: Row, subject: str, column: int) -> str:
            name = f"{subject}/{subject}_{row.integer(column):04d}.jpg"
            return self.id_of(row.file(self._pictures(), name))

        head, rows = head_and_lines(self.root / self.needs[0])
        if len(head.cells) != 2 or head.integer(0) < 1:
            raise head.error("expected the number of folds and of pairs a kind")
        return numbered_pairs(rows, named, folds=head.integer(0))

    def _pictures(self) -> Path:
        found = [self.root / name for name in PICTURES if (self.root / name).is_dir()]
        return found[0] if found else self.root / PICTURES[0]

"""The ORL (AT&T) faces: 40 people, ten grey pictures each."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.sample import Sample


@register
class Orl(Folder):
    """``s1/1.pgm`` to ``s40/10.pgm``."""

    name = "orl"
    title = "ORL"
    source = "cam-orl.co.uk/facedatabase.html (README of the archive)"
    layout = "verified"
    gives = ("subject_id",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture, sorted by path."""
        for path in sorted_files(self.root, "s[0-9]*/*.pgm"):
            yield Sample(self.id_of(path), path, subject_id=path.parent.name)

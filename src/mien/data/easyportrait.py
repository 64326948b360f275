"""EasyPortrait: 9 classes a pixel of people before a camera [P235]."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mien.data.class_masks import read_class_mask
from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.rows import read_table
from mien.data.sample import Sample
from mien.types.arrays import ByteArray

CLASSES = (
    *("background", "person", "skin", "left_brow", "right_brow", "left_eye", "right_eye"),
    *("lips", "teeth"),
)


@register
class EasyPortrait(Folder):
    """``images/{train,val,test}/X.jpg`` and ``annotations/{train,val,test}/X.png``.

    With ``annotations/meta.csv`` (attachment_id, user_id, …) the subject is the user.
    """

    name = "easyportrait"
    title = "EasyPortrait"
    source = "github.com/hukenovs/easyportrait README.md"
    gives = ("subject_id", "mask")
    classes = CLASSES
    files = {split: f"images/{split}" for split in ("train", "val", "test")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        users = self._users()
        for path in sorted_files(self.root / self.files[split], "*.jpg"):
            yield Sample(self.id_of(path), path, subject_id=users.get(path.stem))

    def mask(self, sample: Sample) -> ByteArray:
        """Return the classes at the resolution of the picture."""
        assert sample.path is not None
        folder = self.root / "annotations" / sample.path.parent.name
        return read_class_mask(folder / f"{sample.path.stem}.png", classes=len(CLASSES))

    def _users(self) -> Mapping[str, str]:
        path = self.root / "annotations" / "meta.csv"
        if not path.is_file():
            return {}
        rows = read_table(path, columns=("attachment_id", "user_id"))
        return {row["attachment_id"]: row["user_id"] for row in rows}

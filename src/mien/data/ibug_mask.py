"""iBugMask: 11 classes a pixel of faces in all poses [P27]."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.class_masks import read_class_mask
from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.sample import Sample
from mien.types.arrays import ByteArray


@register
class IbugMask(Folder):
    """``{train,test}/X.jpg`` beside ``X.png``, a picture of class indices."""

    name = "ibug-mask"
    title = "iBugMask"
    source = (
        "github.com/hhj1897/face_parsing README.md; github.com/sithu31296/semantic-segmentation"
    )
    gives = ("mask",)
    classes = (
        *("background", "skin", "left_eyebrow", "right_eyebrow", "left_eye", "right_eye", "nose"),
        *("upper_lip", "inner_mouth", "lower_lip", "hair"),
    )
    files = {split: split for split in ("train", "test")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        for path in sorted_files(self.root / split, "*.jpg"):
            yield Sample(self.id_of(path), path)

    def mask(self, sample: Sample) -> ByteArray:
        """Return the classes at the resolution of the picture."""
        assert sample.path is not None
        return read_class_mask(sample.path.with_suffix(".png"), classes=len(self.classes))

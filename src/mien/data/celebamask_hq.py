"""CelebAMask-HQ: 19 classes a pixel; one picture a part as distributed, and as class indices."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.class_masks import merge_parts, read_class_mask
from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.rows import split_lines
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types.arrays import ByteArray

#: The authors' order; l_ and r_ are the subject's left and right (seen on the real masks).
CLASSES = (
    *(
        "background",
        "skin",
        "nose",
        "eye_g",
        "l_eye",
        "r_eye",
        "l_brow",
        "r_brow",
        "l_ear",
        "r_ear",
    ),
    *("mouth", "u_lip", "l_lip", "hair", "hat", "ear_r", "neck_l", "neck", "cloth"),
)
_MASK_WH = (512, 512)
#: The authors' partition, by the number of the original picture. Theirs counts from 0, CelebA's
#: files from 1, so that the first picture of val and of test is in train and in val here.
_FIRST_VAL, _FIRST_TEST = 162_771, 182_638


@register
class CelebaMaskHq(Folder):
    """``CelebA-HQ-img/N.jpg``; ``CelebAMask-HQ-mask-anno/<N // 2000>/<N:05>_<part>.png``.

    With ``CelebA-HQ-to-CelebA-mapping.txt`` (idx orig_idx orig_file) the splits are the authors'.
    """

    name = "celebamask-hq"
    title = "CelebAMask-HQ"
    source = "github.com/switchablenorms/CelebAMask-HQ face_parsing/Data_preprocessing"
    gives = ("mask",)
    classes = CLASSES
    splits = ("train", "val", "test")
    needs = ("CelebA-HQ-img", "CelebAMask-HQ-mask-anno")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split, by number."""
        path = self.root / "CelebA-HQ-to-CelebA-mapping.txt"
        for row in split_lines(path, cells=3, skip=1):
            original = row.integer(1)
            part = "train" if original < _FIRST_VAL else "val" if original < _FIRST_TEST else "test"
            if part == split:
                picture = row.file(self.root / self.needs[0], f"{row.integer(0)}.jpg")
                yield Sample(self.id_of(picture), picture)

    def mask(self, sample: Sample) -> ByteArray:
        """Return the 512 x 512 mask, parts put together in the order of the classes."""
        assert sample.path is not None
        number = int(sample.path.stem)
        folder = self.root / self.needs[1] / str(number // 2000)
        parts = {
            index: folder / f"{number:05d}_{part}.png"
            for index, part in enumerate(CLASSES)
            if index > 0
        }
        if not parts[1].is_file():
            raise DatasetError(f"{parts[1]}: no such file; every face has skin")
        return merge_parts(parts, size_wh=_MASK_WH)


@register
class CelebaMaskIndexed(Folder):
    """``N.jpg`` beside ``N.png``, a picture of class indices, as the authors' demo has them."""

    name = "celebamask-hq-indexed"
    title = "CelebAMask-HQ, class indices"
    source = "github.com/switchablenorms/CelebAMask-HQ MaskGAN_demo/samples"
    layout = "verified"
    gives = ("mask",)
    classes = CLASSES

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture that has a mask."""
        for path in sorted_files(self.root, "*.jpg"):
            if not path.with_suffix(".png").is_file():
                raise DatasetError(f"{path}: has no {path.stem}.png with its classes beside it")
            yield Sample(self.id_of(path), path)

    def mask(self, sample: Sample) -> ByteArray:
        """Return the indices as they are stored."""
        assert sample.path is not None
        return read_class_mask(sample.path.with_suffix(".png"), classes=len(CLASSES))

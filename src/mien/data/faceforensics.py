"""FaceForensics++: real videos and five ways to forge them, with splits by person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.json_file import read_json
from mien.data.sample import Sample
from mien.errors import DatasetError

METHODS = ("Deepfakes", "Face2Face", "FaceShifter", "FaceSwap", "NeuralTextures")


class FaceForensics(Folder):
    """Videos ``original_sequences/youtube/<quality>/videos/000.mp4`` and their forgeries.

    Of the pair 000 and 003 these are ``manipulated_sequences/<method>/<quality>/videos/
    000_003.mp4`` and ``003_000.mp4`` (target, source).

    ``splits/{train,val,test}.json`` list the pairs. The subject of a video is the pair's, smaller
    number first, since both people are in both forgeries and the pairs share nobody. Methods that
    were not downloaded are left out; of those that were, every video must be there.
    """

    source = "github.com/ondyari/FaceForensics dataset/README.md, dataset/splits"
    gives = ("subject_id", "forgery", "video")
    files = {split: f"splits/{split}.json" for split in ("train", "val", "test")}
    quality: ClassVar[str]

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the videos of one split: the real ones of a pair, then its forgeries."""
        path = self.root / self.files[split]
        for number, pair in enumerate(read_json(path, list)):
            if not _is_pair(pair):
                raise DatasetError(f"{path}: entry {number}: got {pair!r}, expected two names")
            subject = "_".join(sorted(pair))
            for name in pair:
                yield self._video("original_sequences/youtube", name, subject, "real")
            for method in METHODS:
                if (self.root / "manipulated_sequences" / method / self.quality).is_dir():
                    for first, second in (pair, pair[::-1]):
                        name = f"{first}_{second}"
                        yield self._video(f"manipulated_sequences/{method}", name, subject, method)

    def _video(self, folder: str, name: str, subject: str, forgery: str) -> Sample:
        path = self.root / folder / self.quality / "videos" / f"{name}.mp4"
        if not path.is_file():
            raise DatasetError(f"{path}: no such file, but a split names it")
        return Sample(self.id_of(path), path, subject_id=subject, labels={"forgery": forgery})


@register
class FaceForensicsC23(FaceForensics):
    """Videos of high quality (H.264, constant rate 23)."""

    name = "faceforensics-c23"
    title = "FaceForensics++ c23"
    quality = "c23"


@register
class FaceForensicsC40(FaceForensics):
    """Videos of low quality (H.264, constant rate 40)."""

    name = "faceforensics-c40"
    title = "FaceForensics++ c40"
    quality = "c40"


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)
    )

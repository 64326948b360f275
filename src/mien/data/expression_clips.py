"""DFEW, FERV39k and MAFW: expressions of clips out of films, as folders of frames or videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import Row, read_table, split_lines
from mien.data.sample import Sample

_WORDS = {
    "anger": "angry",
    "happiness": "happy",
    "sadness": "sad",
    **{word: word for word in ("angry", "contempt", "disgust", "fear", "happy", "neutral")},
    **{word: word for word in ("sad", "surprise", "anxiety", "helplessness", "disappointment")},
}
_FOLDS = range(1, 6)


class FiveFolds(Folder):
    """Five divisions of the same clips: splits ``train-1``, ``test-1`` to ``train-5``, ``test-5``.

    Without a split, every clip is yielded once.
    """

    splits = tuple(f"{part}-{fold}" for fold in _FOLDS for part in ("train", "test"))

    def _parts(self, split: str | None) -> Sequence[str]:
        return ("train-1", "test-1") if split is None else (split,)


@register
class Dfew(FiveFolds):
    """``EmoLabel_DataSplit/{train,test}(single-labeled)/set_1.csv``: video_name,label of 1..7.

    A clip is the folder ``Clip/jpg_256/00001`` (or ``Clip/clip_224x224_16f``) of its frames.
    """

    name = "dfew"
    title = "DFEW"
    source = "dfew-dataset.github.io; github.com/sunlicai/MAE-DFER preprocess/dfew.py"
    gives = ("video", "expression")
    needs = ("EmoLabel_DataSplit",)
    expressions = ("happy", "sad", "neutral", "angry", "surprise", "disgust", "fear")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the clips of one part of one division."""
        part, _, fold = split.partition("-")
        table = self.root / self.needs[0] / f"{part}(single-labeled)" / f"set_{fold}.csv"
        codes = {str(code): word for code, word in enumerate(self.expressions, start=1)}
        clips = self.root / "Clip" / "jpg_256"
        clips = clips if clips.is_dir() else clips.with_name("clip_224x224_16f")
        for row in read_table(table, columns=("video_name", "label")):
            path = clips / f"{row.integer('video_name'):05d}"
            yield _clip(self, row, path, row.choice("label", codes))


@register
class Mafw(FiveFolds):
    """``split/single/no_caption/set_1/{train,test}.txt``: ``00001.mp4 anger``.

    A clip is ``data/clips/00001.mp4``, or the folder ``data/frames/00001`` of its frames.
    """

    name = "mafw"
    title = "MAFW, single expressions"
    source = "mafw-database.github.io; github.com/sunlicai/MAE-DFER preprocess/mafw.py"
    gives = ("video", "expression")
    needs = ("split/single/no_caption",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the clips of one part of one division."""
        part, _, fold = split.partition("-")
        for row in split_lines(self.root / self.needs[0] / f"set_{fold}" / f"{part}.txt", cells=2):
            clip = self.root / "data" / "clips" / row[0]
            frames = self.root / "data" / "frames" / clip.stem
            yield _clip(self, row, clip if clip.is_file() else frames, row.choice(1, _WORDS))


@register
class Ferv39k(Folder):
    """``4_setups/All_scenes/{train,test}_All.csv``: ``Action/Sad/0010 Sad``.

    A clip is the folder ``2_ClipsforFaceCrop/Action/Sad/0010`` of its frames.
    """

    name = "ferv39k"
    title = "FERV39k"
    source = "wangyanckxx.github.io FERV39k; github.com/sunlicai/MAE-DFER preprocess/ferv39k.py"
    gives = ("video", "expression")
    files = {split: f"4_setups/All_scenes/{split}_All.csv" for split in ("train", "test")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the clips of one split."""
        words = {word.capitalize(): word for word in _WORDS.values()}
        for row in split_lines(self.root / self.files[split], cells=2):
            path = self.root / "2_ClipsforFaceCrop" / row[0]
            yield _clip(self, row, path, row.choice(1, words))


def _clip(dataset: Folder, row: Row, path: Path, expression: str) -> Sample:
    if ".." in path.parts or not path.exists():
        raise row.error(f"names a clip, but there is no {path}")
    return Sample(dataset.id_of(path), path, labels={"expression": expression})

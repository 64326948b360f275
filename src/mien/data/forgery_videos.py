"""Celeb-DF (v2) and DFDC: real and forged videos."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.json_file import read_json
from mien.data.rows import split_lines
from mien.data.sample import Sample
from mien.errors import DatasetError


@register
class CelebDf(Folder):
    """``Celeb-real``, ``YouTube-real``, ``Celeb-synthesis`` and ``List_of_testing_videos.txt``.

    The list has lines ``1 YouTube-real/00170.mp4``, 1 = real; it is the test split, everything else
    the train split. The same people are in both, so that no subject is said.
    """

    name = "celeb-df"
    title = "Celeb-DF v2"
    source = "github.com/yuezunli/celeb-deepfakeforensics README.md"
    gives = ("video", "forgery")
    splits = ("train", "test")
    needs = ("List_of_testing_videos.txt",)
    folders = {"Celeb-real": "real", "YouTube-real": "real", "Celeb-synthesis": "celeb-synthesis"}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the videos of one split."""
        listed = self._listed()
        for folder, forgery in self.folders.items():
            for path in sorted_files(self.root / folder, "*.mp4"):
                if (self.id_of(path) in listed) == (split == "test"):
                    yield Sample(self.id_of(path), path, labels={"forgery": forgery})

    def _listed(self) -> set[str]:
        names = set()
        for row in split_lines(self.root / self.needs[0], cells=2):
            row.file(self.root, row[1])
            folder = row[1].partition("/")[0]
            if (self.folders.get(folder) == "real") != (row.one_of(0, ("0", "1")) == "1"):
                raise row.error(f"says {row[0]} (1 = real) of a video in {folder}")
            names.add(row[1])
        return names


@register
class Dfdc(Folder):
    """``dfdc_train_part_*/metadata.json``, or one part: ``{"a.mp4": {"label": "FAKE", …}}``.

    A forgery's ``original`` names the video that it was made of.
    """

    name = "dfdc"
    title = "DFDC"
    source = "www.kaggle.com/c/deepfake-detection-challenge/data"
    gives = ("video", "forgery", "original")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the videos of all parts, by part and name."""
        tables = sorted_files(self.root, "metadata.json")
        tables += sorted_files(self.root, "*/metadata.json")
        for table in tables:
            for name, said in sorted(read_json(table, dict).items()):
                path = table.parent / name
                known = {"REAL": "real", "FAKE": "dfdc"}
                if not isinstance(said, dict) or said.get("label") not in known:
                    raise DatasetError(f"{table}: {name}: expected a label REAL or FAKE")
                if not path.is_file():
                    raise DatasetError(f"{table}: names {name}, which is not there")
                labels = {"forgery": known[said["label"]]}
                if isinstance(said.get("original"), str):
                    labels["original"] = said["original"]
                yield Sample(self.id_of(path), path, labels=dict(labels))

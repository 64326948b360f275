"""Small public samples whose labels are in a ``labels.csv``, and folders named after a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from mien.data.dataset import register
from mien.data.folder import Folder, pictures_below
from mien.data.rows import read_table
from mien.data.sample import Sample


class LabelledPictures(Folder):
    """``labels.csv`` with the columns path,label."""

    layout = "verified"
    needs = ("labels.csv",)
    label: ClassVar[str]
    values: ClassVar[Mapping[str, str]]

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture in the order of the table."""
        for row in read_table(self.root / "labels.csv", columns=("path", "label")):
            path = row.file(self.root, row["path"])
            labels = {self.label: row.choice("label", self.values)}
            yield Sample(self.id_of(path), path, labels=labels)


@register
class SpoofSamples(LabelledPictures):
    """Three pictures: a person, and two of a photo or screen."""

    name = "spoof-samples"
    title = "Silent-Face-Anti-Spoofing samples"
    source = "github.com/minivision-ai/Silent-Face-Anti-Spoofing images/sample"
    gives = ("attack",)
    label = "attack"
    values = {"real": "bona_fide", "spoof": "photo_or_screen"}


@register
class MesonetDeepfake(LabelledPictures):
    """Four crops of faces out of videos, two real and two forged."""

    name = "mesonet-deepfake"
    title = "MesoNet test images"
    source = "github.com/DariusAf/MesoNet test_images"
    gives = ("forgery",)
    label = "forgery"
    values = {"real": "real", "df": "deepfake"}


class ClassFolders(Folder):
    """A folder a class, maybe below a folder a split."""

    label: ClassVar[str]
    values: ClassVar[Mapping[str, str]]

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture, sorted by class folder and path."""
        for folder, value in self.values.items():
            for path in pictures_below(self.root / self.files.get(split, "") / folder):
                yield Sample(self.id_of(path), path, labels={self.label: value})


@register
class MaskObservations(ClassFolders):
    """``with_mask`` and ``without_mask``; many masks are pasted."""

    name = "mask-observations"
    title = "Observations (face masks)"
    source = "github.com/prajnasb/observations experiements/data"
    layout = "verified"
    gives = ("face_mask",)
    needs = ("with_mask", "without_mask")
    label = "face_mask"
    values = {"with_mask": "yes", "without_mask": "no"}


@register
class Cifake(ClassFolders):
    """``{train,test}/{REAL,FAKE}``: pictures of CIFAR-10 and generated ones, 32 x 32 px."""

    name = "cifake"
    title = "CIFAKE"
    source = "www.kaggle.com/datasets/birdy654/cifake-real-and-ai-generated-synthetic-images [P119]"
    gives = ("forgery",)
    files = {"train": "train", "test": "test"}
    label = "forgery"
    values = {"REAL": "real", "FAKE": "generated"}

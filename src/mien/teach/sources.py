"""Which pictures teach: data sets that mien reads, and the four that its own model learned from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mien.data import Sample, known_datasets, open_dataset
from mien.errors import DatasetError, InputError


@dataclass(frozen=True, slots=True)
class Source:
    """A data set of mien.data, its folder (below the data's, or absolute), and one split or all."""

    dataset: str
    folder: str
    split: str | None = None

    def __str__(self) -> str:
        """Return it as it is typed."""
        split = "" if self.split is None else f":{self.split}"
        return f"{self.dataset}={self.folder}{split}"

    def samples(self, data: Path, limit: int | None) -> list[Sample]:
        """Return the first samples, all without a limit; DatasetError, also where there are none.

        Raises InputError for an unknown data set or split.
        """
        samples = open_dataset(self.dataset, data / self.folder).samples(self.split)
        found = list(islice(samples, limit))
        if not found:
            raise DatasetError(f"{self}: no picture in {data / self.folder}")
        return found


#: What mien-unified.s learned from: the splits that may be fitted on, in the order of their shares.
OWN = (
    Source("fer2013", "fer2013", "train"),
    Source("utkface", "utkface", "fit"),
    Source("celeba-identity", "celeba_identity", "even-ids"),
    Source("ytf68", "ytf_keypoints68", "fit"),
)


def source_of(text: str) -> Source:
    """Return what NAME=FOLDER or NAME=FOLDER:SPLIT says; InputError where it says neither."""
    name, equals, place = text.partition("=")
    folder, colon, split = place.rpartition(":")
    # What follows the colon of C:\faces is no split.
    if not colon or "/" in split or "\\" in split:
        folder, split = place, ""
    if not equals or not name or not folder:
        raise InputError(
            f"source: got {text!r}, expected NAME=FOLDER or NAME=FOLDER:SPLIT, NAME one of "
            f"{', '.join(known_datasets())}"
        )
    return Source(name, folder, split if split else None)

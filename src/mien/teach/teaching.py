"""From data sets to the folder that the unified model learns from."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.data import Sample
from mien.errors import InputError
from mien.teach.faces import Tell, face_chips
from mien.teach.labels import LABELLED, labels_of
from mien.teach.points import LEAST_MARKED, corrected, marked
from mien.teach.rows import Rows, Said, joined, new_folder
from mien.teach.sources import OWN, Source
from mien.teach.whole import DATASET, is_whole, whole_chips
from mien.train.taught import COLUMNS

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taught:
    """What came of one source: pictures read, chips written, how many chips say what."""

    source: Source
    pictures: int
    chips: int
    said: tuple[tuple[str, int], ...]

    def line(self) -> str:
        """Say it."""
        said = ", ".join(f"{name} {count:,}" for name, count in self.said if count)
        lost = self.pictures - self.chips
        without = f", {lost:,} without a face" if lost else ""
        return (
            f"{self.source}: {self.chips:,} chips of {self.pictures:,} pictures{without}; "
            f"labelled: {said if said else 'nothing'}"
        )


def teach(
    data: Path,
    out: Path,
    *,
    sources: Sequence[Source] = OWN,
    limit: int | None = None,
    tell: Tell = _log.info,
) -> list[Taught]:
    """Write chips, labels and teachers' outputs of all sources into the new folder ``out``.

    Chips (112 px, aligned as the recogniser's) carry the number of their source, as they are given
    here. ``limit``: pictures of each. Points that nobody marked are the mesh's, corrected where
    enough faces are marked. ``tell`` gets a line now and then, by default for the log. Raises
    InputError for a folder that is there, DatasetError for a source that cannot be read or says
    what the model has no place for, NoFaceError for one without a face.
    """
    if not sources:
        raise InputError("sources: got none, expected one or more")
    with new_folder(out) as folder:
        read = [source.samples(data, limit) for source in sources]
        for samples in read:
            labels_of(samples)  # what is wrong is said before the networks run for hours
        parts = [
            joined([folder.add(rows) for rows in _chips(source, samples, data, number, tell)])
            for number, (source, samples) in enumerate(zip(sources, read, strict=True))
        ]
        count = sum(int(marked(part).sum()) for part in parts)
        how = "corrected" if count >= LEAST_MARKED else f"not corrected below {LEAST_MARKED}"
        tell(f"points: the mesh's; {count} faces have marked ones (ibug68): {how}")
        folder.finish(joined(corrected(parts)))
    everything = zip(sources, read, parts, strict=True)
    return [Taught(s, len(samples), len(part), _said(part)) for s, samples, part in everything]


def _chips(
    source: Source, samples: Sequence[Sample], data: Path, number: int, tell: Tell
) -> Iterator[Rows]:
    if source.dataset == DATASET and is_whole(samples[0]):
        return whole_chips(samples, data / source.folder, source=number)
    return face_chips(samples, source=number, name=str(source), tell=tell)


def _said(part: Said) -> tuple[tuple[str, int], ...]:
    labels = [(n, int((~np.isnan(part.targets[:, COLUMNS[n]])).sum())) for n in LABELLED]
    return (*labels, ("points", int(marked(part).sum())))

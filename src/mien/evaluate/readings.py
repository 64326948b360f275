"""Analyses of a data set's samples: from the cache where they are known, else computed and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mien.data import Sample
from mien.errors import DatasetError
from mien.evaluate.store import Store, recipe_of, sha256_of
from mien.tasks.pipeline import Analyzer, Source
from mien.types import Analysis

#: Told of each sample that is done, of how many.
Progress = Callable[[int, int], None]


def quiet(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Readings:
    """One model's analyses; counts what was computed and what was known, and lists what was read.

    ``listing``: sample id to the sha256 of its encoded picture.
    """

    analyzer: Analyzer
    store: Store | None = None
    progress: Progress = quiet
    keep: bool = True
    listing: dict[str, str] = field(default_factory=dict)
    computed: int = 0
    failed: int = 0

    def of(self, samples: Sequence[Sample]) -> Iterator[Analysis]:
        """Yield the analysis of each sample, in order; one that cannot be read has an error.

        Raises DatasetError for a picture that is not there, and for a video.
        """
        video = next((sample for sample in samples if sample.is_video), None)
        if video is not None:
            raise DatasetError(f"{video.sample_id}: is a video; benchmarks read pictures only")
        contents = [content_sha256(sample) for sample in samples]
        self.listing |= {s.sample_id: c for s, c in zip(samples, contents, strict=True)}
        store = self.store if self.keep else None
        recipe = recipe_of(self.analyzer)
        known = set() if store is None else store.known(recipe)
        missing = [s for s, c in zip(samples, contents, strict=True) if c not in known]
        fresh = self.analyzer.analyze_many(_source(sample) for sample in missing)
        for done, (sample, content) in enumerate(zip(samples, contents, strict=True), start=1):
            if store is not None and content in known:
                analysis = store.get(recipe, content, sample.sample_id)
            else:
                analysis = replace(next(fresh), source=sample.sample_id)
                self.computed += 1
                self.failed += analysis.error is not None
                if store is not None:
                    store.put(recipe, content, analysis)
            self.progress(done, len(samples))
            yield analysis

    @property
    def data_sha256(self) -> str:
        """A sha256 over ids and contents of all samples that were read."""
        return sha256_of(f"{name} {content}" for name, content in sorted(self.listing.items()))


def content_sha256(sample: Sample) -> str:
    """Return the sha256 of a sample's encoded picture. Raises DatasetError for a missing file."""
    if sample.encoded is not None:
        return hashlib.sha256(sample.encoded).hexdigest()
    assert sample.path is not None
    try:
        return hashlib.sha256(sample.path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"{sample.path}: cannot be read: {error.strerror}") from error


def _source(sample: Sample) -> Source:
    if sample.path is not None:
        return sample.path
    assert sample.encoded is not None
    return sample.encoded

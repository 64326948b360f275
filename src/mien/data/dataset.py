"""What a data set is, and which are known: one file each, registered under its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from mien.data.pairs import Pairs
from mien.data.sample import Sample
from mien.data.template_protocol import Members, Searches, TemplatePairs
from mien.errors import InputError
from mien.types.arrays import ByteArray
from mien.types.registry import Registry


class Dataset(Protocol):
    """A folder in the layout in which a data set is distributed.

    ``layout`` is "verified" when the reader was run on the real files, else "unverified" with the
    public ``source`` of the layout. Subjects of different ``splits`` are different people wherever
    the data set says who is who. The constructor stores the path and reads nothing.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    layout: ClassVar[Literal["verified", "unverified"]]
    splits: ClassVar[tuple[str, ...]]
    root: Path

    def __init__(self, root: Path) -> None: ...

    def check(self) -> None:
        """Raise DatasetError unless the folder is what it says: cheap, no picture is decoded."""
        ...

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every sample (of one split), in a stable order; DatasetError with file and line."""
        ...


@runtime_checkable
class VerificationDataset(Protocol):
    """A data set that also says which samples to compare."""

    def pairs(self, split: str | None = None) -> Pairs:
        """Return the comparisons; every sample id they name is one that samples() yields."""
        ...


@runtime_checkable
class ParsingDataset(Protocol):
    """A data set that says what each pixel shows."""

    classes: ClassVar[tuple[str, ...]]

    def mask(self, sample: Sample) -> ByteArray:
        """Return ``(H,W) uint8``, indices into ``classes``, 255 = not said; DatasetError.

        It covers the whole picture, maybe at another resolution.
        """
        ...


@runtime_checkable
class TemplateDataset(Protocol):
    """A data set that compares and searches templates of several pictures each."""

    def members(self) -> Members:
        """Return which samples each template is made of."""
        ...

    def template_pairs(self) -> TemplatePairs:
        """Return the 1:1 comparisons of templates."""
        ...

    def searches(self) -> Searches:
        """Return the 1:N protocol: galleries and probes."""
        ...


DatasetClass = TypeVar("DatasetClass", bound=type[Dataset])
_KNOWN: Registry[type[Dataset]] = Registry("data set", "mien.data")


def register(dataset: DatasetClass) -> DatasetClass:
    """Make a data set known under its name."""
    _KNOWN.add(dataset)
    return dataset


def known_datasets() -> Mapping[str, type[Dataset]]:
    """Return every data set class by name, sorted."""
    return _KNOWN.known()


def open_dataset(name: str, root: str | Path) -> Dataset:
    """Return the data set of that name in the folder ``root``, checked.

    Raises InputError for an unknown name, DatasetError when the folder is not that data set.
    """
    dataset = _KNOWN.get(name)(Path(root))
    dataset.check()
    return dataset


def checked_split(dataset: Dataset, split: str | None) -> str | None:
    """Return ``split``, or raise InputError when the data set has no split of that name."""
    if split is None or split in dataset.splits:
        return split
    there = ", ".join(dataset.splits) if dataset.splits else "none"
    raise InputError(f"split of {dataset.name}: got {split!r}, expected one of: {there}")

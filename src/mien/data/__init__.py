"""Data sets in their native layouts, read as streams of labelled samples and lists of pairs."""

from mien.data.dataset import Dataset, known_datasets, open_dataset, register
from mien.data.pairs import Pairs
from mien.data.sample import Sample

__all__ = ["Dataset", "Pairs", "Sample", "known_datasets", "open_dataset", "register"]

"""Parquet files with an image column, as the Hugging Face hub stores data sets of pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.sample import Label, Sample
from mien.errors import DatasetError, MissingExtraError

SUBJECT_COLUMNS = ("subject_id", "identity", "person_id")


@register
class HfParquet(Folder):
    """``*.parquet`` with one column of pictures: structs of ``bytes`` and ``path``, or bytes.

    Other columns of numbers, text and class numbers (named in the file's metadata) become labels
    under their own names; ``subject_id``, ``identity`` or ``person_id`` is the subject. The split
    is how the file's name begins: ``train-00000-of-00004.parquet``. Read a row group at a time.
    """

    name = "hf-parquet"
    title = "Parquet with pictures (Hugging Face)"
    source = "huggingface.co/docs/hub/datasets-image, huggingface.co/docs/datasets"
    gives = ("subject_id", "the other columns by their names")
    splits = ("train", "validation", "test")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        for path in self._files():
            if path.name.startswith(split):
                yield from self._samples_of(path)

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every sample (of one split); without one, files of other names too."""
        if split is not None:
            yield from super().samples(split)
            return
        for path in self._files():
            yield from self._samples_of(path)

    def _files(self) -> Sequence[Path]:
        if self.root.is_file():
            return [self.root]
        return sorted_files(self.root, "**/*.parquet")

    def _samples_of(self, path: Path) -> Iterator[Sample]:
        parquet = _parquet(path)
        name = path.name if path == self.root else self.id_of(path)
        try:
            file = parquet.ParquetFile(path)
            images, features = _columns(path, file.schema_arrow)
            number = 0
            for group in range(file.metadata.num_row_groups):
                for row in file.read_row_group(group).to_pylist():
                    yield self._sample(f"{name}#{number}", row, images, features)
                    number += 1
        # All errors of pyarrow that files can cause derive from these.
        except (OSError, ValueError, NotImplementedError) as error:
            if isinstance(error, DatasetError):
                raise
            raise DatasetError(f"{path}: is no readable Parquet file: {error}") from error

    def _sample(
        self, place: str, row: dict[str, Any], images: str, features: Mapping[str, Any]
    ) -> Sample:
        picture = row.pop(images)
        encoded, path = picture, None
        if isinstance(picture, dict):
            encoded, name = picture.get("bytes"), picture.get("path")
            if encoded is None and name:
                path = self._beside(place, name)
        if encoded is None and path is None:
            raise DatasetError(f"{place}: column {images} holds neither bytes nor a path")
        subject = next((row.pop(name) for name in SUBJECT_COLUMNS if name in row), None)
        labels = {name: _label(place, name, value, features) for name, value in row.items()}
        return Sample(
            place,
            path,
            encoded,
            subject_id=None if subject is None else str(subject),
            labels={name: value for name, value in labels.items() if value is not None},
        )

    def _beside(self, place: str, name: str) -> Path:
        path = self.root / name
        if ".." in Path(name).parts or Path(name).is_absolute() or not path.is_file():
            raise DatasetError(f"{place}: names {name}, but no such file is below {self.root}")
        return path


def _parquet(path: Path) -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError(f"{path}: to read it: pip install 'mien[parquet]'") from error
    return pyarrow.parquet


def _columns(path: Path, schema: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the column of pictures and what the metadata says of the others."""
    stated = (schema.metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(stated).get("info", {}).get("features", {})
        typed = [name for name, kind in features.items() if kind.get("_type") == "Image"]
    except (ValueError, AttributeError) as error:
        raise DatasetError(f"{path}: its metadata are no JSON of features: {error}") from error
    images = [name for name in typed if name in schema.names]
    images += [name for name in ("image", "img") if name in schema.names and name not in images]
    if not images:
        raise DatasetError(f"{path}: no column of pictures among {', '.join(schema.names)}")
    return images[0], features


def _label(place: str, name: str, value: Any, features: Mapping[str, Any]) -> Label | None:
    names = features.get(name, {}).get("names")
    if names is not None and isinstance(value, int):
        if not 0 <= value < len(names):
            raise DatasetError(
                f"{place}: column {name}: class {value}, expected 0..{len(names) - 1}"
            )
        return str(names[value])
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, int | float) for one in value):
        return tuple(map(float, value))
    return None

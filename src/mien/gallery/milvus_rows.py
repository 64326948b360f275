"""How references and subjects stand in Milvus: in plain columns, or sealed under subjects' keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from mien.gallery.layout import record_type
from mien.gallery.milvus_keys import KeyFile
from mien.gallery.milvus_ledger import NO_VECTOR
from mien.gallery.milvus_server import Row
from mien.gallery.ranking import LEAST_QUALITY, UNKNOWN_QUALITY
from mien.gallery.seal import PlainSeal
from mien.types.arrays import Array, FloatArray

_REFERENCE = {
    "reference_id": "INT64",
    "subject_id": "INT64",
    "content_token": "VARCHAR",
    "face_index": "INT64",
    "enrolled_at": "DOUBLE",
    "text": "VARCHAR",
}
_SUBJECT = {
    "subject_id": "INT64",
    "name_token": "VARCHAR",
    "external_token": "VARCHAR",
    "purpose": "VARCHAR?",
    "given_at": "DOUBLE?",
    "expires_at": "DOUBLE?",
    "n_references": "INT64",
    "text": "VARCHAR",
}
#: The means of a subject's vectors: a probe's product with them is its mean score.
MEANS = ("mean", "quality_mean")


class Rows(Protocol):
    """Turns records (layout.py) and texts into columns, and back."""

    #: Columns that hold a record.
    record_fields: tuple[str, ...]
    #: Whether subjects hold the means of their vectors, for the server to search.
    with_means: bool

    def reference_fields(self, dimension: int) -> tuple[Mapping[str, str], Mapping[str, int]]:
        """Return the columns and vectors of a reference."""
        ...

    def subject_fields(self, dimension: int) -> tuple[Mapping[str, str], Mapping[str, int]]:
        """Return the columns and vectors of a subject."""
        ...

    def new_subjects(self, subject_ids: range) -> None:
        """Prepare for the rows of new subjects."""
        ...

    def forget(self, subject_id: int) -> None:
        """Make the rows of a subject unreadable, where that can be done."""
        ...

    def record_columns(self, record: np.void) -> Row:
        """Return the columns of a record."""
        ...

    def records(self, rows: Sequence[Row], dimension: int) -> Array:
        """Return the records (N,) of rows; those that are unreadable by now are left out."""
        ...

    def closed(self, text: Mapping[str, Any], subject_id: int) -> str:
        """Return a document of a subject as it is stored."""
        ...

    def opened(self, text: str, subject_id: int) -> dict[str, Any] | None:
        """Return a stored document, ``None`` when it is unreadable by now."""
        ...

    def token(self, kind: str, value: bytes) -> str:
        """Return a keyed hash, in hexadecimal digits."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class PlainRows:
    """Columns that the server can search and read."""

    record_fields: tuple[str, ...] = ("reference_id", "subject_id", "quality", "norm", "vector")
    with_means = True

    def __init__(self, token_key: bytes) -> None:
        self._seal = PlainSeal(token_key)

    def reference_fields(self, dimension: int) -> tuple[Mapping[str, str], Mapping[str, int]]:
        """Return quality, norm and vector besides what every reference has."""
        return _REFERENCE | {"quality": "FLOAT?", "norm": "FLOAT"}, {"vector": dimension}

    def subject_fields(self, dimension: int) -> tuple[Mapping[str, str], Mapping[str, int]]:
        """Return what every subject has, and its means."""
        return _SUBJECT, dict.fromkeys(MEANS, dimension)

    def new_subjects(self, subject_ids: range) -> None:
        """Do nothing."""

    def forget(self, subject_id: int) -> None:
        """Do nothing: rows are deleted by the server, which may keep their bytes."""

    def record_columns(self, record: np.void) -> Row:
        """Return norm, vector, and quality where it is known."""
        quality = float(record["quality"])
        return {
            "quality": None if np.isnan(quality) else quality,
            "norm": float(record["norm"]),
            "vector": record["vector"],
        }

    def records(self, rows: Sequence[Row], dimension: int) -> Array:
        """Return the records of rows."""
        found = np.zeros(len(rows), record_type(dimension))
        if rows:
            found["reference"] = [row["reference_id"] for row in rows]
            found["subject"] = [row["subject_id"] for row in rows]
            found["norm"] = [row["norm"] for row in rows]
            found["vector"] = [row["vector"] for row in rows]
            quality = [row.get("quality") for row in rows]
            found["quality"] = [np.nan if one is None else one for one in quality]
        return found

    def closed(self, text: Mapping[str, Any], subject_id: int) -> str:
        """Return JSON."""
        return json.dumps(text)

    def opened(self, text: str, subject_id: int) -> dict[str, Any] | None:
        """Read JSON."""
        found: dict[str, Any] = json.loads(text)
        return found

    def token(self, kind: str, value: bytes) -> str:
        """Return a keyed hash under the gallery's own key, which stands beside it."""
        return self._seal.token(kind, value).hex()

    def close(self) -> None:
        """Do nothing."""


class SealedRows:
    """Columns that nobody can read without the subject's key (AES-256-GCM)."""

    record_fields: tuple[str, ...] = ("reference_id", "subject_id", "sealed")
    with_means = False

    def __init__(self, keys: KeyFile) -> None:
        self._keys = keys
        self._seal = PlainSeal(keys.token_key)

    def reference_fields(self, dimension: int) -> tuple[Mapping[str, str], Mapping[str, int]]:
        """Return the sealed record besides what every reference has."""
        return _REFERENCE | {"sealed": "VARCHAR"}, dict([NO_VECTOR])

    def subject_fields(self, dimension: int) -> tuple[Mapping[str, str], Mapping[str, int]]:
        """Return what every subject has."""
        return _SUBJECT, dict([NO_VECTOR])

    def new_subjects(self, subject_ids: range) -> None:
        """Make their keys."""
        self._keys.make(subject_ids)

    def forget(self, subject_id: int) -> None:
        """Destroy the subject's key."""
        self._keys.destroy(subject_id)

    def record_columns(self, record: np.void) -> Row:
        """Return the sealed record."""
        subject_id, place = int(record["subject"]), b"reference:%d" % record["reference"]
        return {"sealed": self._close(record.tobytes(), subject_id, place), "nothing": [0.0, 0.0]}

    def records(self, rows: Sequence[Row], dimension: int) -> Array:
        """Return the records whose subject's key is still there."""
        kind, parts = record_type(dimension), []
        for row in rows:
            seal = self._keys.seal_of(row["subject_id"])
            if seal is not None:
                place = b"reference:%d" % row["reference_id"]
                parts.append(seal.open(base64.b64decode(row["sealed"]), place))
        return np.frombuffer(b"".join(parts), kind)

    def closed(self, text: Mapping[str, Any], subject_id: int) -> str:
        """Return sealed JSON."""
        return self._close(json.dumps(text).encode(), subject_id, b"text")

    def opened(self, text: str, subject_id: int) -> dict[str, Any] | None:
        """Read sealed JSON."""
        seal = self._keys.seal_of(subject_id)
        if seal is None:
            return None
        found: dict[str, Any] = json.loads(seal.open(base64.b64decode(text), b"text"))
        return found

    def token(self, kind: str, value: bytes) -> str:
        """Return a keyed hash under a key that is sealed in the file of keys."""
        return self._seal.token(kind, value).hex()

    def close(self) -> None:
        """Close the file of keys."""
        self._keys.close()

    def _close(self, plain: bytes, subject_id: int, place: bytes) -> str:
        seal = self._keys.seal_of(subject_id)
        assert seal is not None, subject_id
        return base64.b64encode(seal.close(plain, place)).decode()


def means_of(records: Array) -> dict[str, FloatArray]:
    """Return the mean and the quality-weighted mean (D,) float32 of a subject's vectors."""
    vectors = records["vector"].astype(float)
    weights = quality_weights(records["quality"])
    return {
        "mean": vectors.mean(axis=0).astype(np.float32),
        "quality_mean": np.average(vectors, axis=0, weights=weights).astype(np.float32),
    }


def quality_weights(quality: FloatArray) -> FloatArray:
    """Return what each vector weighs in the quality-weighted mean."""
    known = np.nan_to_num(quality.astype(float), nan=UNKNOWN_QUALITY)
    weights: FloatArray = np.maximum(known, LEAST_QUALITY)
    return weights

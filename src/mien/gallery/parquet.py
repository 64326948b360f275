"""A gallery as a Parquet file: one row a reference, with its subject and vector."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import GalleryMismatchError, InputError
from mien.gallery.protocol import Gallery
from mien.gallery.records import Consent, Origin, Reference, Subject
from mien.io.arrow import load_arrow
from mien.types import Templates

#: References that are written or read at once.
_ROWS = 8192
_Row = dict[str, Any]


def write_parquet(
    gallery: Gallery, path: Path, *, crop_of: Callable[[int], bytes | None] | None = None
) -> int:
    """Write references, subjects and vectors; returns the number of rows.

    ``crop_of``: gives the kept crop of a reference, where crops are to be written too. What is
    deleted while it is written may be in it. Raises InputError where it cannot be written,
    MissingExtraError without pyarrow.
    """
    arrow, parquet = load_arrow()
    model_id, dimension = gallery.model_id, gallery.dimension
    facts = {"model_id": str(model_id), "metric": gallery.metric}
    schema = _schema(arrow, 0 if dimension is None else dimension).with_metadata(facts)
    if crop_of is not None:
        schema = schema.append(arrow.field("crop", arrow.binary()))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    n = 0
    try:
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
        with parquet.ParquetWriter(part, schema) as writer:
            references = gallery.iterate()
            while page := list(islice(references, _ROWS)):
                rows = _rows(gallery, page, model_id)
                if crop_of is not None:
                    for row in rows:
                        row["crop"] = crop_of(row["reference_id"])
                writer.write_table(arrow.Table.from_pylist(rows, schema))
                n += len(page)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return n


def read_parquet(
    gallery: Gallery, path: Path, *, actor: str | None = None, reason: str = "import"
) -> int:
    """Enrol every row of an export that is not in the gallery yet; returns how many were enrolled.

    Ids are given anew. Those who opted out of this gallery are left out. Raises InputError for a
    file that is no export, GalleryMismatchError for one of another model.
    """
    arrow, parquet = load_arrow()
    try:
        file = parquet.ParquetFile(path)
        facts = file.schema_arrow.metadata
        model_id = facts[b"model_id"].decode()
    except (OSError, arrow.ArrowInvalid, KeyError, TypeError) as error:
        raise InputError(f"{path}: is no export of a gallery ({error})") from error
    n = 0
    # Subjects that have neither name nor external id are told apart by their old ids.
    nameless: dict[int, Subject] = {}
    for batch in file.iter_batches(_ROWS):
        for rows, subjects in _people(batch.to_pylist(), nameless):
            done = gallery.enrol(
                _templates(rows, model_id),
                subjects,
                origins=[_origin(row) for row in rows],
                on_refused="skip",
                actor=actor,
                reason=reason,
            )
            n += done.number("enrolled")
            for row, subject_id in zip(rows, done.subject_ids, strict=True):
                nameless[row["subject_id"]] = Subject(subject_id=subject_id)
    return n


def _people(
    rows: Sequence[_Row], nameless: Mapping[int, Subject]
) -> Iterator[tuple[list[_Row], Subject | list[Subject]]]:
    """Yield rows to enrol together with their subjects: all named ones, then each other one."""
    others: dict[int, list[_Row]] = {}
    named = []
    for row in rows:
        if row["name"] is None and row["external_id"] is None:
            others.setdefault(row["subject_id"], []).append(row)
        else:
            named.append(row)
    if named:
        yield named, [Subject(row["name"], row["external_id"], _consent(row)) for row in named]
    for old_id, part in others.items():
        yield part, nameless.get(old_id, Subject(consent=_consent(part[0])))


def _templates(rows: Sequence[_Row], model_id: str) -> Templates:
    vectors = np.array([row["vector"] for row in rows], np.float32)
    norm = np.array([row["norm"] for row in rows], np.float32)
    quality = [row["quality"] for row in rows]
    known = None if None in quality else np.array(quality, np.float32)
    return Templates(vectors, norm, model_id, known)


def _origin(row: _Row) -> Origin:
    box = None if row["box"] is None else tuple(row["box"])
    return Origin(row["source"], row["content_sha256"], row["face_index"], box, row.get("crop"))


def _consent(row: _Row) -> Consent | None:
    if row["purpose"] is None:
        return None
    return Consent(row["purpose"], row["given_at"], row["expires_at"])


def _schema(arrow: Any, dimension: int) -> Any:
    when = arrow.timestamp("us", tz="UTC")
    return arrow.schema(
        [
            ("reference_id", arrow.int64()),
            ("subject_id", arrow.int64()),
            ("name", arrow.string()),
            ("external_id", arrow.string()),
            ("purpose", arrow.string()),
            ("given_at", when),
            ("expires_at", when),
            ("source", arrow.string()),
            ("content_sha256", arrow.string()),
            ("face_index", arrow.int32()),
            ("box", arrow.list_(arrow.float32())),
            ("quality", arrow.float32()),
            ("norm", arrow.float32()),
            ("enrolled_at", when),
            ("vector", arrow.list_(arrow.float32(), dimension)),
        ]
    )


def _rows(gallery: Gallery, page: Sequence[Reference], model_id: str | None) -> list[_Row]:
    templates = gallery.templates([reference.reference_id for reference in page])
    if templates.model_id != model_id:
        raise GalleryMismatchError("gallery: changed its model while it was exported; try again")
    people: dict[int, Subject] = {}
    rows = []
    for number, reference in enumerate(page):
        owner = reference.subject_id
        if owner not in people:
            people[owner] = gallery.subject(owner)
        subject = people[owner]
        row = {name: getattr(reference, name) for name in Reference.__dataclass_fields__}
        row |= {"name": subject.name, "external_id": subject.external_id}
        if subject.consent is not None:
            row |= {name: getattr(subject.consent, name) for name in ("purpose", "given_at")}
            row["expires_at"] = subject.consent.expires_at
        row |= {"norm": float(templates.norm[number]), "vector": templates.vectors[number]}
        rows.append(row)
    return rows

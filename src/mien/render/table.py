"""One row a face, flat columns: for pandas, for CSV, for eyes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from mien.errors import MissingExtraError
from mien.types import Analysis

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]


def to_pandas(analyses: Analysis | Iterable[Analysis]) -> pandas.DataFrame:
    """Return a DataFrame with one row a face; a picture without a face, or an error, has one too.

    Columns: source, width, height, error, face (0-based, missing where there is none), x0 to y1 px,
    detection_score, and the attributes as ``pose_yaw_deg``, ``apparent_age``,
    ``apparent_age_spread``, ``apparent_gender``, ``apparent_gender_female`` ... Raises
    MissingExtraError without pandas.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("to_pandas needs pandas: pip install 'mien[pandas]'") from error
    many = [analyses] if isinstance(analyses, Analysis) else analyses
    table = list(rows(analysis.to_dict(landmarks=()) for analysis in many))
    frame = pandas.DataFrame(table, columns=columns(table))
    # Rows without a face would turn the face's number into a float.
    return frame.astype({"face": "Int64", "width": "Int64", "height": "Int64"})


def rows(records: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield one flat row a face from records as Analysis.to_dict makes them."""
    for record in records:
        error = record["error"]
        start: Row = {
            "source": record["source"],
            "width": record["width"],
            "height": record["height"],
            "error": None if error is None else f"{error['kind']}: {error['message']}",
            "face": None,
        }
        if not record["faces"]:
            yield start
        for number, face in enumerate(record["faces"]):
            yield start | {"face": number} | face_columns(face)


def face_columns(face: Mapping[str, Any]) -> Row:
    """Return the flat columns of one face's record (landmarks left out)."""
    row: Row = dict(face["box"])
    for name, value in face.items():
        if name in ("box", "landmarks"):
            continue
        if not isinstance(value, Mapping):
            row[name] = value
        elif "label" in value:
            row[name] = value["label"]
            shares = value.get("probabilities", {})
            row |= {f"{name}_{label}": share for label, share in shares.items()}
        else:
            row |= {name if key == "value" else f"{name}_{key}": v for key, v in value.items()}
    return row


def columns(table: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return every column that a row has, in the order of first use."""
    names: dict[str, None] = dict.fromkeys(("source", "width", "height", "error", "face"))
    for row in table:
        names |= dict.fromkeys(row)
    return list(names)


def write_csv(file: IO[str], table: Iterable[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Write rows as CSV with a header; what a row does not have stays empty."""
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)

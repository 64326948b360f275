"""The headline figure of each model, copied from a measurement into its spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.accuracy.rows import Row
from mien.models import get_spec, has_model
from tools.heads.spec_table import write_table


class Headline(NamedTuple):
    """Which row of which section says how good a model is, on which data, by which figure."""

    section: str
    what: str
    model: str
    data: str
    figure: str


_CASCADE = "dlib_faces, the cascade of short, back and full with the mesh network as a check"
HEADLINES = (
    *(
        Headline("detection", "dlib_faces: faces found", f"blazeface.{size}", _CASCADE, "recall")
        for size in ("short", "back", "full")
    ),
    *(
        Headline(
            "landmarks", f"YTF NME inner 51, {mesh}", mesh, "YTF, whole pipeline", "nme_inner_51"
        )
        for mesh in ("facemesh.attention", "facemesh.plain")
    ),
    Headline(
        "landmarks", "CelebAMask-HQ person IoU", "selfie.mediapipe", "CelebAMask-HQ", "person_iou"
    ),
    Headline(
        "verification",
        "default: accuracy, all folds",
        "resnet29.dlib",
        "LFW, 5 folds of View 2, whole pipeline, mirrored",
        "accuracy",
    ),
    Headline(
        "verification",
        "--fast: accuracy, all folds",
        "mobileface.256",
        "LFW, 5 folds of View 2, whole pipeline, mirrored",
        "accuracy",
    ),
)


def write_headlines(sections: Mapping[str, Sequence[Row]]) -> None:
    """Write the headlines of the measured sections into the specs of installed models."""
    for headline in HEADLINES:
        rows = [row for row in sections.get(headline.section, ()) if row["what"] == headline.what]
        if not rows or not has_model(headline.model):
            continue
        (row,) = rows
        spec = get_spec(headline.model)
        values = {"data": headline.data, "n": row["n"], headline.figure: float(row["value"])}
        values |= {end: float(row[end]) for end in ("low", "high") if row.get(end) is not None}
        write_table(spec.folder / f"{spec.name}.toml", "accuracy", values)

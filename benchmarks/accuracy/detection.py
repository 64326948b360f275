"""Detection: labelled faces found, false boxes, turned pictures."""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy.rows import Row
from benchmarks.detection import (
    collages,
    compreface_samples,
    count,
    dlib_faces,
    lfw_files,
    no_faces,
    turned,
)
from mien import Analyzer
from mien.metrics.proportion import proportion_interval

TITLE = "Detection"
PROTOCOL = (
    "`dlib_faces` (43 labelled faces in 9 group scenes) and `compreface_samples` (46 nose points "
    "in 18 photos, full size) were used for reporting only. Labels and boxes are paired one to one "
    "by the label's centre in the box; a box without a label is false. Collages paste LFW faces at "
    "the given size into textures and photographs. Turned: LFW pictures turned by 90, 180 and "
    '270°, with `orientation="auto"`: found, and turned upright; the last row counts upright '
    "ones that were turned."
)
#: LFW pictures, drawn at random, that are turned each way.
TURNED = 300
UPRIGHT = 2000


def measure(data: Path) -> list[Row]:
    """Measure the default cascade."""
    analyzer = Analyzer(("detect",), threads=1)
    rows: list[Row] = []
    for name, pictures in (("dlib_faces", dlib_faces), ("compreface_samples", compreface_samples)):
        total = count(analyzer, pictures(data))
        rows.append(_share(f"{name}: faces found", total.found, total.faces))
        rows[-1]["note"] = f"{total.false} false boxes in {total.pictures} pictures"
    blank = count(analyzer, no_faces())
    rows.append(
        {"what": "pictures without a face: boxes", "value": blank.false, "n": blank.pictures}
    )
    files = lfw_files(data, TURNED)
    for size_px in (12, 16, 24, 48):
        total = count(analyzer, collages(files, size_px, 12))
        rows.append(_share(f"collage, faces of {size_px} px: found", total.found, total.faces))
    return rows + _turned(data)


def _turned(data: Path) -> list[Row]:
    automatic = Analyzer(("detect",), threads=1, orientation="auto")
    rows = []
    for quarters in (1, 2, 3):
        _, upright = turned(automatic, lfw_files(data, TURNED), quarters)
        what = f"LFW turned by {90 * quarters}°: found and turned upright"
        rows.append(_share(what, upright, TURNED))
    _, upright = turned(automatic, lfw_files(data, UPRIGHT), 0)
    rows.append(_share("LFW upright: falsely turned or missed", UPRIGHT - upright, UPRIGHT))
    return rows


def _share(what: str, hits: int, n: int) -> Row:
    low, high = proportion_interval(hits, n)
    return {"what": what, "value": hits / n, "n": n, "low": low, "high": high}

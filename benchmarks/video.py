"""Track rendered clips, beside a detector with IoU alone, and write the tables of docs/video.md.

python -m benchmarks.video --data ../shared/data                 # all, about 15 minutes
python -m benchmarks.video --data ../shared/data --only quality  # one part; the others are kept
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.load.running import resident_mb
from benchmarks.report import moment, read_previous, say, setting, table
from benchmarks.video_clips import (
    MIN_VISIBLE,
    RATE_HZ,
    SIZE_WH,
    Actor,
    Place,
    Scene,
    Shown,
    Still,
    frames,
    people,
    scenes,
)
from mien.geometry.boxes import iou
from mien.metrics.assignment import best_pairs
from mien.metrics.tracking import Sightings, TrackingCounts, pooled, tracking_counts
from mien.tasks.pipeline import Analyzer
from mien.types import Image
from mien.video.tracking import EVERY, MIN_FACE_PX, Tracking

START = "<!-- measured by python -m benchmarks.video -->"
END = "<!-- end of what was measured -->"
#: The IoU tracker: detections from the score on, continued at the IoU [Bochinski et al. 2017].
IOU_SCORE, IOU_SAME = 0.5, 0.5
PARTS = ("quality", "speed", "memory")
Boxes = list[tuple[int, int, np.ndarray]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/video.md"))
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--clips", type=int, default=4, help="clips of each kind")
    parser.add_argument("--rounds", type=int, default=3, help="times that speed is measured")
    parser.add_argument("--frames", type=int, default=10_000, help="frames of the memory part")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    results = read_previous(options.out)
    cast = people(options.data)
    run: dict[str, Callable[[], dict[str, Any]]] = {
        "quality": lambda: quality(cast, options.clips),
        "speed": lambda: speed(cast, options.rounds),
        "memory": lambda: memory(cast, options.frames),
    }
    for part in options.only or PARTS:
        found = run[part]()
        results[part] = found | {"when": moment(), "setting": setting(options, len(cast))}
        options.out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    page = options.out.read_text(encoding="utf-8")
    before, rest = page.split(START)
    after = rest.split(END)[1]
    options.out.write_text(f"{before}{START}\n\n{markdown(results)}\n{END}{after}")


def quality(cast: list[list[Still]], rounds: int) -> dict[str, Any]:
    """Track every scene with each method; return the counts by method and kind of scene."""
    methods: dict[str, Callable[[list[Shown]], Boxes]] = {
        "mien": _mien,
        "mien, without identities": lambda shown: _mien(shown, identities=False),
        "detector every frame + IoU": _detector_iou,
    }
    counts: dict[str, dict[str, list[list[int]]]] = {name: {} for name in methods}
    for number, scene in enumerate(scenes(cast, rounds=rounds)):
        shown = list(frames(scene))
        line = [f"{number + 1:3} {scene.kind:8}"]
        for name, method in methods.items():
            found = scored(shown, method(shown))
            counts[name].setdefault(scene.kind, []).append(_row(found))
            line.append(f"{name}: IDF1 {found.idf1:.3f}, {found.switches} switches")
        say("; ".join(line))
    return {"counts": counts, "people": len(cast)}


def scored(shown: list[Shown], found: Boxes) -> TrackingCounts:
    """Compare with the truth; faces that are hardly visible are neither wanted nor wrong."""
    truth: Boxes = []
    kept: Boxes = []
    for number, frame in enumerate(shown):
        clear = frame.visible >= MIN_VISIBLE
        truth += [
            (number, int(person), box)
            for person, box in zip(frame.person[clear], frame.boxes[clear], strict=True)
        ]
        here = [row for row in found if row[0] == number]
        boxes = np.array([box for *_, box in here]).reshape(-1, 4)
        wanted = (iou(boxes, frame.boxes[clear]) >= 0.5).any(axis=1)
        hidden = (iou(boxes, frame.boxes[~clear]) >= 0.5).any(axis=1)
        kept += [row for row, drop in zip(here, hidden & ~wanted, strict=True) if not drop]
    return tracking_counts(_sightings(truth), _sightings(kept))


def _mien(shown: list[Shown], *, identities: bool = True) -> Boxes:
    with Tracking([frame.image for frame in shown], identities=identities) as tracking:
        rows = [
            (frame.index, int(track_id), box)
            for frame in tracking
            for track_id, box in zip(frame.track_id, frame.faces.boxes.xyxy, strict=True)
        ]
        tracking.result()
        return [(index, tracking.person_of(track_id), box) for index, track_id, box in rows]


def _detector_iou(shown: list[Shown]) -> Boxes:
    """The same detector in every frame, each box continued by the best overlap alone."""
    detector = Analyzer(("detect",), threads=1, min_face_px=MIN_FACE_PX)
    rows: Boxes = []
    last: list[tuple[int, np.ndarray]] = []
    count = 0
    for number, frame in enumerate(shown):
        found = detector.run([frame.image])[0].found
        boxes = found.boxes.xyxy[found.detection_score >= IOU_SCORE]
        overlap = iou(np.array([box for _, box in last]).reshape(-1, 4), boxes)
        pairs = {column: row for row, column in best_pairs(overlap, overlap >= IOU_SAME)}
        here = []
        for column, box in enumerate(boxes):
            if column not in pairs:
                count += 1
            here.append((last[pairs[column]][0] if column in pairs else count, box))
        rows += [(number, track_id, box) for track_id, box in here]
        last = here
    return rows


def speed(cast: list[list[Still]], rounds: int) -> dict[str, Any]:
    """Track a file of 640 x 480 at 25 Hz with three faces in view, from decoding to people."""
    with tempfile.TemporaryDirectory() as folder:
        path = _encoded(Path(folder) / "three.mp4", _three(cast, duration_s=40.0))
        runs = [_timed(path) for _ in range(rounds + 1)][1:]
    say(f"speed: {[round(run['realtime'], 2) for run in runs]} times real time")
    return {"runs": runs, "seconds": 40.0, "every": EVERY}


def _timed(path: Path) -> dict[str, Any]:
    began, cpu = time.perf_counter(), time.process_time()
    with Tracking(path) as tracking:
        faces = sum(len(frame.faces) for frame in tracking)
        done = tracking.result()
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    seconds = done.frames / RATE_HZ
    return {
        "realtime": seconds / wall_s,
        "realtime_a_core": seconds / cpu_s,
        "faces_a_frame": faces / done.frames,
        "templates_a_track_a_second": tracking.embedded / len(done.tracks) / seconds,
        "people": len(done.people),
    }


def memory(cast: list[list[Still]], n_frames: int) -> dict[str, Any]:
    """Track three faces for many frames; return resident memory along the way, MB."""
    scene = _three(cast, duration_s=20.0)
    marks = {round(share * n_frames) for share in (0.2, 0.4, 0.6, 0.8, 1.0)}
    resident = {}
    with Tracking(_looped(scene, n_frames)) as tracking:
        for frame in tracking:
            if frame.index + 1 in marks:
                resident[frame.index + 1] = resident_mb([os.getpid()])
                say(f"memory: {resident[frame.index + 1]:.0f} MB after {frame.index + 1} frames")
        people_found = len(tracking.result().people)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"resident_mb": resident, "peak_mb": peak_mb, "people": people_found}


def _three(cast: list[list[Still]], *, duration_s: float) -> Scene:
    def sway(x: float, phase: float) -> Callable[[float], Place]:
        return lambda time_s: Place(x + 15 * np.sin(time_s + phase), 220, 90, 6 * np.sin(time_s))

    actors = tuple(Actor(cast[row][0], sway(x, row)) for row, x in enumerate((120.0, 320.0, 520.0)))
    return Scene("three", actors, duration_s=duration_s)


def _looped(scene: Scene, n_frames: int) -> Iterator[Image]:
    number = 0
    while True:
        for shown in frames(scene):
            if number == n_frames:
                return
            yield Image(shown.image.pixels, "looped", number / RATE_HZ)
            number += 1


def _encoded(path: Path, scene: Scene) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height = SIZE_WH
        stream.pix_fmt = "yuv420p"
        for shown in frames(scene):
            frame = av.VideoFrame.from_ndarray(shown.image.pixels, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _sightings(rows: Boxes) -> Sightings:
    frame, identity = (np.array([row[i] for row in rows], np.int64) for i in (0, 1))
    return Sightings(frame, identity, np.array([box for *_, box in rows]).reshape(-1, 4))


def _row(counts: TrackingCounts) -> list[int]:
    return [getattr(counts, name) for name in TrackingCounts.__dataclass_fields__]


def markdown(results: dict[str, Any]) -> str:
    """Return the tables of the parts that were measured."""
    parts = {"quality": _quality_page, "speed": _speed_page, "memory": _memory_page}
    return "\n\n".join(page(results[name]) for name, page in parts.items() if name in results)


def _quality_page(found: dict[str, Any]) -> str:
    rows = []
    for name, kinds in found["counts"].items():
        counts = [TrackingCounts(*row) for clips in kinds.values() for row in clips]
        total = sum(counts, TrackingCounts())
        idf1 = pooled(counts, lambda c: c.idf1)
        mota = pooled(counts, lambda c: c.mota)
        figures = [f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in (idf1, mota)]
        errors = (total.switches, total.fragments, total.missed, total.false)
        rows.append([name, *figures, *(f"{number:,}" for number in errors)])
    header = ["method", "IDF1", "MOTA", "switches", "fragments", "missed", "false"]
    return "\n\n".join(
        [
            "**Who is who.** " + _said(found),
            table(header, rows),
            table(*_by_kind(found["counts"])),
        ]
    )


def _said(found: dict[str, Any]) -> str:
    mine = [TrackingCounts(*row) for clips in found["counts"]["mien"].values() for row in clips]
    total = sum(mine, TrackingCounts())
    return (
        f"{len(mine)} clips of 640 x 480, {total.frames:,} frames, {total.truth:,} boxes of "
        f"{found['people']} people of LFW folds 4 and 5 (thresholds come from folds 1 to 3); who "
        f"returns or is cut to comes with another photograph. Intervals: 95 %, bootstrap over "
        f"clips. Measured {found['when']}."
    )


def _by_kind(counts: dict[str, dict[str, list[list[int]]]]) -> tuple[list[str], list[list[str]]]:
    kinds = list(counts["mien"])
    rows = []
    for name, of in counts.items():
        sums = [sum((TrackingCounts(*row) for row in of[kind]), TrackingCounts()) for kind in kinds]
        rows.append([name, *(f"{total.idf1:.3f} / {total.switches}" for total in sums)])
    return ["IDF1 / switches", *kinds], rows


def _speed_page(found: dict[str, Any]) -> str:
    runs = found["runs"]
    mean = {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
    where = found["setting"]
    rows = [
        ["times real time", f"{mean['realtime']:.2f}"],
        ["times real time, a core", f"{mean['realtime_a_core']:.2f}"],
        ["faces a frame", f"{mean['faces_a_frame']:.2f}"],
        ["templates a track a second", f"{mean['templates_a_track_a_second']:.2f}"],
    ]
    return (
        f"**Speed.** {found['seconds']:.0f} s of H.264, 640 x 480 at 25 Hz, the detector at every "
        f"{found['every']}th frame, decoding included, mean of {len(runs)} runs; {where['cpu']}, "
        f"{where['cores']} cores. Measured {found['when']}.\n\n" + table(["", "value"], rows)
    )


def _memory_page(found: dict[str, Any]) -> str:
    marks = {int(number): mb for number, mb in found["resident_mb"].items()}
    header = ["after frames", *(f"{number:,}" for number in marks), "peak"]
    row = ["resident, MB", *(f"{mb:.0f}" for mb in marks.values()), f"{found['peak_mb']:.0f}"]
    return (
        f"**Memory.** Three faces in view; {found['people']} people were found. Measured "
        f"{found['when']}.\n\n" + table(header, [row])
    )


if __name__ == "__main__":
    main()

"""Measure what is read from faces over time, on rendered clips; write docs/dynamics.md.

python -m benchmarks.dynamics [--only smoothing|signals|pulse|nothing] [--clips 8] [--seeds 6]

smoothing: lag and jitter of the One Euro filter; signals: blinks, mouth and gestures of a rendered
portrait through detector, mesh and pose; pulse: rates of rendered clips with a pulse; nothing: how
often a rate is claimed where there is none. Parts that are not measured keep what
docs/dynamics.json has.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.moving_face import Beating, colour_of, moved
from benchmarks.report import Results, moment, say
from mien.metrics.clopper_pearson import clopper_pearson
from mien.tasks.pipeline import Analyzer
from mien.types import Image
from mien.video.pulse.reading import PulseReading, pulse
from mien.video.pulse.skin import SkinColour
from mien.video.series import face_series
from mien.video.signals.blinks import blinks
from mien.video.signals.head_gestures import head_gestures
from mien.video.signals.mouth import mouth_activity
from mien.video.signals.one_euro import GAZE, LANDMARKS, POSE, OneEuro, longest_lag_s, one_euro

RATE_HZ = 25
#: Settings with the amplitude of a usual movement, the jitter of a still face and their unit.
SMOOTHED: dict[str, tuple[OneEuro, float, float, str]] = {
    "pose": (POSE, 10.0, 0.7, "deg"),
    "landmarks": (LANDMARKS, 0.05, 0.003, "sides of the face"),
    "gaze direction": (GAZE, 0.17, 0.03, "unit vector"),
}
#: Conditions of rendered pulse clips: what differs from the usual one, and how it is encoded.
CLIPS: dict[str, tuple[dict[str, Any], int | None]] = {
    "as rendered, head still": ({}, None),
    "head sways 8 px at 1.2 Hz": ({"sway_px": 8, "sway_hz": 1.2}, None),
    "camera noise of 5 levels": ({"noise": 5.0}, None),
    "skin at 40 % of its brightness": ({"darkness": 0.4}, None),
    "H.264, CRF 18": ({}, 18),
    "H.264, CRF 23, sways": ({"sway_px": 8, "sway_hz": 1.2}, 23),
    "H.264, CRF 28": ({}, 28),
}
KINDS = ("blink", "mouth_activity", "head_nod", "head_shake")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=tuple(PARTS))
    parser.add_argument("--clips", type=int, default=8, help="rendered clips of each movement")
    parser.add_argument("--seeds", type=int, default=6, help="rendered clips of each condition")
    parser.add_argument("--traces", type=int, default=2000, help="made-up traces without a pulse")
    parser.add_argument("--out", type=Path, default=Path("docs/dynamics.md"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    kept = options.out.with_suffix(".json")
    results: Results = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for name in [options.only] if options.only is not None else PARTS:
        say(f"{name} ...")
        begin = time.perf_counter()
        found = PARTS[name](options)
        found |= {"seconds": round(time.perf_counter() - begin), "measured": moment()}
        results[name] = found
        kept.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    options.out.write_text(page(results), "utf-8")
    say(f"wrote {options.out}")


def smoothing(options: argparse.Namespace) -> Results:
    times = np.arange(0, 40, 1 / RATE_HZ)
    late = times > 20
    rows = []
    for name, (settings, amplitude, jitter, unit) in SMOOTHED.items():
        noise = np.random.default_rng(0).normal(0, jitter, len(times))
        still = one_euro(times, noise, settings)
        row = {"name": name, "unit": unit, "amplitude": amplitude, "jitter": jitter}
        row["left"] = float(still[late].std() / noise[late].std())
        for hz in (0.5, 1.0, 2.0):
            wave = amplitude * np.sin(2 * np.pi * hz * times)
            smooth = one_euro(times, wave + noise, settings)
            turn = np.exp(-2j * np.pi * hz * times[late])
            ratio = (smooth[late] * turn).sum() / (wave[late] * turn).sum()
            row[f"lag_ms_{hz}"] = float(-np.angle(ratio) / (2 * np.pi * hz) * 1e3)
            row[f"gain_{hz}"] = float(abs(ratio))
        row["longest_ms_1"] = longest_lag_s(1.0, RATE_HZ, settings) * 1e3
        rows.append(row)
    return {"rows": rows}


def movement(kind: str, generator: np.random.Generator) -> Callable[[float], dict[str, Any]]:
    """Return a movement with sizes and paces drawn by lot, beginning at .8 s."""
    hz, deg = generator.uniform(0.9, 2.5), generator.uniform(6, 12)
    lasting, wide, pace = generator.uniform(0.12, 0.3), generator.uniform(0.2, 0.5), 2 * np.pi
    drift = generator.uniform(-6, 6, 2)

    def frame(t: float) -> dict[str, Any]:
        on = float(t > 0.8)
        wave = on * np.sin(pace * hz * (t - 0.8))
        found: dict[str, Any] = {"shift_px": (float(drift[0] * t), float(drift[1] * t))}
        if kind == "blink":
            found["lids"] = float(0.8 < t <= 0.8 + lasting)
        elif kind == "mouth_activity":
            found["jaw"] = wide * on * (1 - np.cos(2 * pace * hz * (t - 0.8))) / 2
        elif kind in ("head_nod", "head_shake"):
            found["pitch_deg" if kind == "head_nod" else "yaw_deg"] = deg * wave
        return found

    return frame


def signals(options: argparse.Namespace) -> Results:
    analyzer = Analyzer(("detect", "landmarks", "pose", "gaze"), threads=1)
    rows = {}
    for number, kind in enumerate((*KINDS, "nothing")):
        seen: Counter[str] = Counter()
        for clip in range(options.clips):
            frame = movement(kind, np.random.default_rng([number, clip]))
            images = [Image(moved(**frame(i / RATE_HZ)), None, i / RATE_HZ) for i in range(60)]
            faces = [next(iter(a.found), None) for a in analyzer.analyze_many(images)]
            series = face_series(zip(np.arange(60) / RATE_HZ, faces, strict=True))
            events = [*blinks(series).events, *mouth_activity(series), *head_gestures(series)]
            seen.update({event.kind for event in events})
        rows[kind] = {name: seen[name] for name in (*KINDS, "eyes_closed")}
        say(f"  {kind}: {dict(seen)}")
    return {"rows": rows, "clips": options.clips}


def beats(options: argparse.Namespace) -> Results:
    return {"rows": _pulses(options, 0.005), "seeds": options.seeds}


def nothing(options: argparse.Namespace) -> Results:
    claimed = 0
    for seed in range(options.traces):
        claimed += _trace(seed).rate_bpm is not None
    rows = _pulses(options, 0.0)
    return {"rows": rows, "seeds": options.seeds, "traces": options.traces, "claimed": claimed}


def _pulses(options: argparse.Namespace, strength: float) -> Results:
    rows: Results = {}
    conditions = dict(CLIPS)
    if strength:
        conditions["a pulse of .2 %"] = ({"strength": 0.002}, None)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, (changes, crf)) in enumerate(conditions.items()):
            rows[name] = []
            for seed in range(options.seeds):
                bpm = float(np.random.default_rng([number, seed]).uniform(50, 130))
                made = {"rate_bpm": bpm, "strength": strength, "seed": seed + 1} | changes
                (reading,) = pulse(colour_of(Beating(**made), crf=crf, folder=Path(folder)))
                rows[name].append([bpm, reading.rate_bpm, reading.snr_db, reading.reason])
            say(f"  {name}: {[row[1] for row in rows[name]]}")
    return rows


def _trace(seed: int) -> PulseReading:
    """Read a made-up trace without a pulse: slow light, white noise, noise shared by regions."""
    generator = np.random.default_rng([9, seed])
    times = np.arange(301) / RATE_HZ
    light = 1 + 0.02 * np.sin(times + generator.uniform(0, 6))
    drift = np.cumsum(generator.normal(0, 0.02, (301, 3)), axis=0)
    rgb = np.array([180.0, 130.0, 110.0]) * light[:, None] + drift
    rgb = rgb[:, None] + generator.normal(0, 0.05, (301, 3, 3))
    (reading,) = pulse(SkinColour(times, rgb))
    return reading


PARTS: dict[str, Callable[[argparse.Namespace], Results]] = {
    "smoothing": smoothing,
    "signals": signals,
    "pulse": beats,
    "nothing": nothing,
}


def page(results: Results) -> str:
    """Return docs/dynamics.md."""
    lines = [
        "# Faces over time, measured",
        "",
        "Written by `python -m benchmarks.dynamics`; do not edit. What the signals are, and their",
        "limits: [capabilities/dynamics.md](capabilities/dynamics.md). Everything here is measured",
        "on **rendered** clips of one portrait (scikit-image's astronaut): the truth is known",
        "and the light is kind. Figures on filmed people are still to be measured.",
        "",
    ]
    for name, tell in PAGES.items():
        if name in results:
            lines += [*tell(results[name]), "", f"Measured {results[name]['measured']}.", ""]
    return "\n".join(lines)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return a Markdown table, figures to the right."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " --: |" * (len(head) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def _tell_smoothing(found: Results) -> list[str]:
    rows = [
        [
            f"{row['name']}, {row['amplitude']:g} {row['unit']}",
            f"{row['left']:.2f}",
            *(f"{row[f'lag_ms_{hz}']:.0f} ms, {row[f'gain_{hz}']:.2f}" for hz in (0.5, 1.0, 2.0)),
            f"{row['longest_ms_1']:.0f} ms",
        ]
        for row in found["rows"]
    ]
    return [
        "## Smoothing: jitter against lag",
        "",
        f"One Euro at {RATE_HZ} frames a second: what is left of the jitter of a still face, and",
        "how late a sine of that amplitude comes and how large it still is. The last column is the",
        "longest lag at 1 Hz, that of movements too small to be told from jitter.",
        "",
        *_table(["", "jitter left", "0.5 Hz", "1 Hz", "2 Hz", "longest, 1 Hz"], rows),
    ]


def _tell_signals(found: Results) -> list[str]:
    kinds = (*KINDS, "eyes_closed")
    rows = [
        [kind, *(str(counts[name]) for name in kinds)] for kind, counts in found["rows"].items()
    ]
    return [
        "## Movements",
        "",
        f"{found['clips']} clips of each movement (2.4 s, sizes and paces by lot, the head drifts)",
        "through detector, mesh and pose: in how many of them each event was found.",
        "",
        *_table(["rendered", *kinds], rows),
    ]


def _tell_pulse(found: Results) -> list[str]:
    rows = []
    for name, clips in found["rows"].items():
        errors = [abs(got - bpm) for bpm, got, *_ in clips if got is not None]
        median = f"{np.median(errors):.1f}" if errors else "-"
        largest = f"{max(errors):.1f}" if errors else "-"
        silent = len(clips) - len(errors)
        rows.append([name, str(len(clips)), str(silent), median, largest])
    head = ["", "clips", "not measurable", "median error", "largest error"]
    return [
        "## Pulse that is there",
        "",
        "Clips of 12 s at 25 frames a second, face 200 px wide, rates from 50 to 130 by lot; the",
        "green of the skin changes by .5 % unless said; camera noise of 2 levels, light that",
        "drifts by 1 %. Errors in beats a minute, of clips with a reading.",
        "",
        *_table(head, rows),
    ]


def _tell_nothing(found: Results) -> list[str]:
    clips = [clip for one in found["rows"].values() for clip in one]
    hits = sum(got is not None for _, got, *_ in clips)
    low, high = clopper_pearson(found["claimed"], found["traces"])
    lines = [
        "## Pulse that is not there",
        "",
        f"In {found['claimed']} of {found['traces']:,} made-up colour traces a rate was claimed",
        f"({low:.2%} to {high:.2%}, Clopper-Pearson): slow light, a random walk of each channel",
        "that all regions share, noise of their own.",
    ]
    if not clips:
        return [*lines, "Rendered clips without a pulse are still to be measured."]
    low, high = clopper_pearson(hits, len(clips))
    rows = [
        [
            name,
            str(len(one)),
            str(sum(got is not None for _, got, *_ in one)),
            f"{max(snr for *_, snr, _ in one):.1f} dB",
        ]
        for name, one in found["rows"].items()
    ]
    return [
        *lines,
        f"Of the clips above, rendered without a pulse, {hits} of {len(clips)}",
        f"({low:.1%} to {high:.1%}).",
        "",
        *_table(["", "clips", "claimed", "largest SNR"], rows),
    ]


PAGES: dict[str, Callable[[Results], list[str]]] = {
    "smoothing": _tell_smoothing,
    "signals": _tell_signals,
    "pulse": _tell_pulse,
    "nothing": _tell_nothing,
}


if __name__ == "__main__":
    main()

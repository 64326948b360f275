"""Micro-movements of a whole video: from the onset of each expression to its apex."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.types import Image
from mien.types.arrays import FloatArray
from mien.video.event import Event
from mien.video.micro_movement import REGIONS, MicroMovement, micro_movement
from mien.video.series import FaceSeries


@dataclass(frozen=True, slots=True, eq=False)
class MicroEvent:
    """How a face moved from the onset of an expression to its apex."""

    event: Event
    movement: MicroMovement

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values; lengths in shares of the outer eye corners' distance."""
        moved = self.movement
        regions = {
            name: {
                "x": round(float(mean[0]), 4),
                "y": round(float(mean[1]), 4),
                "strength": round(float(strength), 4),
            }
            for name, mean, strength in zip(REGIONS, moved.mean_xy, moved.strength, strict=True)
        }
        return {
            "face_id": self.event.face_ids[0],
            "label": self.event.label,
            "onset_s": self.event.start_s,
            "apex_s": self.event.apex_s,
            "head_px": round(moved.head_px, 4),
            "regions": regions,
        }


def micro_events(
    images: Iterable[Image], series: Sequence[FaceSeries], events: Iterable[Event]
) -> list[MicroEvent]:
    """Measure every ``expression`` of ``events`` that has an onset before its apex, and meshes.

    ``images``: the video that the series are of, once more; one frame an expression under way is
    held. In order of apexes. Raises InputError where a frame of an onset or apex is not in it.
    """
    by_id = {one.face_id: one for one in series}
    wanted: dict[float, list[Event]] = {}
    held_until: dict[float, float] = {}
    for event in events:
        if event.kind == "expression" and _meshes(by_id, event) is not None:
            assert event.apex_s is not None
            wanted.setdefault(event.apex_s, []).append(event)
            until_s = held_until.get(event.start_s, event.apex_s)
            held_until[event.start_s] = max(until_s, event.apex_s)
    held: dict[float, Image] = {}
    found: list[MicroEvent] = []
    for image in images:
        now_s = image.timestamp_s
        if now_s is None:
            continue
        found += [_measured(held, image, event, by_id) for event in wanted.pop(now_s, ())]
        if now_s in held_until:
            held[now_s] = image
        held = {start: one for start, one in held.items() if held_until[start] > now_s}
    if wanted:
        raise InputError(f"frames: none at {min(wanted)} s; expected the video of the series")
    return found


def _measured(
    held: Mapping[float, Image], apex: Image, event: Event, by_id: Mapping[str, FaceSeries]
) -> MicroEvent:
    meshes = _meshes(by_id, event)
    if event.start_s not in held or meshes is None:
        raise InputError(f"frames: none at {event.start_s} s; expected the video of the series")
    return MicroEvent(event, micro_movement(held[event.start_s], meshes[0], apex, meshes[1]))


def _meshes(by_id: Mapping[str, FaceSeries], event: Event) -> tuple[FloatArray, FloatArray] | None:
    """Return the meshes at onset and apex, ``None`` where there is nothing to compare."""
    series = by_id[event.face_ids[0]]
    if event.apex_s is None or event.apex_s <= event.start_s or series.landmarks_px is None:
        return None
    rows = np.searchsorted(series.times_s, [event.start_s, event.apex_s])
    onset, apex = series.landmarks_px[rows]
    return (onset, apex) if np.isfinite([onset, apex]).all() else None

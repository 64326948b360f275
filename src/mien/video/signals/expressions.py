"""Expressions over time: from onset over apex to offset, without flicker in between."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import Array, FloatArray
from mien.video.event import Event, in_order
from mien.video.hysteresis import Span, complete, spans, stretches
from mien.video.series import FaceSeries

#: A label is shown from this probability until it is below the other.
ENTER, LEAVE = 0.6, 0.4
SHORTEST_S = 0.12
#: Probabilities are averaged over this time first, so that one odd frame is no expression.
WINDOW_S = 0.2
#: Onset begins, and offset ends, at this share of the way up from rest to the apex; the apex lasts
#: while it is above the other.
_FOOT, _PLATEAU = 0.1, 0.9
#: What is resting: its events are not listed.
REST = "neutral"


def expressions(series: FaceSeries) -> list[Event]:
    """Return when which expression was shown: ``expression`` events with label and ``apex_s``.

    From foot to foot: the hysteresis decides that there is one, and its flanks are followed down to
    10 % of the way from rest to apex. Strength: the probability at the apex. What the face shows,
    not what a person feels. Raises InputError without expression.
    """
    probability = steadied(series.times_s, series.column("expression"))
    found = []
    for number, label in enumerate(series.expression_labels):
        if label == REST:
            continue
        values = probability[:, number]
        for span in spans(series.times_s, values, enter=ENTER, leave=LEAVE):
            first, apex, last = _feet(series.times_s, values, span)
            times = series.times_s[[first, apex, last]].tolist()
            if times[2] - times[0] >= SHORTEST_S:
                strength = float(values[apex])
                ids = (series.face_id,)
                found.append(
                    Event(
                        "expression",
                        times[0],
                        times[2],
                        ids,
                        strength,
                        "probability",
                        label,
                        times[1],
                    )
                )
    return in_order(found)


def phases(series: FaceSeries, expression: Event) -> list[Event]:
    """Return ``expression_onset``, ``_apex`` and ``_offset`` of one event of ``expressions``.

    The apex lasts while the probability is above 90 % of the way from foot to apex. Strength: the
    mean probability of the phase. Phases join without gaps and cover the event.
    """
    number = series.expression_labels.index(expression.label)
    values = steadied(series.times_s, series.column("expression"))[:, number]
    times = series.times_s
    rows = np.flatnonzero((times >= expression.start_s) & (times <= expression.end_s))
    rows = rows[np.isfinite(values[rows])]
    apex = int(np.argmax(values[rows]))
    feet = min(values[rows[0]], values[rows[-1]])
    high = values[rows] >= feet + _PLATEAU * (values[rows[apex]] - feet)
    first = last = apex
    while first > 0 and high[first - 1]:
        first -= 1
    while last < len(rows) - 1 and high[last + 1]:
        last += 1
    ends = (0, first, last, len(rows) - 1)
    names = ("onset", "apex", "offset")
    return [
        Event(
            f"expression_{name}",
            float(times[rows[begin]]),
            float(times[rows[end]]),
            expression.face_ids,
            float(values[rows[begin : end + 1]].mean()),
            "probability",
            expression.label,
            expression.apex_s,
        )
        for name, begin, end in zip(names, ends[:-1], ends[1:], strict=True)
    ]


def steadied(times_s: FloatArray, values: FloatArray) -> Array:
    """Return values (T,L) averaged over WINDOW_S round each row, within stretches; NaN stays."""
    out = np.full(values.shape, np.nan)
    for rows in stretches(times_s, complete(values)):
        times = times_s[rows]
        total = np.vstack([np.zeros(values.shape[1]), np.cumsum(values[rows], 0, np.float64)])
        first = np.searchsorted(times, times - WINDOW_S / 2)
        end = np.searchsorted(times, times + WINDOW_S / 2, side="right")
        out[rows] = (total[end] - total[first]) / (end - first)[:, None]
    return out


def _feet(times_s: FloatArray, values: Array, span: Span) -> tuple[int, int, int]:
    """Return the rows of onset, apex and offset of a span within its stretch."""
    (stretch,) = (rows for rows in stretches(times_s, np.isfinite(values)) if span.rows[0] in rows)
    apex = int(span.rows[np.argmax(values[span.rows])])
    first, last = (int(np.searchsorted(stretch, span.rows[end])) for end in (0, -1))
    first = _foot(values[stretch], first, -1, float(values[apex]))
    last = _foot(values[stretch], last, 1, float(values[apex]))
    return int(stretch[first]), apex, int(stretch[last])


def _foot(values: Array, row: int, step: int, top: float) -> int:
    """Return where the flank down from ``row`` ends: at its foot, or before it rises again."""
    flank = [row]
    while 0 <= row + step < len(values) and values[row + step] <= values[row]:
        row += step
        flank.append(row)
    level = values[row] + _FOOT * (top - values[row])
    return next(at for at in flank if values[at] <= level)

"""Recognition under a time limit: how long a picture takes from its bytes to a template."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from mien.data import Sample
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.comparing import together
from mien.evaluate.lfw import measure as measure_lfw
from mien.evaluate.result import Curve, Figure, Findings
from mien.tasks.pipeline import Analyzer
from mien.types.arrays import Array

#: Tracks of the protocol: the mean time of a picture, ms.
TRACKS_MS = (100, 500, 1000)
#: So many pictures, drawn, are timed, after so many that are not.
TIMED, WARM_UP = 200, 5
_SHARES = {"median": 0.5, "90 %": 0.9, "99 %": 0.99}


def measure(run: Run) -> Findings:
    """Time single pictures on one thread, then measure the accuracy of the same pipeline."""
    samples = run.samples()
    rng = np.random.default_rng(run.seed)
    drawn = [samples[row] for row in rng.permutation(len(samples))[: TIMED + WARM_UP]]
    seconds = _seconds(run, drawn)
    return together(timing(seconds * 1e3), measure_lfw(run))


def _seconds(run: Run, samples: Sequence[Sample]) -> Array:
    """Return the time (S,) of each picture, encoded bytes to template, one by one."""
    given = run.readings.analyzer
    options = {
        name: getattr(given.options, name) for name in type(given.options).__dataclass_fields__
    }
    analyzer = Analyzer(("embed",), threads=1, max_pixels=given.max_pixels, **options)
    taken = []
    for sample in samples:
        encoded = sample.encoded if sample.path is None else sample.path.read_bytes()
        assert encoded is not None
        begin = time.perf_counter()
        analyzer.analyze(encoded)
        taken.append(time.perf_counter() - begin)
    return np.array(taken[min(WARM_UP, len(taken) - 1) :])


def timing(taken_ms: Array) -> Findings:
    """Return the distribution of times (S,) and which tracks the mean meets."""
    mean, n = float(taken_ms.mean()), len(taken_ms)
    met = [track for track in TRACKS_MS if mean <= track]
    rule = (
        "decode, detect, align, embed (mirrored too, unless told), one picture at a time, one "
        "thread, models loaded before; wall clock of this machine as busy as it was"
    )
    figures = [
        Figure("time a picture, mean", mean, n, unit="ms", rule=rule),
        *(
            Figure(f"time a picture, {name}", float(np.quantile(taken_ms, share)), n, unit="ms")
            for name, share in _SHARES.items()
        ),
        Figure("time a picture, longest", float(taken_ms.max()), n, unit="ms"),
        Figure(
            "fastest track met",
            float(met[0]) if met else None,
            n,
            unit="ms",
            rule="mean time <= 100, 500 or 1000 ms",
            why="" if met else f"the mean, {mean:.0f} ms, is above {TRACKS_MS[-1]} ms",
        ),
    ]
    ranked = np.sort(taken_ms)
    share = tuple(((np.arange(n) + 1) / n).tolist())
    curve = Curve("time", "time", tuple(ranked.tolist()), share, "ms a picture", "share done")
    return Findings(tuple(figures), (curve,))


BENCHMARK = register(
    Benchmark(
        name="fruits",
        title="Recognition under a time limit (FRUITS)",
        task="verification",
        protocol=(
            "After FRUITS of WebFace260M: the whole pipeline from encoded picture to template on "
            "one thread, in tracks of 100, 500 and 1000 ms a picture, with the accuracy of the "
            "same pipeline on the pairs of LFW View 2. The pictures and the machine are not those "
            "of the original, whose test set is not public."
        ),
        measure=measure,
        tasks=("embed",),
        dataset="lfw",
        fitted_on="as for lfw",
        option="embedder",
        choose="central",
    )
)

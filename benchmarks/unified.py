"""The unified model beside mien's separate networks, on parts of the data that it never saw.

Called by ``python -m benchmarks.training --only unified``. Every picture goes through the pipeline
once; the separate networks give what users get from it, the unified model reads the chip of the
same face. FER2013 is read whole, without detection, by both networks of expressions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.landmarks import mean_over
from benchmarks.accuracy.rows import Row, mean, share
from mien.data import Sample, lfw, open_dataset
from mien.metrics.classification import class_scores
from mien.metrics.folds import best_threshold
from mien.metrics.landmarks import normalised_errors
from mien.models import Network, get_spec, has_model, load
from mien.tasks.ancestry import ANCESTRIES
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.expression import MODEL as EXPRESSION_MODEL
from mien.tasks.gender import GENDERS
from mien.tasks.one_face import face_in_box, largest_face
from mien.tasks.pipeline import Analyzer
from mien.tasks.unified import read
from mien.teach.faces import cut
from mien.teach.rows import SIZE_PX, joined
from mien.teach.whole import whole_chips
from mien.train.taught import COLUMNS
from mien.types import Analysis, Boxes

MODEL = "mien-unified.s"
_BATCH, _ROUNDS, _REPEATS = 32, 15, 4
Outputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Seen:
    """A batch of pictures with a face: samples, analyses of it, the model's outputs, the maps."""

    samples: list[Sample]
    analyses: list[Analysis]
    unified: Outputs
    to_chip: np.ndarray


def unified(data: Path) -> list[Row]:
    """Return all figures of the model, and of the networks whose work it does."""
    network = load(MODEL)
    return [
        *_attributes(data, network),
        *_expressions(data, network),
        *_points(data, network),
        *people(data, network),
        *_times(network),
    ]


def _faces(samples: Sequence[Sample], network: Network, tasks: tuple[str, ...]) -> Iterator[Seen]:
    analyzer = Analyzer(tasks)
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH]
        images = [sample.image() for sample in batch]
        analyses = [largest_face(analysis) for analysis in analyzer.run(images)]
        kept = [index for index, analysis in enumerate(analyses) if len(analysis.found)]
        if kept:
            found = [analyses[index] for index in kept]
            chips, to_chip = cut([images[index] for index in kept], found)
            outputs = network(chips, only=["embedding"]) | read(network, chips, mirror=True)
            yield Seen([batch[index] for index in kept], found, outputs, to_chip)


def _attributes(data: Path, network: Network) -> list[Row]:
    """Ages, genders, ancestries of the fifth of UTKFace that nothing was fitted on."""
    samples = list(open_dataset("utkface", data / "utkface").samples("report"))
    tasks = ("detect", "landmarks", "age", "gender", "ancestry")
    parts: dict[str, list[np.ndarray]] = {}
    for seen in _faces(samples, network, tasks):
        labels = [sample.labels for sample in seen.samples]
        truth = {
            "age": np.array([float(str(said["apparent_age"])) for said in labels]),
            "gender": _indices([str(said["apparent_gender"]) for said in labels], GENDERS),
            "ancestry": _indices([str(said["apparent_ancestry"]) for said in labels], ANCESTRIES),
        }
        separate = {name: _column(seen.analyses, name) for name in truth}
        for name, values in truth.items():
            for who, said in ((MODEL, seen.unified[name]), ("separate", separate[name])):
                key = f"{who}: {name}"
                wrong = _age_error(said, values) if name == "age" else said.argmax(1) == values
                parts.setdefault(key, []).append(wrong)
    rows = []
    for key, found in parts.items():
        values = np.concatenate(found)
        if key.endswith("age"):
            rows.append(mean(f"{key}, mean absolute error", values, unit="years"))
        else:
            rows.append(share(f"{key}, accuracy", values))
    return rows


def _age_error(said: np.ndarray, years: np.ndarray) -> np.ndarray:
    return np.abs(said.reshape(len(years), -1)[:, 0] - years)


def _column(analyses: Sequence[Analysis], task: str) -> np.ndarray:
    return np.concatenate([a.found.attributes[f"apparent_{task}"].values for a in analyses])


def _indices(said: Sequence[str], names: Sequence[str]) -> np.ndarray:
    return np.array([names.index(value) for value in said])


def _expressions(data: Path, network: Network) -> list[Row]:
    """Expressions of FER2013's validation part, whole pictures."""
    samples = list(open_dataset("fer2013", data / "fer2013").samples("validation"))
    rows = joined(list(whole_chips(samples, data / "fer2013", source=0)))
    truth = rows.targets[:, COLUMNS["expression"]][:, 0].astype(np.int64)
    predicted = read(network, rows.inputs, mirror=True)["expression"].argmax(axis=1)
    balanced = class_scores(predicted, truth, n_classes=len(EXPRESSIONS)).balanced_accuracy
    return [
        share(f"{MODEL}: expression on FER2013 validation, accuracy", predicted == truth),
        {"what": f"{MODEL}: the same, balanced", "value": balanced, "n": len(truth)},
    ]


def _points(data: Path, network: Network) -> list[Row]:
    """Points on people of YouTube Faces that the model never saw, and as others mark them."""
    ytf, tasks = open_dataset("ytf68", data / "ytf_keypoints68"), ("detect", "landmarks")
    fit, report = (
        _marks(_faces(list(ytf.samples(split)), network, tasks)) for split in ("fit", "report")
    )
    scenes = _marks(_marked(data, network))
    offsets = {who: fit.offsets(who) for who in fit.found}
    return [
        *_errors(report, "YTF", "the people that nothing was fitted on"),
        *_offset_rows(fit, "YTF's fit half"),
        *_errors(report, "YTF, the fit half's offset taken off its marks", "", offsets),
        *_errors(scenes, "dlib's scenes", "marked by others: nothing learned it"),
        *_offset_rows(scenes, "dlib's scenes"),
    ]


def _marked(data: Path, network: Network) -> Iterator[Seen]:
    """Yield each marked face of dlib's group scenes."""
    analyzer = Analyzer(("detect", "landmarks"))
    for sample in open_dataset("dlib-faces", data / "dlib_faces").samples():
        marks, image = sample.landmarks, sample.image()
        (everybody,) = analyzer.run([image])
        for row in range(0 if marks is None or marks.schema != "ibug68" else len(marks)):
            assert marks is not None
            low, high = marks.xy[row].min(axis=0), marks.xy[row].max(axis=0)
            box = Boxes(np.concatenate([low, high])[None])
            face = face_in_box(everybody, box)
            if len(face.found):
                chips, to_chip = cut([image], [face])
                one = replace(sample, landmarks=marks[row : row + 1])
                yield Seen([one], [face], read(network, chips, mirror=True), to_chip)


@dataclass(frozen=True)
class Marks:
    """Marked faces: who is shown, points found by each way and marked (N,68,2) px, eyes (N,) px."""

    people: np.ndarray
    found: dict[str, np.ndarray]
    truth: np.ndarray
    eyes: np.ndarray

    def offsets(self, who: str) -> np.ndarray:
        """Return where a face's marks lie on average from what was found, (N,2) eye distances."""
        gaps = (self.truth - self.found[who]).mean(axis=1)
        return np.asarray(gaps / self.eyes[:, None])


def _marks(faces: Iterator[Seen]) -> Marks:
    found: dict[str, list[np.ndarray]] = {MODEL: [], "separate": []}
    truth, people = [], []
    for seen in faces:
        for row, (sample, analysis) in enumerate(zip(seen.samples, seen.analyses, strict=True)):
            assert sample.landmarks is not None
            truth.append(sample.landmarks.xy[0])
            back = np.linalg.inv(np.vstack([seen.to_chip[row], [0, 0, 1]]))[:2]
            mine = seen.unified["points"][row, :, :2] @ back[:, :2].T + back[:, 2]
            found[MODEL].append(mine.astype(np.float32))
            found["separate"].append(analysis.found.landmarks["ibug68"].xy[0])
            people.append(sample.sample_id if sample.subject_id is None else sample.subject_id)
    points = np.stack(truth)
    eyes = np.linalg.norm(points[:, 36] - points[:, 45], axis=1)
    return Marks(np.array(people), {w: np.stack(f) for w, f in found.items()}, points, eyes)


def _errors(
    marks: Marks, where: str, note: str, offsets: dict[str, np.ndarray] | None = None
) -> list[Row]:
    rows = []
    for who, found in marks.found.items():
        shift = 0 if offsets is None else offsets[who].mean(axis=0) * marks.eyes[:, None, None]
        errors = normalised_errors(found + shift, marks.truth, distance=marks.eyes)
        what = f"{who}: 68 points on {where}, NME over the outer eye corners"
        rows.append(mean_over(marks.people, what, errors, note=note))
    return rows


def _offset_rows(marks: Marks, where: str) -> list[Row]:
    """Return how far marks lie right of the points, and below: across is 0 if both are sound."""
    rows = []
    for axis, direction in enumerate(("right", "down")):
        for who in marks.found:
            what = f"{who}: marks of {where} lie {direction} of the points, in eye distances"
            rows.append(mean_over(marks.people, what, marks.offsets(who)[:, axis]))
    return rows


def people(data: Path, network: Network) -> list[Row]:
    """Verify on LFW folds 4 and 5, the threshold from folds 1 to 3: the model, the recogniser."""
    pairs = lfw.Lfw(data / "lfw").pairs()
    names = np.unique([*pairs.first, *pairs.second])
    by_id = {s.sample_id: s for s in open_dataset("lfw", data / "lfw").samples()}
    vectors: dict[str, dict[str, np.ndarray]] = {MODEL: {}, "separate": {}}
    for seen in _faces([by_id[name] for name in names], network, ("detect", "landmarks", "embed")):
        for row, (sample, analysis) in enumerate(zip(seen.samples, seen.analyses, strict=True)):
            assert analysis.templates is not None
            vectors[MODEL][sample.sample_id] = seen.unified["embedding"][row]
            vectors["separate"][sample.sample_id] = analysis.templates.vectors[0]
    rows = []
    for who, known in vectors.items():
        lost = np.zeros(128, np.float32)
        scores = np.array(
            [
                float(known.get(a, lost) @ known.get(b, lost))
                for a, b in zip(pairs.first, pairs.second, strict=True)
            ]
        )
        fit = pairs.fold < 3
        threshold = best_threshold(scores[fit], pairs.mated[fit])
        right = (scores[~fit] >= threshold) == pairs.mated[~fit]
        rows.append(share(f"{who}: LFW folds 4-5, accuracy", right, note="threshold: folds 1-3"))
    return rows


#: The networks whose outputs the unified model gives at once, and the crops each takes a face.
SEPARATE = (
    *("facemesh.attention", "resnet29.dlib", "resnet10.age", "cnn.gender"),
    *(EXPRESSION_MODEL, "mlp.age", "mlp.gender", "mlp.ancestry"),
)


def _times(network: Network) -> list[Row]:
    """Milliseconds of CPU a face on one thread, in turn: faces one at a time, and eight at once."""
    rows: list[Row] = []
    for count in (1, 8):
        together = "" if count == 1 else f", {count} faces at once"
        for what, found in _milliseconds(network, count).items():
            low, high = np.quantile(found, [0.025, 0.975])
            rows.append(
                {
                    "what": f"{what}: all outputs of a face, one thread{together}",
                    "value": float(np.median(found)),
                    "n": _ROUNDS,
                    "low": float(low),
                    "high": float(high),
                    "unit": "ms",
                    "note": "CPU time; median and spread of rounds",
                }
            )
    return rows


def _milliseconds(network: Network, count: int) -> dict[str, np.ndarray]:
    """Return each way's time a face in every round."""
    rng = np.random.default_rng(0)
    chips = rng.integers(0, 256, (count, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    works: dict[str, Callable[[], object]] = {
        MODEL: lambda: network(chips),
        f"{MODEL}, chip and mirror image": lambda: read(network, chips, mirror=True),
    }
    for name in filter(has_model, SEPARATE):
        works[name] = _work(load(name), count, rng)
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(_ROUNDS + 1):
        for name, work in works.items():
            started = time.process_time()
            for _ in range(_REPEATS):
                work()
            seconds[name].append((time.process_time() - started) / _REPEATS / count)
    measured = {name: 1e3 * np.array(found[1:]) for name, found in seconds.items()}
    whole = {name: measured.pop(name) for name in list(measured) if name.startswith(MODEL)}
    return whole | {"the separate networks together": np.sum(list(measured.values()), axis=0)}


def _work(network: Network, count: int, rng: np.random.Generator) -> Callable[[], object]:
    preprocess = get_spec(network.spec.name).preprocess
    width, height = preprocess.size_wh
    if preprocess.layout == "vector":
        rows = rng.normal(size=(count, width * height)).astype(np.float32)
        return lambda: network(rows)
    crops = rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return lambda: network(crops)

"""What each task is audited by: which trials there are, and what counts as worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mien.errors import DatasetError, InputError
from mien.evaluate.audit.face_readings import FaceReadings
from mien.evaluate.audit.table import READ, Table
from mien.evaluate.audit.trials import Trials
from mien.recognition.compare import pair_scores
from mien.types.arrays import Array, BoolArray, IntArray

#: How a picture was taken: held equal in adjusted gaps.
CAPTURE = tuple(
    READ + name
    for name in (
        *("sharpness", "inter_eye_distance", "turned_deg", "nodded_deg"),
        *("uneven_light", "contrast"),
    )
)
#: Held equal too in a second adjustment: they carry the person's skin and the light on it at once.
SKIN = (READ + "ita_deg", READ + "brightness")
#: Held equal within bins in matched gaps: few, so that cells are not empty.
MATCHED = tuple(READ + name for name in ("quality", "turned_deg", "uneven_light"))
#: Pictures of lower unified quality than this are called poor: one in twenty of LFW and CelebA.
POOR_QUALITY = 50.0
_CONFOUNDERS = tuple(dict.fromkeys([*CAPTURE, *SKIN, *MATCHED]))


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The table with mien's readings joined, the readings, and what was asked for.

    ``truth``: the column of the true value; ``threshold``: of comparisons; ``held``: more columns
    of numbers to hold equal.
    """

    table: Table
    readings: FaceReadings
    truth: str = ""
    threshold: float = np.nan
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audited:
    """A task that can be audited: what mien runs, its true label, and its trials."""

    tasks: tuple[str, ...]
    truth: str
    trials: Callable[[Material], list[Trials]]


def on_pictures(
    material: Material,
    outcome: Array,
    chosen: BoolArray,
    *,
    title: str,
    confounded: bool = True,
    binary: bool = True,
    unit: str = "",
    lower_is_better: bool | None = True,
) -> Trials:
    """Return one trial for each ``chosen (N,)`` picture with its ``outcome (N,)``."""
    row = np.flatnonzero(chosen)
    names = (*_CONFOUNDERS, *material.held) if confounded else ()
    there = {name: material.table.numbers(name)[row] for name in names}
    rows = np.column_stack([row, row])
    return Trials(
        title, outcome[row], rows, material.table.subject, binary, unit, lower_is_better, there
    )


def detection(material: Material) -> list[Trials]:
    """One trial a picture: was no face found in it. What no face was found in has no confounder."""
    found = material.readings.found
    everything = np.ones(len(found), np.bool_)
    title = "failure to detect"
    return [on_pictures(material, ~found * 1.0, everything, title=title, confounded=False)]


def quality(material: Material) -> list[Trials]:
    """One trial a face: its unified quality, and whether it is poor."""
    found = material.readings.found
    unified = np.nan_to_num(material.table.numbers(READ + "quality"))
    poor = on_pictures(
        material, (unified < POOR_QUALITY) * 1.0, found, title="poor quality", confounded=False
    )
    mean = on_pictures(
        *(material, unified, found),
        title="unified quality",
        confounded=False,
        binary=False,
        unit="of 100",
        lower_is_better=False,
    )
    return [poor, mean]


def age(material: Material) -> list[Trials]:
    """One trial a face with a labelled age: the absolute error, and the signed one."""
    label = material.table.numbers(material.truth)
    error = material.table.numbers(READ + "apparent_age") - label
    known = ~np.isnan(error)
    if not known.any():
        raise InputError(f"age: no face with a number in column {material.truth!r}")
    return [
        on_pictures(
            material, np.abs(error), known, title="mean absolute error", binary=False, unit="years"
        ),
        on_pictures(
            *(material, error, known),
            title="mean error (read too old: above 0)",
            binary=False,
            unit="years",
            lower_is_better=None,
        ),
    ]


def classes_of(material: Material, name: str) -> tuple[Array, Array, BoolArray]:
    """Return label, reading (N,) and where both are there.

    Raises DatasetError with the place of a label that the model cannot say.
    """
    label, reading = material.table.words(material.truth), material.table.words(READ + name)
    sayable = material.readings.classes.get(READ + name, ())
    for row, word in enumerate(label):
        if word and word not in sayable:
            place = material.table.place[row]
            wanted = ", ".join(sayable)
            raise DatasetError(
                f"{place}: column {material.truth}: got {str(word)!r}, the model says one of "
                f"{wanted}"
            )
    return label, reading, (label != "") & (reading != "")


def _classified(name: str) -> Callable[[Material], list[Trials]]:
    def trials(material: Material) -> list[Trials]:
        label, reading, known = classes_of(material, name)
        if not known.any():
            raise InputError(f"{name}: no face with a label in column {material.truth!r}")
        return [on_pictures(material, (label != reading) * 1.0, known, title="error rate")]

    return trials


def verification(material: Material) -> list[Trials]:
    """One trial a mated comparison: is its score below the threshold. None without subjects."""
    row, first, second = mated_rows(material)
    if not len(first):
        return []
    templates = material.readings.templates
    assert templates is not None
    score = pair_scores(templates[first], templates[second])
    rows = np.column_stack([row[first], row[second]])
    table = material.table
    held = {name: _worse(table, name, rows) for name in (*_CONFOUNDERS, *material.held)}
    missed = (score < material.threshold) * 1.0
    return [Trials("FNMR", missed, rows, table.subject, confounders=held)]


def mated_rows(material: Material) -> tuple[IntArray, IntArray, IntArray]:
    """Return the rows of pictures with a face, and all pairs (P,) of one subject among them."""
    row = np.flatnonzero(material.readings.found)
    subject = material.table.subject[row]
    order = np.argsort(subject, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(subject[order])) + 1)
    pairs = [np.column_stack([p[i] for i in np.triu_indices(len(p), 1)]) for p in parts]
    both = np.sort(np.concatenate([np.zeros((0, 2), np.int64), *pairs]), axis=1)
    return row, both[:, 0], both[:, 1]


def _worse(table: Table, name: str, rows: IntArray) -> Array:
    """Return the worse of two pictures' values: the lower quality or light, the larger turn.

    Of skin tone and other columns: how much the two differ.
    """
    values = table.numbers(name)[rows]
    if name in _LOWER:
        worse: Array = values.min(axis=1)
    elif name in _LARGER:
        worse = values.max(axis=1)
    else:
        worse = np.abs(values[:, 0] - values[:, 1])
    return worse


_LOWER = tuple(READ + n for n in ("quality", "sharpness", "inter_eye_distance", "contrast"))
_LARGER = tuple(READ + n for n in ("turned_deg", "nodded_deg", "uneven_light"))

AUDITED: Mapping[str, Audited] = MappingProxyType(
    {
        "verification": Audited(("embed",), "", verification),
        "age": Audited(("age",), "apparent_age", age),
        "gender": Audited(("gender",), "apparent_gender", _classified("apparent_gender")),
        "ancestry": Audited(("ancestry",), "apparent_ancestry", _classified("apparent_ancestry")),
        "expression": Audited(("expression",), "expression", _classified("expression")),
        "detection": Audited(("detect",), "", detection),
        "quality": Audited(("quality",), "", quality),
    }
)


def audited(task: str) -> Audited:
    """Return what a task is audited by. Raises InputError with the tasks that there are."""
    if task not in AUDITED:
        raise InputError(f"task: got {task!r}, expected one of {', '.join(AUDITED)}")
    return AUDITED[task]


def reading_groups(specs: Sequence[str]) -> tuple[str, ...]:
    """Return the tasks that groups by mien's own readings need: ``mien.apparent_gender`` ..."""
    wanted = {READ + f"apparent_{name}": name for name in ("age", "gender", "ancestry")}
    wanted[READ + "expression"] = "expression"
    columns = [spec.partition(":")[0] for spec in specs]
    return tuple(wanted[column] for column in columns if column in wanted)

"""Figures of a classification of faces: accuracy, each class, calibration, worst mistakes."""

from __future__ import annotations

import numpy as np

from mien.evaluate.averages import sample_outcomes, share_figure, subject_rows
from mien.evaluate.comparing import reliability_curve
from mien.evaluate.labelled import Labelled
from mien.evaluate.result import Curve, Figure, Findings, Mistake
from mien.metrics.calibration import reliability
from mien.metrics.classification import class_scores, confusion_matrix, expected_calibration_error
from mien.types.arrays import Array

_WORST = 12


def classification_findings(read: Labelled, label: str, *, seed: int) -> Findings:
    """Return the findings of the label ``label``; the class of highest probability is predicted.

    A sample without a face is wrong. Samples whose class the model does not know are left out, and
    told.
    """
    title = label.replace("_", " ")
    if read.column is None:
        return Findings(
            (share_figure(f"{title}: faces found", read.found, subject_rows(read.samples)),)
        )
    classes = read.column.labels
    names = read.labels(label).astype(str)
    known = np.isin(names, classes)
    truth = np.array([classes.index(n) if n in classes else -1 for n in names])
    predicted = np.full(len(names), -1)
    predicted[read.found] = read.column.values.argmax(axis=1)
    right = predicted == truth
    subject = subject_rows(read.samples)
    left_out = int((~known).sum())
    rule = "the class of highest probability; a sample without a face is wrong"
    if left_out:
        rule += f"; {left_out} samples of classes the model does not know are left out"
    both = known & read.found
    figures = [
        share_figure(f"{title}: accuracy", right[known], subject[known], rule=rule, seed=seed),
        share_figure(
            f"{title}: accuracy where a face was found", right[both], subject[both], seed=seed
        ),
        share_figure(f"{title}: faces found", read.found, subject, seed=seed),
    ]
    figures.append(_macro_f1(title, truth[both], predicted[both], len(classes)))
    figures += _classes(title, classes, truth, predicted, known, subject, seed)
    curves: tuple[Curve, ...] = ()
    if both.any():
        probabilities = np.asarray(read.column.values, np.float64)[known[read.found]]
        figures.append(_calibration(title, probabilities, truth[both]))
        curve = reliability(np.clip(probabilities.max(axis=1), 0, 1), right[both])
        curves = (reliability_curve(curve, f"stated probability of the {title}"),)
    kept = [sample for sample, k in zip(read.samples, known, strict=True) if k]
    outcomes = sample_outcomes(f"wrong {title}", ~right[known], kept)
    return Findings(tuple(figures), curves, _mistakes(read, classes, names, right, known), outcomes)


def _classes(
    title: str,
    classes: tuple[str, ...],
    truth: Array,
    predicted: Array,
    known: Array,
    subject: Array,
    seed: int,
) -> list[Figure]:
    """Return the recall of each class, with what its samples were read as."""
    both = known & (predicted >= 0)
    counts = confusion_matrix(predicted[both], truth[both], n_classes=len(classes))
    figures = []
    for index, name in enumerate(classes):
        here = truth == index
        if not here.any():
            continue
        total = max(int(counts[index].sum()), 1)
        shares = zip(classes, counts[index] / total, strict=True)
        said = "read as " + ", ".join(f"{other} {share:.2f}" for other, share in shares)
        right = predicted[here] == index
        figures.append(
            share_figure(
                f"{title}: accuracy, labelled {name}", right, subject[here], rule=said, seed=seed
            )
        )
    return figures


def _macro_f1(title: str, truth: Array, predicted: Array, n_classes: int) -> Figure:
    value = class_scores(predicted, truth, n_classes=n_classes).macro_f1
    rule = "mean F1 of the classes that are there, where a face was found"
    known = None if np.isnan(value) else value
    return Figure(
        f"{title}: macro F1", known, len(truth), rule=rule, why="" if known else "no face"
    )


def _calibration(title: str, probabilities: Array, truth: Array) -> Figure:
    error = expected_calibration_error(probabilities, truth)
    rule = "mean gap between the highest probability and how often it is right, 15 bins"
    return Figure(f"{title}: calibration error", error, len(truth), rule=rule)


def _mistakes(
    read: Labelled, classes: tuple[str, ...], names: Array, right: Array, known: Array
) -> tuple[Mistake, ...]:
    """Return the wrong answers that were stated with the highest probability."""
    assert read.column is not None
    rows = np.flatnonzero(read.found)
    stated = np.asarray(read.column.values, np.float64)
    wrong = [
        (float(stated[place].max()), int(row), classes[int(stated[place].argmax())])
        for place, row in enumerate(rows)
        if known[row] and not right[row]
    ]
    return tuple(
        Mistake(
            "wrong answers stated with the highest probability",
            f"labelled {names[row]}, read as {said} with {score:.2f}",
            score,
            (read.samples[row].sample_id,),
            read.paths(row),
        )
        for score, row, said in sorted(wrong, reverse=True)[:_WORST]
    )

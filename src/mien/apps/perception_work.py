"""The work of ``mien audit effect``, ``agreement`` and ``structure``: read, run, show, write."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mien.apps.evaluate_work import check_outputs, shown_progress
from mien.apps.terminal import console, is_terminal
from mien.data.rows import read_table
from mien.errors import InputError
from mien.evaluate.audit.result import plain
from mien.evaluate.perception.curvature import curvature_match
from mien.evaluate.perception.effect import effects, pairs_in_folders, read_pairs
from mien.evaluate.perception.ratings import Ratings, pair_item, read_ratings
from mien.evaluate.perception.ratings import agreement as agreement_of
from mien.evaluate.perception.scores import paired_scores, read_pictures, similarities, tasks_for
from mien.evaluate.perception.structure import Rank, read_similarities, structure_match
from mien.evaluate.readings import Readings
from mien.io.atomic import whole_file
from mien.metrics.krippendorff import Level
from mien.tasks.pipeline import Analyzer
from mien.types.arrays import Array


def effect(
    data: Path,
    pairs_file: Path | None,
    *,
    scores: Sequence[str],
    json_to: str | None,
    seed: int,
    options: Mapping[str, Any],
) -> None:
    """Measure the effect of every factor on every score."""
    check_outputs(json_to, None)
    pairs = pairs_in_folders(data) if pairs_file is None else read_pairs(pairs_file, data)
    sides = np.concatenate([pairs.first, pairs.second, pairs.reference])
    names = [str(name) for name in np.unique(sides[sides != ""])]
    with shown_progress("read") as step:
        readings = Readings(Analyzer(tasks_for(scores), **options), None, step)
        faces = read_pictures(names, data, readings)
    found = [
        one
        for score in scores
        for one in effects(
            pairs, *paired_scores(pairs, faces, names, score), score=score, seed=seed
        )
    ]
    rows = [
        (
            *(one.factor, one.score, str(one.change)),
            f"{one.rises} up, {one.falls} down, {one.ties} same; p = {one.sign_p:.3g}",
            *(f"{one.p_adjusted:.3g}", f"{one.lost} lost, {one.gained} gained"),
        )
        for one in found
    ]
    titles = ("factor", "score", "change", "subjects (sign test)", "p, Holm", "faces")
    _put_out({"effects": plain(found)}, titles, rows, json_to)


def agreement(
    ratings_file: Path, model_file: Path | None, *, level: Level, json_to: str | None, seed: int
) -> None:
    """Measure how far people agree, and a model with them."""
    check_outputs(json_to, None)
    ratings = read_ratings(ratings_file)
    model = None if model_file is None else _model_scores(model_file, ratings)
    found = agreement_of(ratings, model, level=level, seed=seed)
    rows = [("people among each other, Krippendorff's alpha", str(found.among_people))]
    if found.with_model is not None:
        rows.append(("model with their mean, Spearman", str(found.with_model)))
    rows.append(("one rater with the others, Spearman", f"{found.ceiling:.4g}"))
    _put_out(plain(asdict(found)), ("agreement", "value"), rows, json_to)


def structure(
    people_file: Path,
    data: Path | None,
    model_file: Path | None,
    *,
    rank: Rank,
    k: int,
    permutations: int,
    json_to: str | None,
    seed: int,
    options: Mapping[str, Any],
) -> None:
    """Compare the similarity structure of people with mien's, or with another system's."""
    check_outputs(json_to, None)
    if (data is None) == (model_file is None):
        raise InputError("expected either --data (mien compares the pictures) or --model")
    people = read_similarities(people_file)
    if model_file is not None:
        ours = read_similarities(model_file)
    else:
        assert data is not None
        with shown_progress("read") as step:
            readings = Readings(Analyzer(("quality", "embed"), **options), None, step)
            faces = read_pictures(people.items, data, readings)
        ours = similarities(faces, people.items)
    match = structure_match(ours, people, rank=rank, permutations=permutations, seed=seed)
    shared = tuple(name for name in ours.items if name in set(people.items))
    curved = curvature_match(ours.of(shared), people.of(shared), k=k)
    rows = [
        (f"similarities, {rank}", f"{match.correlation:.4g}, p = {match.p:.3g}"),
        ("pairs and items", f"{match.n_pairs:,} and {match.n_items:,}"),
        ("mean curvature", f"{curved.model_mean:.4g}, people {curved.people_mean:.4g}"),
        ("bridges", f"{curved.model_bridges:.4g}, people {curved.people_bridges:.4g}"),
        ("edges in both graphs", f"{curved.shared_edges:.4g} of those in either"),
        ("curvature on them, rank correlation", f"{curved.correlation:.4g}"),
    ]
    document = {"similarities": plain(match), "curvature": plain(curved)}
    _put_out(document, ("structure", "value"), rows, json_to)


def _model_scores(path: Path, ratings: Ratings) -> Array:
    """Return the score of each rated item; NaN where the file has none."""
    found: dict[str, float] = {}
    for row in read_table(path, columns=("score",)):
        if "item" in row.columns:
            name = row["item"]
        elif {"first", "second"} <= set(row.columns):
            name = pair_item(row["first"], row["second"])
        else:
            raise row.error("no column item, nor first and second")
        if name in found:
            raise row.error(f"{name} has a score already")
        found[name] = row.number("score")
    return np.array([found.get(item, np.nan) for item in ratings.items])


def _put_out(
    document: Mapping[str, Any],
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    json_to: str | None,
) -> None:
    text = json.dumps({"schema_version": "1.0", **document}, allow_nan=False)
    if json_to is not None and json_to != "-":
        with whole_file(json_to) as file:
            file.write(text + "\n")
    if json_to == "-" or (json_to is None and not is_terminal()):
        sys.stdout.write(text + "\n")
    elif is_terminal():
        from rich.table import Table

        table = Table(*titles, box=None, pad_edge=False, header_style="dim")
        for row in rows:
            table.add_row(*row)
        console().print(table)

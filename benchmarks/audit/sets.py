"""The pictures that are audited, with their labels, and what was fitted on which of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import number
from mien.data import Sample, open_dataset
from mien.data.lfw import Lfw
from mien.evaluate.audit.table import Table, table_of
from mien.recognition.verify import Choose

UTKFACE_GROUPS = ("apparent_age:10,20,40,60", "apparent_gender", "apparent_ancestry")
#: Ancestry among adults and among children: children match each other, and are not as many in each.
ADULTS = ("apparent_age:20", "apparent_ancestry")
READ_GROUPS = ("mien.apparent_gender", "mien.apparent_ancestry")


@dataclass(frozen=True)
class AuditedSet:
    """Pictures and their table; ``about``: what they are and what was fitted on others of them."""

    title: str
    samples: list[Sample]
    table: Table
    choose: Choose
    about: str


def utkface(data: Path) -> AuditedSet:
    samples = list(open_dataset("utkface", data / "utkface").samples("report"))
    return AuditedSet(
        "UTKFace",
        samples,
        table_of(samples, name="UTKFace"),
        "largest",
        f"UTKFace, {len(samples):,} chips of 112 px: those whose file name's SHA-1, as a number, "
        "divides by 5. mien's heads and calibrations were fitted on others. Chips are cut round a "
        "face that another detector had found: failures to detect are those on such chips, and "
        "say little of faces in whole photographs.",
    )


def celeba(data: Path) -> AuditedSet:
    samples = list(open_dataset("celeba-identity", data / "celeba_identity").samples("odd-ids"))
    return AuditedSet(
        "CelebA, odd ids",
        samples,
        table_of(samples, name="CelebA"),
        "largest",
        f"CelebA, {len(samples):,} pictures of the subjects with odd numbers; quality weights and "
        "the thresholds for FMR below 1e-4 were fitted on even ones.",
    )


def lfw(data: Path) -> AuditedSet:
    dataset = open_dataset("lfw", data / "lfw")
    assert isinstance(dataset, Lfw)
    pairs = dataset.pairs()
    named = set(pairs[pairs.fold >= 3].sample_ids())
    samples = [sample for sample in dataset.samples() if sample.sample_id in named]
    return AuditedSet(
        "LFW, folds 4-5",
        samples,
        table_of(samples, name="LFW"),
        "central",
        f"LFW, {len(samples):,} pictures that the pairs of folds 4-5 of View 2 name; thresholds "
        "were fitted on folds 1-3. All pairs of them are compared.",
    )


SETS: dict[str, Callable[[Path], AuditedSet]] = {"utkface": utkface, "celeba": celeba, "lfw": lfw}


def without(audited: AuditedSet, rows: np.ndarray, why: str) -> AuditedSet:
    """Return the set without some rows."""
    kept = np.ones(len(audited.samples), bool)
    kept[rows] = False
    return replace(
        audited,
        title=f"{audited.title}, {why}",
        samples=[s for s, keep in zip(audited.samples, kept, strict=True) if keep],
        table=audited.table[kept],
        about=f"{audited.about} {number(len(rows))} pictures left out: {why}.",
    )

"""What an audit cannot tell, in plain words: gaps too small to be seen, groups too small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.evaluate.audit.gaps import POWER
from mien.evaluate.audit.result import Figure
from mien.evaluate.audit.table import READ, Table

#: At most so many groups are listed by name.
_MOST_NAMES = 12


def cannot_tell(
    figures: Sequence[Figure], table: Table, specs: Sequence[str], *, adjusted: bool
) -> tuple[str, ...]:
    """Return one sentence a limit."""
    said = [sentence for figure in figures for sentence in _of_figure(figure)]
    if not table.knows_subjects:
        said.append(
            "The data do not say who is who. Every picture is taken to show another person: "
            "intervals are too narrow where several show one, and nothing is known of false "
            "non-matches."
        )
    said += _of_groups(specs)
    if adjusted:
        said.append(
            "Matched and adjusted gaps hold equal what mien itself measures on the pictures, and "
            "nothing else: what is not measured (camera, make-up, country, year) may explain the "
            "rest, and a gap that vanishes is still there for the people it concerns."
        )
    said.append(
        "Groups are those of these pictures, not of any population; other pictures of the same "
        "groups may fare otherwise."
    )
    return tuple(said)


def detectable_words(figure: Figure) -> str:
    """Say which gap the data could not have seen, or "" when no gap was judged."""
    gaps = [group.raw for group in figure.judged if group.raw is not None]
    if not gaps:
        return ""
    low, high = min(gap.detectable for gap in gaps), max(gap.detectable for gap in gaps)
    span = _amount(low, figure, ratio=gaps[0].is_ratio)
    if not np.isclose(low, high):
        span = (
            f"{span} (largest group) to {_amount(high, figure, ratio=gaps[0].is_ratio)} (smallest)"
        )
    return (
        f"these data could not have seen a gap between a group and all others below {span}: a true "
        f"gap of that size would have been missed once in {round(1 / (1 - POWER))} times"
    )


def _amount(value: float, figure: Figure, *, ratio: bool) -> str:
    if ratio:
        return f"{value:,.0f} times" if value >= 10 else f"{value:.2g} times"
    return f"{value:.2g} {figure.unit}" if figure.unit else f"{100 * value:.2g} points"


def _of_figure(figure: Figure) -> list[str]:
    where = f"{figure.title} by {figure.grouping}"
    unseen = detectable_words(figure)
    said = [f"{where}: {unseen}."] if unseen else []
    if figure.too_small:
        small = [f"{group.name} (n = {group.figure.n})" for group in figure.too_small]
        said.append(f"{where}: too small to be judged: {_listed(small)}.")
    if figure.unobserved:
        said.append(f"{where}: nobody is in: {_listed(list(figure.unobserved))}.")
    if figure.left_out:
        said.append(
            f"{where}: {figure.left_out:,} trials belong to no group (a label is missing, or the "
            "two pictures are of different groups)."
        )
    return said


def _listed(names: list[str]) -> str:
    rest = len(names) - _MOST_NAMES
    return "; ".join(names[:_MOST_NAMES]) + (f"; and {rest} more" if rest > 0 else "")


def _of_groups(specs: Sequence[str]) -> list[str]:
    columns = [spec.partition(":")[0] for spec in specs]
    own = [column for column in columns if column.startswith(READ)]
    said = []
    if own:
        said.append(
            f"The groups by {', '.join(own)} are mien's own readings: where they are wrong for a "
            "group, people stand in the wrong one, and gaps are blurred or made. This is circular."
        )
    if any("skin" in c or "ita_" in c or "monk" in c for c in columns):
        said.append(
            "Skin tone is read off uncalibrated photographs: a property of the picture (light, "
            "white balance, exposure, make-up), not of the person."
        )
    if any("apparent" in c or c in ("age", "gender", "race", "ancestry") for c in columns):
        said.append(
            "Age, gender and ancestry are how somebody read a picture, not what the person says; "
            "gender is binary and ancestry a handful of words, because the labels are."
        )
    return said

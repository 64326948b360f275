"""The audit card: for whom a model works less well, how sure that is, what the data cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mien.evaluate.audit.cross_groups import CrossGroups
from mien.evaluate.audit.limits import detectable_words
from mien.evaluate.audit.rates import AnswerRates
from mien.evaluate.audit.result import Audit, Figure, GroupFigure
from mien.evaluate.audit.table import READ
from mien.evaluate.audit.words import gap_words, group_words, spread_words, value_words
from mien.render.blocks import Block, Bullets, Heading, Paragraph, Rows

_STARS = (
    "Gaps: the group less all others, in points (of a share) or the figure's unit; of FMR the "
    "group over all others. Intervals of gaps hold for all groups of a table at once; * marks "
    "gaps whose interval leaves out none. Matched and adjusted: with how the pictures were taken "
    "held equal."
)
#: At most so many groups that fare worse are told of each figure.
_MOST_WORSE = 4
#: Tables of more groups than this show the worst and the three best; JSON has all.
_MOST_ROWS = 16
#: Matrices of more groups than this are not printed; JSON has them.
_MOST_COLUMNS = 6


def card(audit: Audit, *, made: Mapping[str, str] | None = None, level: int = 1) -> list[Block]:
    """Return the card. ``made``: date, commit and versions; ``level`` of its first heading."""
    blocks: list[Block] = [Heading(f"Audit of {audit.task}: {audit.data}", level)]
    blocks.append(Paragraph(facts(audit, made)))
    blocks += [Heading("For whom it works less well", level + 1), worst(audit), Paragraph(_STARS)]
    for figure in audit.figures:
        blocks += list(_figure(figure, level + 1))
    for title, rates in audit.rates.items():
        blocks += list(_rates(rates, title, level + 1))
    for title, cross in audit.cross.items():
        blocks += list(_cross(cross, title, level + 1))
    blocks += [Heading("What this audit cannot tell", level + 1), Bullets(audit.cannot_tell)]
    return blocks


def facts(audit: Audit, made: Mapping[str, str] | None = None) -> str:
    """Say the model, the pictures, the threshold and how intervals were made."""
    models = ", ".join(audit.models.values())
    people = f"{audit.n_subjects:,} subjects" if audit.knows_subjects else "subjects unknown"
    said = [f"Model: {models}." if models else ""]
    without = audit.settings["pictures_without_a_face"]
    said.append(
        f"{audit.n_pictures:,} pictures, {people}; no face was found in {without:,} of them."
    )
    if "threshold" in audit.settings:
        point = audit.settings["threshold"]
        said.append(
            f"One threshold for all: {point['value']:.4f}, for FMR {point['target_fmr']:g}, "
            f"measured on {point['measured_on']}."
        )
    said.append(
        f"Intervals: {100 * audit.settings['level']:g} %, {audit.settings['resamples']} resamples "
        f"of {'subjects' if audit.knows_subjects else 'pictures'}, seed {audit.settings['seed']}."
    )
    if made:
        said.append("; ".join(f"{name} {value}" for name, value in made.items()) + ".")
    return " ".join(part for part in said if part)


def worst(audit: Audit) -> Block:
    """Return the groups that are seen to fare worse, or which gap could not have been seen."""
    items = []
    for figure in audit.figures:
        worse = figure.worse()
        told = [f"{group_words(one, figure)} (by {figure.grouping})" for one in worse]
        items += told[:_MOST_WORSE]
        if len(told) > _MOST_WORSE:
            rest = len(told) - _MOST_WORSE
            items.append(f"{figure.title} by {figure.grouping}: {rest} more groups, see below")
        if not worse and figure.lower_is_better is not None and figure.judged:
            said = f"{figure.title} by {figure.grouping}: no group is seen to fare worse"
            unseen = detectable_words(figure)
            items.append(f"{said}; {unseen}" if unseen else said)
    return Bullets(tuple(items)) if items else Paragraph("No group was large enough to judge.")


def _figure(figure: Figure, level: int) -> Iterator[Block]:
    yield Heading(f"{figure.title} by {figure.grouping}", level)
    yield Paragraph(f"All: {value_words(figure.overall, figure)}, n = {figure.overall.n:,}.")
    shown = _shown(figure)
    yield Rows(_head(figure), tuple(_row(group, figure) for group in shown))
    if len(shown) < len(figure.groups):
        rest = len(figure.groups) - len(shown)
        yield Paragraph(f"{rest} more groups stand in between or are too small: JSON has them.")
    if figure.held:
        yield Paragraph(_held(figure))
    if figure.spread:
        yield _spread(figure)


def _shown(figure: Figure) -> Sequence[GroupFigure]:
    """Return all groups, or of very many the judged ones at both ends, the worst first."""
    if len(figure.groups) <= _MOST_ROWS:
        return figure.groups
    sign = -1 if figure.lower_is_better is None or figure.lower_is_better else 1
    order = sorted(figure.judged, key=lambda group: sign * group.figure.value)
    return order if len(order) <= _MOST_ROWS else [*order[: _MOST_ROWS - 3], *order[-3:]]


def _has(figure: Figure, name: str) -> bool:
    return any(getattr(group, name) is not None for group in figure.groups)


def _head(figure: Figure) -> tuple[str, ...]:
    more = [
        title
        for title, name in (
            ("matched gap", "matched"),
            ("adjusted gap", "adjusted"),
            ("adjusted, skin tone too", "adjusted_skin"),
        )
        if _has(figure, name)
    ]
    return ("group", "n", "subjects", "figure", "raw gap", *more, "")


def _row(group: GroupFigure, figure: Figure) -> tuple[str, ...]:
    more = []
    if _has(figure, "matched"):
        share = "" if group.matched_share is None else f" [{100 * group.matched_share:.0f} %]"
        more.append(gap_words(group.matched, figure) + share)
    for name in ("adjusted", "adjusted_skin"):
        if _has(figure, name):
            more.append(gap_words(getattr(group, name), figure))
    return (
        *(group.name, f"{group.figure.n:,}", f"{group.n_subjects:,}"),
        value_words(group.figure, figure),
        gap_words(group.raw, figure),
        *more,
        "too small to be judged" if group.too_small else "",
    )


def _held(figure: Figure) -> str:
    names = [name.removeprefix(READ).replace("_", " ") for name in figure.held]
    edges = [
        f"{name.removeprefix(READ).replace('_', ' ')} at {', '.join(f'{e:g}' for e in cuts)}"
        for name, cuts in figure.calipers.items()
    ]
    return (
        f"Matched within bins of {'; '.join(edges)} [share of the group that has a match]. "
        f"Adjusted by regression on {', '.join(names)}, and their squares."
    )


def _spread(figure: Figure) -> Rows:
    rows = []
    for name, estimate in figure.spread.items():
        shuffled = figure.spread.get(f"{name}, groups shuffled")
        chance = () if shuffled is None else (spread_words(shuffled, name, figure),)
        if not name.endswith("groups shuffled"):
            rows.append((name, spread_words(estimate, name, figure), *chance))
    head = ("over all judged groups", "measured", "groups shuffled")
    return Rows(head[: len(rows[0])], tuple(rows))


def _rates(rates: Sequence[AnswerRates], title: str, level: int) -> Iterator[Block]:
    if not rates:
        return
    yield Heading(f"How often each answer is given, by {title}", level)
    yield Paragraph(
        "Demographic parity: is an answer given to all groups equally often; where the labels "
        "differ between groups it should not be. Equalised odds: is it given equally often where "
        "it is right, and where it is wrong. Without intervals: see the gaps above."
    )
    yield Rows(
        ("answer", "parity gap", "parity ratio", "equalised odds gap"),
        tuple(
            (r.answer, *(_plain(v) for v in (r.parity_gap, r.parity_ratio, r.odds_gap)))
            for r in rates
        ),
    )


def _cross(cross: CrossGroups, title: str, level: int) -> Iterator[Block]:
    yield Heading(f"False matches between groups, by {title}", level)
    if len(cross.names) > _MOST_COLUMNS:
        yield Paragraph(f"{len(cross.names)} groups: the highest cells; JSON has the whole matrix.")
        yield Rows(("groups", "FMR", "95 % interval", "n"), _highest(cross))
        return
    yield Paragraph(
        "FMR in per cent at the one threshold, of comparisons of two people, one from each group "
        "(in brackets: its interval, and the number of comparisons)."
    )
    yield Rows(
        ("", *cross.names),
        tuple(
            (name, *(_cell(cross, row, column) for column in range(len(cross.names))))
            for row, name in enumerate(cross.names)
        ),
    )


def _cell(cross: CrossGroups, row: int, column: int) -> str:
    if column > row:
        return ""
    rate, low, high = (100 * m[row, column] for m in (cross.fmr, cross.low, cross.high))
    return f"{rate:.3g} ({low:.2g} to {high:.2g}; {cross.n[row, column]:,})"


def _highest(cross: CrossGroups) -> tuple[tuple[str, ...], ...]:
    rows, columns = np.tril_indices(len(cross.names))
    known = cross.n[rows, columns] >= 1000
    order = np.argsort(-np.nan_to_num(cross.fmr[rows, columns][known]), kind="stable")[:15]
    found = []
    for row, column in zip(rows[known][order], columns[known][order], strict=True):
        low, high = 100 * cross.low[row, column], 100 * cross.high[row, column]
        names = cross.names[row] if row == column else f"{cross.names[row]} / {cross.names[column]}"
        rate = f"{100 * cross.fmr[row, column]:.3g} %"
        found.append((names, rate, f"{low:.2g} to {high:.2g}", f"{cross.n[row, column]:,}"))
    return tuple(found)


def _plain(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"

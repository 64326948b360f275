"""Figures, intervals and gaps of an audit as text."""

from __future__ import annotations

import math

from mien.evaluate.audit.gaps import Gap
from mien.evaluate.audit.result import Figure, GroupFigure
from mien.metrics.estimate import Estimate


def value_words(estimate: Estimate, figure: Figure) -> str:
    """Say a figure with its interval; of shares in per cent."""
    if math.isnan(estimate.value):
        return "-"
    low, high = _number(estimate.low, figure), _number(estimate.high, figure)
    return f"{_number(estimate.value, figure)}{_unit(figure)} ({low} to {high})"


def gap_words(gap: Gap | None, figure: Figure) -> str:
    """Say a gap with its simultaneous interval, with ``*`` where it leaves out no gap."""
    if gap is None:
        return "-"
    star = " *" if gap.seen else ""
    if gap.is_ratio:
        low, high = _digits(gap.low), _digits(gap.high)
        return f"{_digits(gap.value)} times ({low} to {high}){star}"
    low, high = _signed(gap.low, figure), _signed(gap.high, figure)
    return f"{_signed(gap.value, figure)} ({low} to {high}){star}"


def group_words(group: GroupFigure, figure: Figure) -> str:
    """Say for whom it works less well, by how much, and what is left when pictures are alike."""
    assert group.raw is not None
    gap = gap_words(group.raw, figure).rstrip(" *")
    beside = f"{gap} that of all others"
    if not group.raw.is_ratio:
        beside = f"{gap} {figure.unit if figure.unit else 'points'} from all others"
    named = f"{group.name}: {figure.title} {value_words(group.figure, figure)}"
    said = f"{named}, n = {group.figure.n:,}; {beside}"
    kept = []
    if group.matched is not None:
        kept.append(f"{gap_words(group.matched, figure)} beside pictures taken alike")
    if group.adjusted is not None:
        kept.append(f"{gap_words(group.adjusted, figure)} by regression")
    return said + (f"; {', '.join(kept)}" if kept else "")


def spread_words(estimate: Estimate, name: str, figure: Figure) -> str:
    """Say a measure of inequality with its interval."""
    if name.startswith("widest gap"):
        return value_words(estimate, figure)
    ends = [f"{end:.2f}" if math.isfinite(end) else "-" for end in (estimate.low, estimate.high)]
    value = f"{estimate.value:.2f}" if math.isfinite(estimate.value) else "infinite"
    return f"{value} ({ends[0]} to {ends[1]})"


def _number(value: float, figure: Figure) -> str:
    if math.isnan(value):
        return "-"
    return _digits(value if figure.unit else 100 * value)


def _signed(value: float, figure: Figure) -> str:
    text = _number(value, figure)
    return text if text.startswith("-") else f"+{text}"


def _digits(value: float) -> str:
    """Three significant digits without an exponent, two of numbers under 0.1."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    return f"{value:.{min(max(0, (1 if size < -1 else 2) - size), 2 if size >= -1 else 6)}f}"


def _unit(figure: Figure) -> str:
    return f" {figure.unit}" if figure.unit else " %"

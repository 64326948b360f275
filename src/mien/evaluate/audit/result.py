"""The outcome of an audit: figures by group, gaps, and everything they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from mien.evaluate.audit.cross_groups import CrossGroups
from mien.evaluate.audit.gaps import Gap
from mien.metrics.estimate import Estimate


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """One group: its figure, and how much worse it fares than all others.

    ``raw``: nothing held equal; ``matched``: with pictures taken alike, of ``matched_share`` of the
    group; ``adjusted``: capture held equal by regression; ``adjusted_skin``: the tone of the skin
    in the picture too. ``too_small``: why the group is not judged, or "".
    """

    name: str
    figure: Estimate
    n_subjects: int
    raw: Gap | None = None
    matched: Gap | None = None
    matched_share: float | None = None
    adjusted: Gap | None = None
    adjusted_skin: Gap | None = None
    too_small: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over the groups of one grouping.

    ``spread``: the figures of all judged groups in one number, by name. ``left_out``: trials that
    belong to no group. ``held``: what was held equal, and ``calipers``: within which bins.
    """

    title: str
    grouping: str
    unit: str
    lower_is_better: bool | None
    overall: Estimate
    groups: tuple[GroupFigure, ...]
    spread: Mapping[str, Estimate]
    left_out: int = 0
    unobserved: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    calipers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def judged(self) -> list[GroupFigure]:
        """The groups that are large enough."""
        return [group for group in self.groups if not group.too_small]

    @property
    def too_small(self) -> list[GroupFigure]:
        """The groups that are not."""
        return [group for group in self.groups if group.too_small]

    def worse(self) -> list[GroupFigure]:
        """The groups that are seen to fare worse than all others, the largest gap first."""
        if self.lower_is_better is None:
            return []
        found = [
            group
            for group in self.judged
            if group.raw is not None and group.raw.seen and group.raw.worse == self.lower_is_better
        ]
        return sorted(found, key=lambda g: -abs(g.raw.value) if g.raw is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit of one task: what was measured, on what, and what it cannot tell.

    ``cross``: the cross-group matrices of verification, by grouping. ``rates``: how often each
    answer is given, by grouping (demographic parity, equalised odds).
    """

    task: str
    data: str
    models: Mapping[str, str]
    n_pictures: int
    n_subjects: int
    knows_subjects: bool
    figures: tuple[Figure, ...]
    cannot_tell: tuple[str, ...]
    settings: Mapping[str, Any]
    cross: Mapping[str, CrossGroups] = field(default_factory=dict)
    rates: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, as they stand in JSON; NaN becomes ``None``."""
        made: dict[str, Any] = plain(self)
        for cross in made["cross"].values():
            del cross["drawn"], cross["drawn_overall"]
        return made


def plain(value: Any) -> Any:
    """Return dataclasses, mappings, arrays and numbers as plain Python values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return None if not np.isfinite(value) else float(f"{float(value):.6g}")
    return value.item() if isinstance(value, np.generic) else value

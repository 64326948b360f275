"""Group the faces of a collection by person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from mien.errors import InputError, ModelError
from mien.models import get_spec
from mien.recognition.average_link import average_link
from mien.recognition.calibration import Calibration, stored_calibration
from mien.recognition.constraints import Constraints, Pair
from mien.recognition.inverted_lists import Recall
from mien.recognition.links import Links, linked, mated_probability
from mien.recognition.mated_share import mated_share
from mien.recognition.neighbours import EXACT_UP_TO, Neighbours, neighbours
from mien.recognition.operating import operating_point
from mien.recognition.partition import Partition, best_link, chinese_whispers
from mien.recognition.structure import structure_strength
from mien.types import Analysis, Templates
from mien.types.arrays import FloatArray, Index, IntArray

#: How many others each face looks at.
K = 64
#: Mean strength from which groups are one person; chosen on LFW folds 1-3 and CelebA even ids.
CUT = 0.2
#: The baselines' threshold is the model's operating point at this false match rate.
_FMR = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """``labels (N,) int64``: 0 is the largest group, -1 a face that is alone.

    ``supporter (N,)``: the member that speaks most for a face's place, -1 when alone; ``support
    (N,)``: its mean link to the other members, 0 when alone, to be compared with ``cut``.
    """

    labels: IntArray
    supporter: IntArray
    support: FloatArray
    cut: float

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.labels)

    def __getitem__(self, index: Index) -> Clusters:
        """Return the chosen faces; labels stay, a supporter that was not chosen becomes -1."""
        rows = np.arange(len(self))[index]
        places = np.full(len(self) + 1, -1)
        places[rows] = np.arange(len(rows))
        supporter = places[self.supporter[rows]]
        return Clusters(self.labels[rows], supporter, self.support[rows], self.cut)

    @property
    def sizes(self) -> IntArray:
        """How many faces (C,) each group 0..C-1 has."""
        return np.bincount(self.labels[self.labels >= 0]).astype(np.int64)

    def members(self, label: int) -> IntArray:
        """Return the faces of a group, best supported first."""
        rows = np.flatnonzero(self.labels == label)
        return rows[np.argsort(-self.support[rows], kind="stable")]

    @property
    def uncertain(self) -> IntArray:
        """Grouped faces whose mean link is below twice the cut, weakest first."""
        rows = np.flatnonzero((self.labels >= 0) & (self.support < 2 * self.cut))
        return rows[np.argsort(self.support[rows], kind="stable")]


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """Clusters with the links they were cut from, for questions and further work.

    ``recall``: the share of the nearest neighbours that was found, on a sample of the faces;
    ``None``: the neighbours are exact.
    """

    clusters: Clusters
    links: Links
    recall: Recall | None = None


def cluster(
    faces: Templates | Iterable[Analysis],
    *,
    photos: Sequence[object] | None = None,
    together: Iterable[Pair] = (),
    apart: Iterable[Pair] = (),
    old: IntArray | None = None,
    method: str = "structure",
    threshold: float | None = None,
    calibration: Calibration | None = None,
    k: int = K,
    exact_up_to: int = EXACT_UP_TO,
    seed: int = 0,
) -> Clustering:
    """Group faces by person: templates (N,), or what ``analyze_many`` yields, faces in its order.

    ``photos (N,)``: the photo of each face: two faces of one photo are never one person; analyses
    say so themselves, those that failed or hold no face are passed over.
    ``together``, ``apart``: pairs of faces of which a person said so. ``old (N,)``: clusters that
    exist, -1 for new faces: these join them or each other, old faces stay where they are.
    ``method``: a name of METHODS. ``threshold``: a cosine for the methods that cut at one (default:
    the model's operating point at FMR 1e-4), mean strength 0..1 for ``structure``.
    ``calibration``: of the templates' model; default what is stored with it. ``exact_up_to``: more
    faces are searched for neighbours in inverted lists (mien[faiss]; without it, exactly), and
    ``recall`` says how many were found. ``seed``: for ``chinese_whispers``. The order of the faces
    changes only the numbers of groups of equal size. Raises InputError for an unknown method or
    answers that contradict each other, ModelError where nothing was measured for the model.
    """
    if method not in METHODS:
        raise InputError(f"method: got {method!r}, expected one of {', '.join(METHODS)}")
    templates, photos = _collected(faces, photos)
    order = _by_content(templates)
    places = np.argsort(order)
    constraints = Constraints.of(
        len(templates), photos=photos, together=together, apart=apart, old=old
    )[order]
    settings = _Settings(threshold, calibration, seed)
    templates = templates[order]
    near = neighbours(templates, k, exact_up_to=exact_up_to)
    links, labels, cut = METHODS[method](templates, near, constraints, settings)
    links = links.renumbered(order)
    return Clustering(clusters_of(labels[places], links, cut), links, near.recall)


def _collected(
    faces: Templates | Iterable[Analysis], photos: Sequence[object] | None
) -> tuple[Templates, Sequence[object] | None]:
    """Return the templates of all faces, and the photo of each unless it is known already."""
    if isinstance(faces, Templates):
        return faces, photos
    parts, numbers = [], []
    for number, analysis in enumerate(faces):
        if not len(analysis.found):
            continue
        if analysis.templates is None:
            raise InputError(
                f"{analysis.source}: got an analysis without templates; analyse with the task embed"
            )
        parts.append(analysis.templates)
        numbers += [number] * len(analysis.templates)
    if not parts:
        nobody = Templates(np.zeros((0, 1), np.float32), np.zeros(0, np.float32), "none")
        return nobody, photos
    return Templates.concatenate(parts), numbers if photos is None else photos


@dataclass(frozen=True, slots=True)
class _Settings:
    threshold: float | None
    calibration: Calibration | None
    seed: int


_Outcome = tuple[Links, IntArray, float]


def _structure(
    templates: Templates, near: Neighbours, constraints: Constraints, settings: _Settings
) -> _Outcome:
    if len(templates) < 2:
        strength = near.scores
    else:
        calibration = _calibration(templates.model_id, settings.calibration)
        share = mated_share(templates, calibration)
        strength = structure_strength(near, mated_probability(near, calibration, share))
    links = linked(near, strength)
    cut = CUT if settings.threshold is None else settings.threshold
    return links, average_link(links, constraints, cut), cut


def _at_threshold(
    templates: Templates,
    near: Neighbours,
    constraints: Constraints,
    settings: _Settings,
    *,
    whispers: bool,
) -> _Outcome:
    cut = settings.threshold
    if cut is None and not len(templates):
        cut = 1.0
    if cut is None:
        spec = get_spec(templates.model_id.split("@")[0])
        cut = operating_point(spec, templates.model_id, fmr=_FMR).threshold
    links = linked(near, near.scores, floor=cut)
    cutting: Partition = partial(chinese_whispers, seed=settings.seed) if whispers else best_link
    return links, cutting(links, constraints, cut), cut


#: Ways to cluster, by name; ``structure`` is the default, the others are known baselines.
METHODS: Mapping[str, Callable[[Templates, Neighbours, Constraints, _Settings], _Outcome]] = (
    MappingProxyType(
        {
            "structure": _structure,
            "chinese_whispers": partial(_at_threshold, whispers=True),
            "threshold": partial(_at_threshold, whispers=False),
        }
    )
)


def clusters_of(groups: IntArray, links: Links, cut: float) -> Clusters:
    """Number groups (N,) by size, then by their first face, and say what supports each face."""
    n = len(groups)
    _, first, inverse, counts = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    ranked = np.lexsort((first, -counts))
    number = np.empty(len(ranked), np.int64)
    number[ranked] = np.arange(len(ranked))
    number[counts == 1] = -1
    inside = groups[links.left] == groups[links.right]
    ends = (links.left[inside], links.right[inside])
    strength = links.strength[inside]
    seen = np.clip(counts[inverse] - 1, 1, links.k if links.k else 1)
    total = sum(np.bincount(face, strength, minlength=n) for face in ends)
    supporter = _supporters(n, *ends, strength)
    return Clusters(number[inverse], supporter, (total / seen).astype(np.float32), cut)


def _supporters(n: int, left: IntArray, right: IntArray, strength: FloatArray) -> IntArray:
    """Return the other end (N,) of each face's strongest link, the first of equals; -1: none."""
    best = np.full(n, -np.inf, strength.dtype)
    np.maximum.at(best, left, strength)
    np.maximum.at(best, right, strength)
    supporter = np.full(n, n)
    for face, other in ((left, right), (right, left)):
        strongest = strength == best[face]
        np.minimum.at(supporter, face[strongest], other[strongest])
    supporter[supporter == n] = -1
    return supporter


def _calibration(model_id: str, given: Calibration | None) -> Calibration:
    if given is not None:
        return given
    found = stored_calibration(get_spec(model_id.split("@")[0]), model_id)
    if found is None:
        raise ModelError(
            f"{model_id}: no calibration is stored for it; fit one, or cluster with method "
            "'threshold' and a threshold of your own"
        )
    return found


def _by_content(templates: Templates) -> IntArray:
    """Return the order of the templates by their values, so that the order given is forgotten."""
    first = templates.vectors[:, 0]
    order: IntArray = np.argsort(first, kind="stable")
    # The other columns matter only where the first is the same: of copies, and by chance.
    same = np.diff(first[order]) == 0
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same)) if len(order) else order
    rows = order[tied]
    order[tied] = rows[np.lexsort(templates.vectors[rows].T[::-1])]
    return order

"""The verb: why two faces match, or why a face is read as it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from mien.errors import InputError, ModelError
from mien.explain.case import Case
from mien.explain.comparison import aligned, comparison_case
from mien.explain.explainer import get_explainer
from mien.explain.explaining import DEFAULT_AGAINST, DEFAULT_METHOD, explain_case
from mien.explain.reading import attribute_case, tasks_for
from mien.models import get_spec
from mien.recognition.operating import operating_point
from mien.recognition.verify import Choose, one_face
from mien.tasks.pipeline import Source
from mien.tasks.task import Options
from mien.tasks.verbs import analyzer
from mien.types import Analysis, Image
from mien.types.explanation import Explanation

MATCH = "match"
#: Pictures of the question: why rather the second than the third?
_CONTRAST = 3


def explain(
    probe: Source,
    reference: Source | None = None,
    *,
    against: Source | None = None,
    target: str = MATCH,
    method: str | None = None,
    budget: int | None = None,
    seed: int = 0,
    faithfulness: bool = False,
    fmr: float = 1e-3,
    choose: Choose = "single",
    **options: Any,
) -> tuple[Explanation, ...]:
    """Say what in a picture speaks for a score, and what against.

    Of a match two explanations: of the probe's pixels against the reference's template, and of
    the reference's pixels against the probe's. With ``against``, a third picture, one: of what
    makes the probe score higher with the reference than with that (below 0: lower). Of an
    attribute (``target``: "apparent_age", "apparent_gender:male", "quality:sharpness" ...) one, of
    the probe. ``method``: ``None`` is what was measured best for such a question; ``budget``:
    crops that may be scored for each (``None``: the method's own); ``faithfulness``: measure how
    well the map orders pixels, at the cost of 40 more. ``fmr``: of the threshold that is told with
    the score, ``None`` where none was measured. Options are those of Analyzer.
    Raises InputError, NoFaceError, SeveralFacesError.
    """
    if method is not None:
        get_explainer(method)
    given = (probe, reference, against)
    sources = [source for source in given if source is not None]
    wrong = len(sources) not in ((2, _CONTRAST) if target == MATCH else (1,))
    if wrong or (reference is None and against is not None):
        wanted = "two pictures, or three" if target == MATCH else "one picture"
        raise InputError(f"explain: target {target!r} takes {wanted}, got {len(sources)}")
    chosen = analyzer(("embed",) if target == MATCH else tasks_for(target), **options)
    images = [chosen.read(source) for source in sources]
    return explained(
        images,
        chosen.run(images),
        target,
        options=chosen.options,
        method=method,
        budget=budget,
        seed=seed,
        faithfulness=faithfulness,
        fmr=fmr,
        choose=choose,
        threads=chosen.threads,
    )


def explained(
    images: Sequence[Image],
    analyses: Sequence[Analysis],
    target: str,
    *,
    options: Options,
    method: str | None = None,
    budget: int | None = None,
    seed: int = 0,
    faithfulness: bool = False,
    fmr: float = 1e-3,
    choose: Choose = "single",
    threads: int = 1,
) -> tuple[Explanation, ...]:
    """Explain pictures that were analysed with ``options``, in at most ``threads`` threads."""
    if method is None:
        method = DEFAULT_AGAINST if len(images) == _CONTRAST else DEFAULT_METHOD
    cases = cases_of(
        images, analyses, target, options=options, fmr=fmr, choose=choose, threads=threads
    )
    return tuple(
        explain_case(case, method=method, budget=budget, seed=seed, faithfulness=faithfulness)
        for case in cases
    )


def cases_of(
    images: Sequence[Image],
    analyses: Sequence[Analysis],
    target: str,
    *,
    options: Options,
    fmr: float = 1e-3,
    choose: Choose = "single",
    threads: int = 1,
) -> list[Case]:
    """Return the cases of a target: two of a match, one of three pictures and of an attribute."""
    rows = [one_face(analysis, choose=choose) for analysis in analyses]
    if target != MATCH:
        return [
            attribute_case(
                images[0], analyses[0], rows[0], target, options=options, threads=threads
            )
        ]
    templates = []
    for analysis, row in zip(analyses, rows, strict=True):
        assert analysis.templates is not None
        templates.append(analysis.templates[[row]])
    threshold = _threshold(options, templates[0].model_id, fmr)
    faces = [aligned(*each, options=options) for each in zip(images, analyses, rows, strict=True)]
    case = partial(comparison_case, options=options, threshold=threshold, threads=threads)
    if len(images) == _CONTRAST:
        return [case(faces[0], templates[1], against=templates[2])]
    return [
        case(faces[one], templates[other], partner=faces[other]) for one, other in ((0, 1), (1, 0))
    ]


def _threshold(options: Options, model_id: str, fmr: float) -> float | None:
    """Return the threshold of a comparison, ``None`` where none was measured."""
    try:
        return operating_point(get_spec(options.embedder), model_id, fmr=fmr).threshold
    except ModelError:
        return None

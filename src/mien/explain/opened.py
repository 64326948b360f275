"""A torch model, open to explainers: the network, and what its output is scored against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mien.errors import InputError, MissingExtraError
from mien.types.arrays import ByteArray, FloatArray, checked

if TYPE_CHECKING:
    from torch import nn

    from mien.explain.case import Case

#: Largest difference of a case's score and that of its torch model: 16-bit weights make 0.002.
SCORE_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A network whose inside may be looked at.

    ``module``: images (N,3,h,w) float32 RGB 0 to 255, of the crop's size, to outputs (N,D), in
    evaluation mode. ``target (D,)``: what an output is scored against, the mate's template or a
    class's row of ones and zeros; ``contrast (D,)``: what speaks against, a non-mate's template or
    another class's row. The score is the output's cosine with the target (``cosine``) or its inner
    product, less that with the contrast where there is one. ``layer``: the module, by its name,
    whose output class activation maps read; ``None``: the deepest that still has a map.
    """

    module: nn.Module
    target: FloatArray
    contrast: FloatArray | None = None
    cosine: bool = True
    layer: str | None = None

    def __post_init__(self) -> None:
        """Check shapes, and make the arrays read-only."""
        object.__setattr__(self, "target", checked("target", self.target, ("D",)))
        if self.contrast is not None:
            contrast = checked("contrast", self.contrast, self.target.shape)
            object.__setattr__(self, "contrast", contrast)


def need_torch() -> Any:
    """Return torch. Raises MissingExtraError that says what to install."""
    try:
        return import_module("torch")
    except ImportError as error:
        message = "looking inside a model needs torch: pip install 'mien[train]'"
        raise MissingExtraError(message) from error


def with_model(case: Case, opened: Opened) -> Case:
    """Return the case with its model open to methods that look inside.

    Raises InputError where the torch model does not give the score that the case gives: then it is
    another model, or its images are made otherwise.
    """
    need_torch()
    from mien.explain.inside.watching import score_crops

    case_score = float(case.score(case.crop[None])[0])
    torch_score = float(score_crops(opened, case.crop[None])[0])
    if abs(case_score - torch_score) > SCORE_TOLERANCE * max(1.0, abs(case_score)):
        raise InputError(
            f"opened: the torch model scores {torch_score:.4f} what the case scores "
            f"{case_score:.4f}, expected the same model with the same preparation of images"
        )
    return replace(case, inside=opened)


def open_recogniser(model: str, target: FloatArray, contrast: FloatArray | None = None) -> Opened:
    """Return a shipped recogniser in torch, scored against the template (D,) of a mate.

    ``contrast (D,)``: the template of a non-mate, where the case asks why rather the one. Raises
    MissingExtraError without torch, ModelError for a graph that cannot be opened.
    """
    need_torch()
    from mien.explain.inside.recogniser import recogniser

    return Opened(recogniser(model), target, contrast)


def opened_model(case: Case, method: str) -> Opened:
    """Return the case's torch model.

    Raises InputError where it has none, MissingExtraError where torch is not installed.
    """
    if case.inside is None:
        from mien.explain.explainer import known_explainers

        others = (known.name for known in known_explainers().values() if not known.needs_torch)
        raise InputError(
            f"method {method!r} looks inside a torch model, and the case has none; expected "
            f"with_model(case, Opened(...)), or a method for any model: {', '.join(others)}"
        )
    need_torch()
    return case.inside if isinstance(case.inside, Opened) else case.inside()


def shuffled_case(case: Case, mates: ByteArray, *, seed: int) -> Case:
    """Return the case of a torch model that has forgotten all: its weights are shuffled.

    ``mates (1|2,h,w,3)``: crops whose embeddings are the target and the contrast. Raises
    InputError where there is no torch model.
    """
    opened = opened_model(case, "shuffled")
    from mien.explain.inside.recogniser import shuffled
    from mien.explain.inside.watching import score_crops

    blind = shuffled(opened, mates, seed=seed)
    return replace(case, score=partial(score_crops, blind), inside=blind)

"""The analyzer that makes templates a gallery understands, whatever today's default model is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from mien.errors import GalleryMismatchError, ModelError, ModelNotFoundError
from mien.gallery import Gallery
from mien.models import get_spec
from mien.recognition.operating import operating_point
from mien.tasks.embed import template_model_id
from mien.tasks.pipeline import Analyzer
from mien.tasks.task import Options

#: Lookalikes are reported at the threshold of this false match rate, where it was measured.
_LOOKALIKE_FMR = 1e-4
_MESHES = ("facemesh.attention", "facemesh.plain")


def analyzer_for(gallery: Gallery, tasks: Sequence[str] = ("embed",), **options: Any) -> Analyzer:
    """Return an Analyzer whose templates have the gallery's model id.

    A gallery that is not pinned yet takes what the options say. Raises GalleryMismatchError as
    ``options_of``.
    """
    model_id = gallery.model_id
    if model_id is not None:
        options |= options_of(model_id, options)
    return Analyzer(tasks, **options)


def options_of(model_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return embedder, mesh and mirroring behind a model id, as far as they may be chosen.

    Raises GalleryMismatchError where no installed model makes such templates, or what is ``given``
    forbids it.
    """
    name = model_id.partition("@")[0]
    embedder = given.get("embedder", name)
    meshes = (given["mesh"],) if "mesh" in given else _MESHES
    mirrors = (given["mirror"],) if "mirror" in given else (Options().mirror, not Options().mirror)
    try:
        spec = get_spec(embedder)
        for mesh, mirror in product(meshes, mirrors):
            if template_model_id(spec, mesh=mesh, mirror=mirror) == model_id:
                return {"embedder": embedder, "mesh": mesh, "mirror": mirror}
    except ModelNotFoundError as error:
        raise GalleryMismatchError(
            f"gallery: was made with {model_id}, and no model {name} is installed"
        ) from error
    raise GalleryMismatchError(
        f"gallery: was made with {model_id}; {embedder} with these options makes other templates. "
        "Leave out --embedder and --mesh, install the model it was made with, or migrate it"
    )


def lookalike_threshold(analyzer: Analyzer, gallery: Gallery) -> float | None:
    """Return a threshold that was measured for the gallery's model, if there is one."""
    if gallery.model_id is None:
        return None
    try:
        spec = get_spec(analyzer.options.embedder)
        return operating_point(spec, gallery.model_id, fmr=_LOOKALIKE_FMR).threshold
    except ModelError:
        return None

"""Cases of comparisons: why a face's crop scores against a template as it does."""

from __future__ import annotations

from functools import partial

import numpy as np

from mien.errors import InputError, NoFaceError, TemplateMismatchError
from mien.explain.case import Case, Embedder, Partner, Scorer
from mien.explain.opened import open_recogniser
from mien.geometry.align import alignment_maps
from mien.geometry.face_parts import FACE_PARTS, face_parts
from mien.geometry.similarity import invert
from mien.geometry.warp import transform_points, warp_crops
from mien.models import ModelSpec, get_spec, load
from mien.tasks.crops import meshes
from mien.tasks.embed import embed_crops, template_model_id
from mien.tasks.task import Options
from mien.types import Analysis, Image, Templates
from mien.types.arrays import ByteArray, FloatArray

#: Said of every such case, unless the mirrored crop is scored, too.
PLAIN = (
    "altered crops are embedded as they are, without their mirror images that a template averages: "
    "the score explained differs a little from the comparison's"
)


def match_case(
    image: Image,
    analysis: Analysis,
    row: int,
    reference: Templates,
    *,
    against: Templates | None = None,
    options: Options | None = None,
    mirror: bool = False,
    threshold: float | None = None,
    threads: int = 1,
    partner: Partner | None = None,
) -> Case:
    """Return why one face of a picture scores against a reference template as it does.

    The face's pixels are seen, of the reference its template (one row) alone. ``against``: a
    second template; the score is then the reference's less this one's: why rather the one than
    the other. ``options``: those that the analysis and the templates were made with; ``mirror``:
    embed altered crops as templates are, at twice the cost. ``partner``: the other picture, for
    methods that look at both. Raises TemplateMismatchError for templates of another model and
    NoFaceError for a face without a mesh.
    """
    options = Options() if options is None else options
    return comparison_case(
        aligned(image, analysis, row, options=options),
        reference,
        against=against,
        options=options,
        mirror=mirror,
        threshold=threshold,
        threads=threads,
        partner=partner,
    )


def comparison_case(
    probe: Partner,
    reference: Templates,
    *,
    against: Templates | None = None,
    options: Options,
    mirror: bool = False,
    threshold: float | None = None,
    threads: int = 1,
    partner: Partner | None = None,
) -> Case:
    """Return the case of a face that is cut out already; see ``match_case``."""
    spec = get_spec(options.embedder)
    templates = [reference] if against is None else [reference, against]
    for one in templates:
        _check_template(one, spec, options)
    embed = embedder(options, mirror=mirror)
    direction = _direction(templates)
    return Case(
        probe.crop,
        probe.labels,
        FACE_PARTS,
        probe.to_image,
        probe.image_size_wh,
        scorer(embed, direction),
        "match" if against is None else "match against another",
        template_model_id(spec, mesh=options.mesh, mirror=mirror),
        threshold=threshold if against is None else None,
        threads=threads,
        notes=() if mirror else (PLAIN,),
        embed=embed,
        partner=partner,
        direction=direction,
        inside=partial(open_recogniser, options.embedder, *(one.vectors[0] for one in templates)),
    )


def aligned(image: Image, analysis: Analysis, row: int, *, options: Options) -> Partner:
    """Cut one face of a picture as its recogniser wants it, with the part that each pixel shows."""
    mesh = one_mesh(analysis, row)[None]
    wanted = get_spec(options.embedder).preprocess
    to_image = alignment_maps(mesh, wanted.alignment)
    crop = warp_crops(image.pixels, to_image, wanted.size_wh)[0]
    labels = face_parts(transform_points(invert(to_image), mesh)[0], wanted.size_wh)
    return Partner(crop, labels, to_image[0], image.size_wh)


def embedder(options: Options, *, mirror: bool) -> Embedder:
    """Return what turns crops (N,h,w,3) uint8 into unit vectors (N,D)."""

    def embed(crops: ByteArray) -> FloatArray:
        network = load(options.embedder, device=options.device)
        raw = embed_crops(crops, network, mirror=mirror)
        length = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
        return np.asarray(raw / length, np.float32)

    return embed


def one_mesh(analysis: Analysis, row: int) -> FloatArray:
    """Return the mesh (468|478,3) px of one face. Raises NoFaceError, InputError."""
    (mesh,) = meshes([analysis])
    if not len(mesh):
        raise NoFaceError(
            f"{analysis.source}: no face with a mesh was found, one is needed; "
            "run the task 'landmarks' before"
        )
    if not 0 <= row < len(mesh):
        raise InputError(f"row: got face {row}, expected one of 0 to {len(mesh) - 1}")
    one: FloatArray = mesh[row]
    return one


def _check_template(template: Templates, spec: ModelSpec, options: Options) -> None:
    if len(template) != 1:
        raise InputError(f"reference: got {len(template)} templates, expected one")
    ids = [template_model_id(spec, mesh=options.mesh, mirror=mirror) for mirror in (True, False)]
    if template.model_id not in ids:
        raise TemplateMismatchError(
            f"reference: got a template of {template.model_id}, expected one of {' or '.join(ids)}"
        )


def _direction(templates: list[Templates]) -> FloatArray:
    vectors = np.stack([one.vectors[0] for one in templates]).astype(np.float64)
    direction: FloatArray = vectors[0] - (vectors[1] if len(vectors) > 1 else 0.0)
    return direction


def scorer(embed: Embedder, direction: FloatArray) -> Scorer:
    """Return what scores crops: the product of their templates with a direction (D,)."""

    def score(crops: ByteArray) -> FloatArray:
        return np.asarray(embed(crops) @ direction, np.float32)

    return score

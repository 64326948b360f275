"""/represent, /verify, /analyze in deepface's shapes, for programs that already speak them.

What differs: pictures are sent, never read from the server's paths; of several faces ``/verify``
takes the largest; distances are 1 - cosine similarity of mien's recogniser, with its threshold.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, Field

from mien.apps.server.access import needs
from mien.apps.server.bodies import BodyOptions, body_docs, read_body
from mien.apps.server.routes_pictures import engine_of, listed
from mien.recognition.verify import VERIFY_TASKS, verified
from mien.types import Analysis
from mien.types.faces import Face

router = APIRouter(tags=["deepface"], dependencies=[needs("analyse")])
Action = Literal["age", "gender", "race", "emotion"]
_TASK = {"age": "age", "gender": "gender", "race": "ancestry", "emotion": "expression"}
_GENDERS = {"female": "Woman", "male": "Man"}


class DeepfaceOptions(BodyOptions):
    """deepface's own choices are taken and have no effect: mien's models answer."""

    model_name: str | None = None
    detector_backend: str | None = None
    distance_metric: Literal["cosine"] | None = None
    align: bool | None = None
    enforce_detection: bool | None = None
    anti_spoofing: Literal[False] | None = None
    max_faces: int | None = None


class AnalyzeOptions(DeepfaceOptions):
    """Which readings to return."""

    actions: Annotated[list[Action], BeforeValidator(listed)] = Field(
        default=["age", "gender", "emotion", "race"]
    )


@router.post(
    "/represent", openapi_extra=body_docs(DeepfaceOptions, ("img",)), summary="As deepface's"
)
async def represent(request: Request) -> JSONResponse:
    """``{"results": [{"embedding", "facial_area", "face_confidence"}]}``."""
    (picture,), _ = await read_body(request, DeepfaceOptions, ("img",))
    analysis = await engine_of(request).look(request, picture, ("embed",))
    assert analysis.templates is not None
    results = [
        {
            "embedding": vector.tolist(),
            "facial_area": _area(face),
            "face_confidence": face.detection_score,
        }
        for face, vector in zip(analysis.found, analysis.templates.vectors, strict=True)
    ]
    return JSONResponse({"results": results})


@router.post(
    "/verify", openapi_extra=body_docs(DeepfaceOptions, ("img1", "img2")), summary="As deepface's"
)
async def verify(request: Request) -> JSONResponse:
    """``{"verified", "distance", "threshold", "facial_areas", ...}``."""
    pictures, _ = await read_body(request, DeepfaceOptions, ("img1", "img2"))
    engine = engine_of(request)
    analyzer = engine.analyzer(VERIFY_TASKS)
    first, second = await engine.analyze(request, pictures, analyzer)
    match = verified(first, second, embedder=analyzer.options.embedder, choose="largest")
    answer = {
        "verified": match.decision,
        "distance": 1 - match.score,
        "threshold": 1 - match.threshold,
        "model": match.model_id,
        "detector_backend": "mien",
        "similarity_metric": "cosine",
        "facial_areas": {"img1": _largest_area(first), "img2": _largest_area(second)},
    }
    if match.probability is not None:
        # Calibrated under equal priors, unlike deepface's; in percent, as its readers expect.
        answer["confidence"] = 100 * match.probability
    return JSONResponse(answer)


@router.post("/analyze", openapi_extra=body_docs(AnalyzeOptions, ("img",)), summary="As deepface's")
async def analyze(request: Request) -> JSONResponse:
    """``{"results": [{"region", "age", "dominant_gender", ...}]}``: apparent, all of them."""
    (picture,), options = await read_body(request, AnalyzeOptions, ("img",))
    tasks = ("detect", *sorted({_TASK[action] for action in options.actions}))
    analysis = await engine_of(request).look(request, picture, tasks)
    return JSONResponse({"results": [_readings(face) for face in analysis.found]})


def _readings(face: Face) -> dict[str, Any]:
    result: dict[str, Any] = {"region": _area(face), "face_confidence": face.detection_score}
    if face.age is not None:
        result["age"] = round(face.age)
    for column, name in (
        ("apparent_gender", "gender"),
        ("apparent_ancestry", "race"),
        ("expression", "emotion"),
    ):
        reading = face.attribute(column)
        if reading is None:
            continue
        named = _GENDERS if name == "gender" else {}
        result[name] = {
            named.get(label, label): 100 * share
            for label, share in reading["probabilities"].items()
        }
        result[f"dominant_{name}"] = named.get(reading["label"], reading["label"])
    return result


def _area(face: Face) -> dict[str, Any]:
    x0, y0, x1, y1 = (round(side) for side in face.box)
    area: dict[str, Any] = {"x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0}
    points = face.landmarks("five")
    if points is not None:
        for name, point in zip(("left_eye", "right_eye"), points[:2], strict=True):
            area[name] = [round(float(value)) for value in point[:2]]
    return area


def _largest_area(analysis: Analysis) -> dict[str, Any]:
    faces = analysis.found
    return _area(next(iter(faces[[int(faces.boxes.wh.prod(axis=1).argmax())]])))

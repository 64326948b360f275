"""Answers are those of the library, in the shapes that the document promises."""

from __future__ import annotations

import base64

import cv2
import httpx
import numpy as np
import pytest

import mien
from mien.apps.server import schemas
from mien.types.plain import columns_of
from tests.server.conftest import Running


def test_analyze_says_what_the_library_says(client: httpx.Client, portrait_jpeg: bytes) -> None:
    answer = client.post("/v1/analyze", files={"image": portrait_jpeg})
    assert answer.status_code == 200
    schemas.Analysis.model_validate(answer.json())
    analysis = mien.analyze(portrait_jpeg)
    columns = columns_of(analysis.found.attributes)
    assert answer.json() == analysis.to_dict() | {"source": None, "columns": columns}


def test_forms_and_json_give_the_same(client: httpx.Client, portrait_jpeg: bytes) -> None:
    encoded = base64.b64encode(portrait_jpeg).decode()
    options = {"tasks": ["age"], "landmarks": ["five", "ibug68"]}
    by_form = client.post(
        "/v1/analyze",
        files={"image": portrait_jpeg},
        data={name: ",".join(values) for name, values in options.items()},
    )
    by_json = client.post("/v1/analyze", json={"image": {"base64": encoded}} | options)
    by_uri = client.post(
        "/v1/analyze", json={"image": f"data:image/jpeg;base64,{encoded}"} | options
    )
    assert by_form.json() == by_json.json() == by_uri.json()
    (face,) = by_form.json()["faces"]
    assert set(face["landmarks"]) == {"five", "ibug68"}
    assert "apparent_age" in face
    assert "apparent_gender" not in face


def test_detect_verify_embed(client: httpx.Client, portrait_jpeg: bytes) -> None:
    detected = client.post("/v1/detect", files={"image": portrait_jpeg}).json()
    assert len(detected["faces"]) == 1
    assert "landmarks" not in detected["faces"][0]
    match = client.post(
        "/v1/verify", files={"probe": portrait_jpeg, "reference": portrait_jpeg}
    ).json()
    assert match == mien.verify(portrait_jpeg, portrait_jpeg).to_dict()
    embedded = client.post("/v1/embed", files={"image": portrait_jpeg}).json()
    schemas.Embeddings.model_validate(embedded)
    templates = mien.embed(portrait_jpeg)
    assert embedded["model_id"] == templates.model_id
    np.testing.assert_array_equal(embedded["faces"][0]["template"], templates.vectors[0])


def test_explain(client: httpx.Client, portrait_jpeg: bytes, portrait: np.ndarray) -> None:
    files = {"probe": portrait_jpeg, "reference": portrait_jpeg}
    answer = client.post("/v1/explain", files=files, data={"method": "occlusion"})
    found = schemas.Explanations.model_validate(answer.json()).explanations
    expected = mien.explain(portrait_jpeg, portrait_jpeg, method="occlusion")
    for one, other in zip(found, expected, strict=True):
        assert one.base_score == pytest.approx(other.base_score, abs=1e-5)
        assert one.regions["nose"].score == pytest.approx(other.region("nose"), abs=1e-5)
        layer = cv2.imdecode(
            np.frombuffer(base64.b64decode(one.layer_png), np.uint8), cv2.IMREAD_UNCHANGED
        )
        assert layer.shape == (512, 512, 4)
        assert layer[0, 0, 3] == 0 < layer[..., 3].max()
    refused = client.post("/v1/explain", files=files, data={"method": "magic"})
    assert refused.status_code == 422
    _, empty = cv2.imencode(".png", np.full((64, 64, 3), 128, np.uint8))
    refused = client.post("/v1/explain", files=files | {"reference": empty.tobytes()})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "no_face"
    assert "reference: " in refused.json()["error"]["message"]


def test_a_picture_without_a_face_is_no_failure(client: httpx.Client, portrait: np.ndarray) -> None:
    background = cv2.imencode(".png", portrait[300:, :200, ::-1])[1].tobytes()
    for route in ("/v1/analyze", "/v1/detect", "/v1/embed", "/v1/search", "/v1/identify"):
        answer = client.post(route, files={"image": background})
        assert (answer.status_code, answer.json()["faces"]) == (200, []), route
    refused = client.post("/v1/verify", files={"probe": background, "reference": background})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "no_face"


def test_enrol_search_identify_rename_erase(
    client: httpx.Client, portrait_jpeg: bytes, server: Running
) -> None:
    whom = {"name": "Eileen", "purpose": "test", "reason": "asked"}
    enrolled = client.post("/v1/subjects", files={"image": portrait_jpeg}, data=whom).json()
    assert enrolled["status"] == "enrolled"
    number = enrolled["subject_id"]
    again = client.post("/v1/subjects", files={"image": portrait_jpeg}, data=whom).json()
    assert (again["status"], again["subject_id"]) == ("already", number)

    found = client.post("/v1/search", files={"image": portrait_jpeg}).json()
    schemas.SearchResult.model_validate(found)
    assert found["faces"][0]["candidates"][0]["name"] == "Eileen"
    who = client.post("/v1/identify", files={"image": portrait_jpeg}).json()
    schemas.Identifications.model_validate(who)
    assert who["faces"][0]["subject_id"] == number

    renamed = client.patch(f"/v1/subjects/{number}", json={"name": "E. Collins"}).json()
    assert (renamed["name"], renamed["consent"]["purpose"]) == ("E. Collins", "test")
    whole = client.get(f"/v1/subjects/{number}").json()
    schemas.SubjectWithReferences.model_validate(whole)
    assert len(whole["references"]) == 1
    listed = client.get("/v1/subjects", params={"name": "E. Collins"}).json()
    assert [subject["subject_id"] for subject in listed["subjects"]] == [number]

    erased = client.delete(f"/v1/subjects/{number}", params={"reason": "asked"}).json()
    assert (erased["n_references"], erased["erasure"]) == (1, "bytes")
    assert client.get(f"/v1/subjects/{number}").status_code == 404
    assert (
        client.post("/v1/search", files={"image": portrait_jpeg}).json()["faces"][0]["candidates"]
        == []
    )
    actions = [line["action"] for line in client.get("/v1/audit").json()["entries"]]
    assert actions[0] == "enrol"
    assert actions[-1] == "delete subject"
    assert all(
        b"Collins" not in path.read_bytes() for path in server.gallery.rglob("*") if path.is_file()
    )


def test_pages_of_subjects(client: httpx.Client, portrait: np.ndarray) -> None:
    numbers = []
    for turn in range(3):
        shifted = np.ascontiguousarray(np.roll(portrait, 9 * turn, axis=1)[:, :, ::-1])
        picture = cv2.imencode(".png", shifted)[1].tobytes()
        answer = client.post(
            "/v1/subjects", files={"image": picture}, data={"external_id": f"p{turn}"}
        )
        numbers.append(answer.json()["subject_id"])
    first = client.get("/v1/subjects", params={"limit": 2}).json()
    rest = client.get("/v1/subjects", params={"limit": 2, "after": first["next"]}).json()
    assert [s["subject_id"] for s in first["subjects"] + rest["subjects"]] == numbers
    assert rest["next"] is None
    for number in numbers:
        assert client.delete(f"/v1/subjects/{number}").status_code == 200


def test_models_health_and_measures(client: httpx.Client) -> None:
    schemas.Models.model_validate(client.get("/v1/models").json())
    assert client.get("/v1/health").json() == {"status": "ok", "version": mien.__version__}
    measures = client.get("/metrics").text
    assert 'mien_request_seconds_count{method="GET",route="/v1/health",status="200"}' in measures


def test_every_answer_names_its_request(client: httpx.Client) -> None:
    mine = client.get("/v1/health", headers={"X-Request-ID": "order-66"})
    assert mine.headers["x-request-id"] == "order-66"
    unsafe = client.get("/nothing", headers={"X-Request-ID": 'a b"c'})
    assert unsafe.status_code == 404
    assert unsafe.json()["request_id"] == unsafe.headers["x-request-id"] != 'a b"c'


@pytest.mark.parametrize("route", ["/analyze", "/represent"])
def test_deepface_shapes_of_one_picture(
    route: str, client: httpx.Client, portrait_jpeg: bytes
) -> None:
    picture = "data:image/jpeg;base64," + base64.b64encode(portrait_jpeg).decode()
    (result,) = client.post(route, json={"img": picture, "model_name": "ArcFace"}).json()["results"]
    box = result["region" if route == "/analyze" else "facial_area"]
    assert {"x", "y", "w", "h", "left_eye", "right_eye"} == set(box)
    if route == "/analyze":
        assert result["dominant_gender"] == "Woman"
        assert result["dominant_emotion"] == "happy"
        assert sum(result["emotion"].values()) == pytest.approx(100, abs=0.1)
        assert isinstance(result["age"], int)
    else:
        assert len(result["embedding"]) == 128


def test_deepface_shape_of_two_pictures(client: httpx.Client, portrait_jpeg: bytes) -> None:
    answer = client.post("/verify", files={"img1": portrait_jpeg, "img2": portrait_jpeg}).json()
    assert answer["verified"] is True
    assert answer["distance"] == pytest.approx(0, abs=1e-6)
    assert set(answer["facial_areas"]["img1"]) >= {"x", "y", "w", "h"}

"""The album over HTTP: read, edited, undone, refused when somebody else was faster."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator

import cv2
import httpx
import numpy as np
import pytest

import mien
from mien.apps.server import schemas_album as schemas
from tests.server.albums import ENVIRONMENT, fill, portraits
from tests.server.conftest import Running, serving


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory, portrait: np.ndarray) -> Iterator[Running]:
    """Ada with three faces, Grace with two, and one alone; references 1 to 6."""
    folder = tmp_path_factory.mktemp("album")
    paths = portraits(portrait, folder / "photos")
    names = ("Ada", "Ada", "Ada", "Grace", "Grace", None)
    fill(folder / "gallery", paths, names=names, crops=True)
    with serving(folder / "gallery", environment=ENVIRONMENT) as running:
        yield running


@pytest.fixture
def asking(album: Running) -> Iterator[mien.Client]:
    with mien.Client(album.url) as client:
        yield client


def shape(client: mien.Client) -> set[tuple[int, ...]]:
    groups = client.album.groups()["groups"]
    return {tuple(face["reference_id"] for face in group["faces"]) for group in groups}


def test_people_are_read_in_pages(asking: mien.Client, album: Running) -> None:
    with album.client() as client:
        answer = client.get("/v1/album/groups").json()
    schemas.AlbumGroups.model_validate(answer)
    assert (answer["n_groups"], answer["n_faces"], answer["next"]) == (3, 6, None)
    assert answer["keeps_crops"]
    assert [(group["name"], group["size"]) for group in answer["groups"]] == [
        ("Ada", 3),
        ("Grace", 2),
        (None, 1),
    ]
    first = asking.album.groups(limit=1, faces=2)
    (ada,) = first["groups"]
    assert ([face["reference_id"] for face in ada["faces"]], ada["next"]) == ([1, 2], 2)
    assert asking.album.group(ada["subject_id"], after=2)["faces"][0]["reference_id"] == 3
    second = asking.album.groups(limit=1, after=first["next"])
    assert second["groups"][0]["name"] == "Grace"
    assert [g["name"] for g in asking.album.groups(name="gra")["groups"]] == ["Grace"]
    assert len(asking.album.questions(most=5)["questions"]) <= 5


def test_edits_and_their_undo(asking: mien.Client) -> None:
    before = shape(asking)
    ada, grace, alone = (group["subject_id"] for group in asking.album.groups()["groups"])
    made = asking.album.move([3], grace, faces=10)
    assert (made["edit"]["kind"], made["edit"]["moved"], made["gone"]) == ("move", [3], [])
    assert [len(group["faces"]) for group in made["groups"]] == [2, 3]
    made = asking.album.split([1], faces=1)
    (new,) = {group["subject_id"] for group in made["groups"]} - {ada}
    made = asking.album.merge(alone, new)
    assert made["gone"] == [new]
    asking.album.name(alone, "Eileen")
    asking.album.tell_apart(alone, grace)
    log = asking.album.edits()["edits"]
    assert [edit["kind"] for edit in log] == ["move", "split", "merge", "name", "apart"]
    assert log[3]["names"] == [{"group": alone, "before": None, "after": "Eileen"}]
    assert {edit["actor"] for edit in log} == {"key:loopback"}
    for edit in reversed(log):
        assert asking.album.undo(edit_id=edit["edit_id"])["edit"] == edit
    assert shape(asking) == before
    with pytest.raises(mien.ServerError, match="nothing was edited"):
        asking.album.undo()


def test_who_was_slower_is_told(asking: mien.Client) -> None:
    ada, grace, _ = asking.album.groups()["groups"]
    seen = {ada["subject_id"]: ada["version"], grace["subject_id"]: grace["version"]}
    theirs = asking.album.move([3], grace["subject_id"], seen=seen)
    for edit in (
        lambda: asking.album.merge(ada["subject_id"], grace["subject_id"], seen=seen),
        lambda: asking.album.undo(edit_id=theirs["edit"]["edit_id"] + 1),
    ):
        with pytest.raises(mien.ServerError) as refused:
            edit()
        assert (refused.value.status, refused.value.code) == (409, "conflict")
        assert "somebody else" in str(refused.value) or "since" in str(refused.value)
    asking.album.undo(edit_id=theirs["edit"]["edit_id"])


def test_thumbnails_are_small_and_never_cached(asking: mien.Client, album: Running) -> None:
    with album.client() as client:
        answer = client.get("/v1/references/1/thumbnail", params={"size_px": 64})
        assert client.get("/v1/references/987654/thumbnail").status_code == 404
        many = client.get(
            "/v1/album/thumbnails", params={"reference_id": [2, 987654, 1], "size_px": 64}
        )
    assert answer.headers["content-type"] == "image/jpeg"
    for said in (answer, many):
        assert said.headers["cache-control"] == "private, no-store"
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (64, 64, 3)
    # The face fills it.
    assert len(mien.detect(cv2.imencode(".png", cv2.resize(picture, (256, 256)))[1].tobytes())) == 1
    shown = many.json()["thumbnails"]
    assert [row["reference_id"] for row in shown] == [2, 987654, 1]
    assert shown[1]["jpeg"] is None
    assert base64.b64decode(shown[2]["jpeg"]) == answer.content
    assert asking.album.thumbnails([1], size_px=64)["thumbnails"][0] == shown[2]


def test_crops_are_kept_when_asked(
    asking: mien.Client, portrait_jpeg: bytes, client: httpx.Client
) -> None:
    done = asking.enrol(portrait_jpeg, name="New", keep_crop=True)
    try:
        group = asking.album.group(done["subject_id"])
        assert [face["has_crop"] for face in group["faces"]] == [True]
    finally:
        asking.delete(done["subject_id"], reason="test")
    # A gallery that is not encrypted keeps none.
    refused = client.post(
        "/v1/subjects", files={"image": portrait_jpeg}, data={"keep_crop": "true"}
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_request")
    assert not client.get("/v1/album/groups").json()["keeps_crops"]


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("merge", {"into": 1, "other": 1}, 422),
        ("merge", {"into": 1, "other": 987654}, 404),
        ("merge", {"into": 0, "other": 1}, 422),
        ("merge", {"into": 2**63, "other": 1}, 422),
        ("split", {"reference_ids": []}, 422),
        ("split", {"reference_ids": [1, 2, 3]}, 422),
        ("split", {"reference_ids": [987654]}, 404),
        ("move", {"reference_ids": [1], "into": 1}, 422),
        ("name", {"subject_id": 1, "name": "Grace"}, 422),
        ("name", {"subject_id": 1, "name": ""}, 422),
        ("apart", {"one": 1}, 422),
        ("undo", {"edit_id": "x"}, 422),
        ("merge", {"into": 1, "other": 2, "seen": {"x": "y"}}, 422),
        ("merge", {"into": 1, "other": 2, "more": 1}, 422),
    ],
)
def test_what_cannot_be_edited_is_refused(
    verb: str, body: dict[str, object], status: int, album: Running
) -> None:
    with album.client() as client:
        assert client.post(f"/v1/album/{verb}", json=body).status_code == status


def test_the_asynchronous_client_has_the_same_verbs(album: Running) -> None:
    async def ask() -> list[int]:
        async with mien.AsyncClient(album.url) as client:
            page, edits = await asyncio.gather(client.album.groups(), client.album.edits())
            assert edits["edits"] == []
            return [group["size"] for group in page["groups"]]

    assert asyncio.run(ask()) == [3, 2, 1]

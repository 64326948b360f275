"""The gallery's folder goes away: 503; it comes back: served again, without a restart."""

from __future__ import annotations

from pathlib import Path

from tests.server.conftest import serving


def test_503_and_recovery(tmp_path: Path, portrait_jpeg: bytes) -> None:
    gallery, away = tmp_path / "gallery", tmp_path / "away"
    with serving(gallery, "--state", str(tmp_path / "state")) as server, server.client() as client:
        whom = {"name": "Eileen"}
        number = client.post("/v1/subjects", files={"image": portrait_jpeg}, data=whom).json()[
            "subject_id"
        ]
        gallery.rename(away)
        for answer in (
            client.get("/v1/subjects"),
            client.post("/v1/subjects", files={"image": portrait_jpeg}, data=whom),
            client.get("/v1/ready"),
        ):
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "gallery_unavailable"
            assert int(answer.headers["retry-after"]) >= 1
        # What needs no gallery goes on.
        assert client.post("/v1/detect", files={"image": portrait_jpeg}).status_code == 200
        assert not gallery.exists()
        away.rename(gallery)
        found = client.get("/v1/subjects").json()["subjects"]
        assert [subject["subject_id"] for subject in found] == [number]
        assert client.get("/v1/ready").status_code == 200

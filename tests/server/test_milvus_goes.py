"""A server whose gallery is a Milvus: asked end to end; 503 while it is away; served again."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.gallery.milvus_process import MilvusProcess
from tests.server.conftest import mien, serving

pytest.importorskip("milvus_lite")


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_503_and_recovery(workers: str, tmp_path: Path, portrait_jpeg: bytes) -> None:
    state = ("--state", str(tmp_path / "state"))
    made = mien("keys", "create", "all", "--scopes", "analyse,search,enrol,erase", *state)
    picture = {"image": portrait_jpeg}
    with (
        MilvusProcess(tmp_path) as milvus,
        serving(milvus.url, *state, "--workers", workers) as server,
        server.client(made.stdout.strip()) as client,
    ):
        enrolled = client.post("/v1/subjects", files=picture, data={"name": "Eileen"})
        assert enrolled.status_code == 200, enrolled.text
        assert found(client, picture) == ["Eileen"]
        milvus.kill()
        for answer in (
            client.get("/v1/subjects"),
            client.post("/v1/search", files=picture),
            client.post("/v1/subjects", files=picture, data={"name": "Eileen"}),
            client.get("/v1/ready"),
        ):
            assert answer.status_code == 503, answer.text
            assert answer.json()["error"]["code"] == "gallery_unavailable"
            assert int(answer.headers["retry-after"]) >= 1
        # What needs no gallery goes on, and keys are known.
        assert client.post("/v1/detect", files=picture).status_code == 200
        milvus.start()
        until = time.monotonic() + 60
        while client.get("/v1/ready").status_code != 200:
            assert time.monotonic() < until, "the server does not find Milvus again"
            time.sleep(0.2)
        assert found(client, picture) == ["Eileen"]
        number = enrolled.json()["subject_id"]
        assert client.delete(f"/v1/subjects/{number}").status_code == 200
        assert found(client, picture) == []


def found(client: httpx.Client, picture: dict[str, bytes]) -> list[str]:
    """Names of the candidates for the only face."""
    (face,) = client.post("/v1/search", files=picture).json()["faces"]
    return [candidate["name"] for candidate in face["candidates"]]

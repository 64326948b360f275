"""The client gives the library's types, and the server's refusals as errors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import InputError
from tests.server.conftest import Running


@pytest.fixture
def asking(server: Running) -> Iterator[mien.Client]:
    with mien.Client(server.url) as client:
        yield client


def test_verbs_give_what_the_library_gives(
    asking: mien.Client, portrait_jpeg: bytes, portrait_file: Path
) -> None:
    analysis = asking.analyze(portrait_file, landmarks=["five", "mesh478"])
    alone = mien.analyze(portrait_jpeg)
    schemas = ("five", "mesh478")
    assert analysis.to_dict(landmarks=schemas) == alone.to_dict(landmarks=schemas) | {
        "source": None
    }
    assert analysis.found[0].expression == alone.found[0].expression
    np.testing.assert_array_equal(
        asking.embed(portrait_jpeg).vectors, mien.embed(portrait_jpeg).vectors
    )
    assert asking.verify(portrait_jpeg, portrait_jpeg, fmr=1e-2) == mien.verify(
        portrait_jpeg, portrait_jpeg, fmr=1e-2
    )
    assert len(asking.detect(portrait_jpeg).found) == 1


def test_a_gallery_over_the_network(asking: mien.Client, portrait_jpeg: bytes) -> None:
    enrolled = asking.enrol(portrait_jpeg, name="Eileen", purpose="test")
    assert asking.search(portrait_jpeg, k=3)[0]["candidates"][0]["name"] == "Eileen"
    assert asking.identify(portrait_jpeg)[0]["subject_id"] == enrolled["subject_id"]
    assert asking.delete(enrolled["subject_id"], reason="asked")["n_subjects"] == 1


def test_refusals_are_errors_with_code_and_request(asking: mien.Client) -> None:
    with pytest.raises(mien.ServerError, match="picture that can be read") as refused:
        asking.analyze(b"no picture")
    assert (refused.value.status, refused.value.code) == (422, "unreadable_image")
    assert refused.value.request_id
    with pytest.raises(InputError, match="cannot be read"):
        asking.analyze("/no/such/picture.jpg")


def test_no_server_is_said_so() -> None:
    with mien.Client("http://127.0.0.1:9") as client, pytest.raises(InputError, match="mien serve"):
        client.analyze(b"x")


def test_many_at_once(server: Running, portrait_jpeg: bytes) -> None:
    async def ask() -> list[int]:
        async with mien.AsyncClient(server.url) as client:
            analyses = await asyncio.gather(*(client.detect(portrait_jpeg) for _ in range(12)))
            match = await client.verify(portrait_jpeg, portrait_jpeg)
            assert match.decision
            assert len(await client.embed(portrait_jpeg)) == 1
        return [len(analysis.found) for analysis in analyses]

    assert asyncio.run(ask()) == [1] * 12

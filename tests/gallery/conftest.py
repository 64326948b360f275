"""Every store, opened the same way: a new store joins the suite by one line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.gallery import Gallery, open_gallery

KEY = bytes(range(32))
#: How each kind of store is opened at a path.
STORES: dict[str, Callable[[Path], Gallery]] = {
    "sqlite": lambda path: open_gallery(path),
    "sqlite encrypted": lambda path: open_gallery(path, key=KEY),
    "sqlite int8": lambda path: open_gallery(path, precision="int8"),
    "milvus": lambda path: open_gallery(f"milvus:{path}.db"),
    "milvus sealed": lambda path: open_gallery(f"milvus:{path}.db?keys={path}.keys", key=KEY),
}
#: Extras that a store needs; without them its tests are skipped.
NEEDS = {
    "sqlite encrypted": "cryptography",
    "sqlite int8": "numkong",
    "milvus": "milvus_lite",
    "milvus sealed": "milvus_lite",
}
Opener = Callable[[], Gallery]


def opener(kind: str) -> Callable[[Path], Gallery]:
    """Return how to open a kind of store, or skip the test."""
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind])
    return STORES[kind]


@pytest.fixture(params=STORES)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens one gallery, each time anew."""
    store = opener(request.param)
    return lambda: store(tmp_path / "people")


@pytest.fixture
def gallery(reopen: Opener) -> Gallery:
    with reopen() as opened:
        yield opened

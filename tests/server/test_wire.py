"""Messages between processes: what is sent arrives, whatever arrives runs nothing."""

from __future__ import annotations

import pickle
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien import Analyzer
from mien.apps.server import wire
from mien.errors import InputError
from mien.types import Analysis, Attribute, Boxes, Faces, Failure, Landmarks, Templates


def faces(n: int, seed: int) -> Analysis:
    """An analysis with every kind of column."""
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray:
        return rng.random((n, *shape), np.float32)

    columns = {
        "scalar": Attribute(some(), "scalar", "m@1", unit="years", spread=some()),
        "several": Attribute(some(2) * np.nan, "scalar", "m@2", ("a", "b")),
        "share": Attribute(some(3), "probability", "m@3", ("a", "b", "ü")),
        "label": Attribute(rng.integers(0, 2, n), "label", "m@4", ("a", "b")),
        "map": Attribute(rng.integers(0, 9, (n, 2, 3), np.uint8), "map", "m@5"),
    }
    points = {
        "five": Landmarks(some(5, 3), "five", some(5)),
        "ibug68": Landmarks(some(68, 2), "ibug68"),
    }
    found = Faces((64, 48), Boxes(some(4)), some(), points, columns, some())
    templates = Templates.from_raw(some(16) + 0.1, "m@6") if n else None
    image = {"blur": Attribute(rng.random(1, np.float32), "scalar", "m@7")}
    return Analysis("name", "ab" * 32, (64, 48), found, image, templates)


def same(one: object, other: object) -> bool:
    return pickle.dumps(wire.packed(one)) == pickle.dumps(wire.packed(other))


@given(st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_an_analysis_arrives_as_it_was(n: int, seed: int) -> None:
    analysis = faces(n, seed)
    plain, bodies = wire.packed(analysis)
    assert same(wire.unpacked(plain, b"".join(bodies)), analysis)


def test_a_failure_arrives() -> None:
    failed = Analysis("x", error=Failure("ImageReadError", "no picture"))
    assert wire.unpacked(*_joined(failed)).error == failed.error


def test_a_real_analysis_arrives(portrait_jpeg: bytes) -> None:
    analysis = Analyzer(threads=1).analyze(portrait_jpeg)
    returned = wire.unpacked(*_joined(analysis))
    assert same(returned, analysis)
    assert returned.to_dict() == analysis.to_dict()


def _joined(analysis: Analysis) -> tuple[object, bytes]:
    plain, bodies = wire.packed(analysis)
    return plain, b"".join(bodies)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        "text",
        {"kind": "Failure", "of": {"kind": "x", "message": "y"}},
        {"array": "|O", "shape": [1]},
        {"array": "O8", "shape": [1]},
    ],
)
def test_anything_else_is_refused(plain: object) -> None:
    with pytest.raises(InputError):
        wire.unpacked(plain, bytes(64))


@pytest.mark.parametrize(
    "plain", [{"kind": "Path", "of": {}}, {"array": "<f4", "shape": [1000]}, {"of": 3}]
)
def test_broken_ones_are_errors(plain: object) -> None:
    with pytest.raises((ValueError, KeyError, AttributeError)):
        wire.unpacked(plain, bytes(64))


def test_messages_over_a_socket(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    body = np.arange(3_000_000, dtype=np.uint32)
    with ours, theirs:
        sender = threading.Thread(
            target=wire.send, args=(ours, {"id": 1, "name": "ü"}, b"ab", memoryview(body))
        )
        sender.start()
        header, got = wire.receive(theirs)
        sender.join()
        assert header == {"id": 1, "name": "ü"}
        assert bytes(got) == b"ab" + body.tobytes()
        ours.sendall(b"\xff" * 16)
        with pytest.raises(InputError, match="announces"):
            wire.receive(theirs)
        ours.close()
        with pytest.raises(EOFError):
            wire.receive(theirs)

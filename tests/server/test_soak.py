"""Memory under load stays where it is: the short form of ``benchmarks.server --only soak``."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.load.running import processes, resident_mb, watched
from benchmarks.load.slope import slope_of
from mien.apps.server.memory import hold_little
from tests.server.conftest import Running, serving

CLIENTS, WARM_REQUESTS, WATCHED_S = 8, 240, 30.0
#: A leak of a picture a request would be hundreds; the allocator's last steps are a few.
MOST_MB = 24.0


@pytest.fixture(scope="module")
def pictures(portrait: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The portrait in several sizes, so that batches differ."""
    folder = tmp_path_factory.mktemp("pictures")
    made = []
    for side in (96, 160, 250, 400, 512):
        path = folder / f"{side}.jpg"
        Image.fromarray(portrait).resize((side, side)).save(path)
        made.append(path.read_bytes())
    return made


def ask(
    running: Running, pictures: list[bytes], done: threading.Event, n: int | None = None
) -> list[threading.Thread]:
    """Start clients that ask until ``done``, or n times each."""

    def client(number: int) -> None:
        with running.client() as client:
            turn = number
            while not done.is_set() and (n is None or turn < number + n):
                turn += 1
                data = pictures[turn % len(pictures)]
                assert client.post("/v1/analyze", files={"image": data}).status_code == 200

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_memory_stays_under_load(workers: str, tmp_path: Path, pictures: list[bytes]) -> None:
    with serving(tmp_path / "gallery", "--workers", workers) as running:
        for thread in ask(running, pictures, threading.Event(), WARM_REQUESTS // CLIENTS):
            thread.join()
        before = resident_mb(processes(running.process.pid))
        done = threading.Event()
        with watched(running.process.pid) as samples:
            threads = ask(running, pictures, done)
            done.wait(WATCHED_S)
            done.set()
            for thread in threads:
                thread.join()
    assert len(samples) >= WATCHED_S / 2
    assert max(samples) - before < MOST_MB, (before, samples)


def test_the_slope_of_known_samples() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.3, 600)
    rising = slope_of(300 + np.arange(600) / 60 * 1.2 + noise)
    assert rising.mb_a_minute == pytest.approx(1.2, abs=0.05)
    assert rising.low < 1.2 < rising.high
    assert not rising.flat
    still = slope_of(300 + noise)
    assert still.low < 0 < still.high
    assert still.flat
    assert slope_of(300 - np.arange(600) / 60 + noise).flat
    # numpy's least squares as the independent fit.
    expected = np.polyfit(np.arange(600) / 60, noise, 1)[0]
    assert slope_of(noise).mb_a_minute == pytest.approx(expected)


@pytest.mark.parametrize("samples", [[], [300.0], [300.0] * 5])
def test_the_slope_of_few_samples(samples: list[float]) -> None:
    if samples:
        assert slope_of(samples).mb_a_minute == 0
    else:
        with pytest.raises(ValueError, match="no samples"):
            slope_of(samples)


def test_the_allocator_is_set_up_or_left_alone() -> None:
    assert hold_little() in (True, False)

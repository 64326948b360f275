"""Pictures of many callers share batches, and each gets what it would get alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError

import numpy as np
import pytest

from mien.errors import BusyError, InputError
from mien.tasks.batching import BACKGROUND_CHUNK, Batcher, batch_analyzer
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis


class Held(Analyzer):
    """An analyzer whose batches wait until they are let go, and are noted."""

    def __init__(self) -> None:
        super().__init__(("detect",), threads=1)
        self.go = threading.Event()
        self.begun = threading.Event()
        self.batches: list[list[object]] = []

    def analyze_many(self, sources: Sequence[object]) -> Iterator[Analysis]:  # type: ignore[override]
        self.batches.append(list(sources))
        self.begun.set()
        assert self.go.wait(30)
        for source in sources:
            yield Analysis(str(source))


@pytest.fixture
def held() -> Held:
    return Held()


def test_every_caller_gets_what_the_library_gives(portrait: np.ndarray) -> None:
    analyzer = batch_analyzer(("detect", "pose"))
    pictures = [np.ascontiguousarray(np.roll(portrait, 7 * n, axis=1)) for n in range(6)]
    batcher = Batcher(2)
    futures = [batcher.submit(analyzer, picture) for picture in pictures]
    batcher.close()
    for future, picture in zip(futures, pictures, strict=True):
        got, alone = future.result(), analyzer.analyze(picture)
        np.testing.assert_allclose(got.found.boxes.xyxy, alone.found.boxes.xyxy, atol=0.01)
        np.testing.assert_allclose(
            got.found.attributes["pose"].values, alone.found.attributes["pose"].values, atol=0.01
        )


def test_those_who_wait_become_one_batch(held: Held) -> None:
    batcher = Batcher(1)
    first = batcher.submit(held, "a")
    assert held.begun.wait(30)
    others = [batcher.submit(held, name) for name in "bcd"]
    held.go.set()
    assert [future.result(30).source for future in (first, *others)] == list("abcd")
    assert held.batches == [["a"], ["b", "c", "d"]]
    batcher.close()


def test_analyzers_do_not_share_batches(held: Held) -> None:
    other = Held()
    other.go.set()
    batcher = Batcher(1)
    batcher.submit(held, "a")
    assert held.begun.wait(30)
    for analyzer, name in ((held, "b"), (other, "c"), (held, "d")):
        batcher.submit(analyzer, name)
    held.go.set()
    batcher.close()
    assert held.batches == [["a"], ["b", "d"]]
    assert other.batches == [["c"]]


def test_too_many_are_refused_and_told_when_to_come_back(held: Held) -> None:
    batcher = Batcher(1, most_waiting=2)
    batcher.submit(held, "a")
    assert held.begun.wait(30)
    waiting = [batcher.submit(held, name) for name in "bc"]
    with pytest.raises(BusyError) as refused:
        batcher.submit(held, "d")
    assert refused.value.retry_after_s > 0
    waiting[0].cancel()
    again = batcher.submit(held, "e")
    held.go.set()
    batcher.close()
    assert again.result().source == "e"
    assert held.batches == [["a"], ["c", "e"]]


def test_closing_finishes_who_waits_and_takes_no_more(held: Held) -> None:
    batcher = Batcher(1)
    futures = [batcher.submit(held, name) for name in "ab"]
    held.go.set()
    batcher.close()
    assert [future.result().source for future in futures] == ["a", "b"]
    with pytest.raises(BusyError):
        batcher.submit(held, "c")


def test_closing_gives_up_after_a_while(held: Held) -> None:
    batcher = Batcher(1)
    batcher.submit(held, "a")
    assert held.begun.wait(30)
    late = batcher.submit(held, "b")
    batcher.close(wait_s=0.05)
    held.go.set()
    with pytest.raises(CancelledError):
        late.result(30)


def test_a_failing_batch_fails_its_pictures_and_not_the_next(held: Held) -> None:
    class Failing(Held):
        def analyze_many(self, sources: Sequence[object]) -> Iterator[Analysis]:  # type: ignore[override]
            raise RuntimeError("no memory")

    batcher = Batcher(1)
    bad = batcher.submit(Failing(), "a")
    held.go.set()
    good = batcher.submit(held, "b")
    with pytest.raises(RuntimeError, match="no memory"):
        bad.result(30)
    assert good.result(30).source == "b"
    batcher.close()


def test_sizes_are_checked() -> None:
    with pytest.raises(InputError):
        Batcher(0)


def test_background_work_is_behind_all_other(held: Held) -> None:
    batcher = Batcher(1)
    first = batcher.submit(held, b"first")
    assert held.begun.wait(30)
    slow = [batcher.submit(held, f"slow {n}".encode(), background=True) for n in range(5)]
    asked = [batcher.submit(held, f"asked {n}".encode()) for n in range(3)]
    held.go.set()
    for future in (first, *asked, *slow):
        future.result(30)
    batcher.close()
    assert held.batches[:2] == [[b"first"], [b"asked 0", b"asked 1", b"asked 2"]]
    behind = held.batches[2:]
    assert [one for batch in behind for one in batch] == [f"slow {n}".encode() for n in range(5)]
    assert max(map(len, behind)) == BACKGROUND_CHUNK


def test_background_work_takes_no_place_in_the_queue_and_does_not_delay_the_end(
    held: Held,
) -> None:
    batcher = Batcher(1, most_waiting=1)
    first = batcher.submit(held, b"first")
    assert held.begun.wait(30)
    slow = [batcher.submit(held, b"slow", background=True) for _ in range(9)]
    asked = batcher.submit(held, b"asked")
    assert batcher.waiting == 1
    closing = threading.Thread(target=batcher.close)
    closing.start()
    with pytest.raises(CancelledError):
        slow[-1].result(30)
    held.go.set()
    closing.join(30)
    assert first.result(0)
    assert asked.result(0)
    with pytest.raises(BusyError):
        batcher.submit(held, b"late", background=True)

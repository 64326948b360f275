"""The table of jobs: states, who may begin, ends that cannot be written, and the lock."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.apps.server.jobs.lock import Lock
from mien.apps.server.jobs.records import Job, JobError
from mien.apps.server.jobs.store import JobStore
from mien.apps.server.state import State
from mien.errors import BusyError, GalleryError, GalleryNotFoundError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    state = State(tmp_path / "server.sqlite")
    yield JobStore(state)
    state.close()


def added(store: JobStore, key_id: str = "k", most: int = 99) -> str:
    return store.add("analyze", {"folder": "x"}, title="t", key_id=key_id, most=most).job.job_id


def test_a_job_from_its_beginning_to_its_end(store: JobStore) -> None:
    job_id = added(store)
    assert [s.job.job_id for s in store.waiting()] == [job_id]
    begun = store.begin(job_id)
    assert begun is not None
    assert (begun.job.state, begun.starts) == ("running", 1)
    assert not store.progress(job_id, done=3, total=9, per_s=2.0, message="m")
    now = store.get(job_id).job
    assert (now.done, now.total, now.per_s, now.eta_s, now.message) == (3, 9, 2.0, 3.0, "m")
    store.end(job_id, "done", done=9, message="all")
    end = store.get(job_id)
    assert (end.job.state, end.job.done, end.job.eta_s) == ("done", 9, None)
    assert store.begin(job_id) is None
    assert list(store.waiting()) == []
    assert Job.from_dict(end.job.to_dict()) == end.job


def test_every_change_grows_the_version(store: JobStore) -> None:
    job_id = added(store)
    seen = [store.get(job_id).version]
    for change in (
        lambda: store.begin(job_id),
        lambda: store.progress(job_id, done=1, total=2, per_s=None, message=""),
        lambda: store.cancel(job_id),
        lambda: store.end(job_id, "cancelled", done=1, message=""),
        lambda: store.resume(job_id),
        lambda: store.cancel(job_id),
    ):
        change()
        seen.append(store.get(job_id).version)
    assert seen == sorted(set(seen))


def test_a_job_that_goes_back_does_not_lose_what_it_did(store: JobStore) -> None:
    job_id = added(store)
    store.begin(job_id)
    store.progress(job_id, done=5, total=9, per_s=1.0, message="")
    store.put_back(job_id, message="waits", after_s=60)
    assert (store.get(job_id).job.state, store.get(job_id).job.done) == ("queued", 5)
    # Not before its time, even if nobody else wants to run.
    assert list(store.waiting()) == []


def test_starts_count_only_those_that_got_nowhere(store: JobStore) -> None:
    job_id = added(store)
    for _ in range(3):
        begun = store.begin(job_id)
    assert begun is not None
    assert begun.starts == 3
    store.progress(job_id, done=1, total=9, per_s=None, message="")
    assert store.get(job_id).starts == 1
    store.progress(job_id, done=1, total=9, per_s=None, message="")
    again = store.begin(job_id)
    assert again is not None
    assert again.starts == 2


def test_a_key_may_have_so_many(store: JobStore) -> None:
    for _ in range(3):
        added(store, most=3)
    with pytest.raises(BusyError):
        added(store, most=3)
    added(store, key_id="other", most=3)
    store.cancel(store.list(key_id="k", before=99, limit=1)[0].job.job_id)
    added(store, most=3)


def test_an_end_that_cannot_be_written_is_told_and_kept(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = added(store)
    store.begin(job_id)
    whole = JobStore._change

    def full(*_: object, **__: object) -> int:
        raise GalleryError("database or disk is full")

    monkeypatch.setattr(JobStore, "_change", full)
    store.end(job_id, "failed", done=1, message="", error=JobError("disk_full", "full"))
    assert store.get(job_id).job.error == JobError("disk_full", "full")
    assert list(store.waiting()) == []
    monkeypatch.setattr(JobStore, "_change", whole)
    store.save_ends()
    again = State(store.folder.with_name("server.sqlite"))
    other = JobStore(again)
    assert other.get(job_id).job.error == JobError("disk_full", "full")
    again.close()
    assert store.resume(job_id).job.error is None


def test_nothing_is_forgotten_before_its_end(store: JobStore) -> None:
    job_id = added(store)
    store.forget(job_id)
    assert store.get(job_id)
    store.cancel(job_id)
    assert store.made_folder(job_id) == store.folder_of(job_id)
    store.forget(job_id)
    assert not store.folder_of(job_id).exists()
    with pytest.raises(GalleryNotFoundError):
        store.get(job_id)


def test_many_who_want_a_job_and_one_who_gets_it(tmp_path: Path) -> None:
    taken = []
    together = threading.Barrier(8)

    def take() -> None:
        together.wait()
        lock = Lock.take(tmp_path / "job")
        if lock is not None:
            taken.append(lock)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (lock,) = taken
    assert Lock.take(tmp_path / "job") is None
    lock.release()
    again = Lock.take(tmp_path / "job")
    assert again is not None
    again.release()


def _hold(folder: Path, held: multiprocessing.synchronize.Event) -> None:
    assert Lock.take(folder) is not None
    held.set()
    signal.pause()


def test_the_lock_of_the_dead_is_free(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "job", held))
    holder.start()
    assert held.wait(60)
    assert Lock.take(tmp_path / "job") is None
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(60)
    lock = Lock.take(tmp_path / "job")
    assert lock is not None
    lock.release()

"""What is Milvus's own: addresses, errors, crashes between calls, sealed rows, a real server."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mien.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryKeyError,
    GalleryNotFoundError,
    InputError,
    MissingExtraError,
)
from mien.gallery import Count, Gallery, Origin, Subject, open_gallery
from tests.gallery.conftest import KEY
from tests.gallery.milvus_process import MilvusProcess
from tests.gallery.other_process import Other
from tests.gallery.synthetic import Naive, origins, templates
from tests.gallery.test_erasure import everything_in, pieces

pytest.importorskip("milvus_lite")
from mien.gallery import milvus_search
from mien.gallery.milvus_server import MOST_HITS, Server, address_of

PEOPLE = [Subject(f"person {number % 5}", str(number % 5)) for number in range(20)]


def plain(path: Path, **options: object) -> Gallery:
    return open_gallery(f"milvus:{path}/people.db", **options)


def sealed(path: Path, **options: object) -> Gallery:
    return open_gallery(f"milvus:{path}/people.db", key=KEY, keys=path / "keys", **options)


OPENERS = pytest.mark.parametrize("opened", [plain, sealed])


def test_addresses() -> None:
    address, rest = address_of("//h.example:1/staff?index=hnsw&M=8&effort=64&tls=1&keys=/k")
    assert (address.uri, address.collection, address.index) == (
        "https://h.example:1",
        "staff",
        "HNSW",
    )
    assert (dict(address.build), address.effort) == ({"M": 8, "efConstruction": 200}, 64)
    assert rest == {"keys": "/k"}
    assert address_of("//h/")[0].uri == "http://h:19530"
    assert address_of("//h/")[0].collection == "mien"
    assert address_of("/h:5/staff")[0] == address_of("//h:5/staff")[0]
    for path in ("a b/p.db", "/a/p.db"):
        assert address_of(f"{path}?collection=x")[0].uri == path
    for wrong in ("//h:port/x", "//", "people", "//h/a-b", "//h/x?index=BEST", "//h/x?effort=a"):
        with pytest.raises(InputError):
            address_of(wrong)


def test_a_url_may_come_as_a_path(tmp_path: Path) -> None:
    # Command lines make paths of everything, and a path has no two slashes in a row.
    with pytest.raises(GalleryError, match=r"http://127\.0\.0\.1:1"):
        open_gallery(Path("milvus://127.0.0.1:1/people"), timeout_s=0.5)


def test_nobody_answers() -> None:
    with pytest.raises(GalleryError, match="is Milvus running there"):
        open_gallery("milvus://127.0.0.1:1/people", timeout_s=0.5)


def test_wrong_places_and_options(tmp_path: Path) -> None:
    with pytest.raises(GalleryNotFoundError, match="holds no gallery"):
        plain(tmp_path, create=False)
    with pytest.raises(GalleryError, match="folder does not exist"):
        open_gallery(f"milvus:{tmp_path}/nowhere/people.db")
    with pytest.raises(InputError, match="HNSW_SQ"):
        plain(tmp_path, precision="int8")
    with pytest.raises(InputError, match="unknown speed"):
        open_gallery(f"milvus:{tmp_path}/people.db?speed=9")


def test_without_pymilvus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[milvus\]'"):
        plain(tmp_path)


def test_a_collection_of_another_program_is_left_alone(tmp_path: Path) -> None:
    from pymilvus import MilvusClient

    client = MilvusClient(f"{tmp_path}/people.db")
    client.create_collection("mien_ledger", dimension=4)
    client.close()
    with pytest.raises(GalleryDamagedError, match="is not one of mien"):
        plain(tmp_path)


def test_too_many_candidates(tmp_path: Path) -> None:
    with plain(tmp_path) as gallery:
        gallery.enrol(templates(2), Subject("Ada"))
        with pytest.raises(InputError, match="at most 163"):
            gallery.search(templates(1), MOST_HITS)


@pytest.mark.parametrize("most", [3, 7, 40])
def test_more_references_than_one_answer_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """One subject fills whole answers of the server; the others are found all the same."""
    monkeypatch.setattr(milvus_search, "MOST_HITS", most)
    monkeypatch.setattr(milvus_search, "_SPARE", 0)
    stored = templates(60)
    owners = [0 if number < 40 else number % 7 + 1 for number in range(60)]
    near = stored.vectors.copy()
    near[:40] = near[0] + 0.02 * near[:40]
    stored = type(stored).from_raw(near, stored.model_id)
    with plain(tmp_path) as gallery:
        made = gallery.enrol(stored, [Subject(str(owner)) for owner in owners])
        rows = zip(made.reference_ids, made.subject_ids, stored.vectors, strict=True)
        naive = Naive({reference: (subject, vector) for reference, subject, vector in rows})
        for probe in (stored[[1]], templates(1, seed=5)):
            expected = naive.by_subject(probe.vectors[0], "max")
            for k in (1, 3):
                (found,) = gallery.search(probe, k, policy="max")
                ranked = sorted(expected, key=expected.__getitem__, reverse=True)[:k]
                assert [candidate.subject_id for candidate in found] == ranked


def test_equal_scores_beyond_the_first_answer(tmp_path: Path) -> None:
    """Fifty equal vectors: the first by id are returned, whatever the server's order."""
    one = templates(1)
    same = one[[0] * 50]
    with plain(tmp_path) as gallery:
        gallery.enrol(same, [Subject(str(i)) for i in range(50)], origins=origins(50))
        for policy in ("reference", "max", "mean"):
            (found,) = gallery.search(one, 4, policy=policy)
            assert [candidate.reference_id for candidate in found] == [1, 2, 3, 4]


@OPENERS
def test_a_large_batch_is_there_whole(
    tmp_path: Path, opened: Callable[..., Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("milvus_enrol", "milvus_server"):
        monkeypatch.setattr(f"mien.gallery.{module}.ROWS_AT_ONCE", 7)
    monkeypatch.setattr("mien.gallery.milvus_server._PAGE", 5)
    with opened(tmp_path) as gallery:
        gallery.enrol(templates(20), PEOPLE, origins=origins(20))
        assert gallery.count() == Count(5, 20)
        assert [one.reference_id for one in gallery.iterate()] == list(range(1, 21))
        assert np.array_equal(gallery.templates(range(1, 21)).vectors, templates(20).vectors)
        for row, found in enumerate(gallery.search(templates(20), 1)):
            assert found[0].reference_id == row + 1


class Killed(BaseException):
    """Stands for the end of the process."""


def dying_after(n_calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process die at its n-th change of the server: nothing is done any more."""
    calls = iter(range(n_calls))

    def dying(name: str) -> Callable[..., None]:
        real = getattr(Server, name)

        def call(self: Server, *arguments: object, **options: object) -> None:
            if next(calls, None) is None:
                raise Killed
            real(self, *arguments, **options)

        return call

    for name in ("put", "delete", "make", "drop"):
        monkeypatch.setattr(Server, name, dying(name))


def contents(gallery: Gallery) -> list[object]:
    """Everything that a gallery answers, but for ids and times."""
    probes = templates(25)
    names = {one.subject_id: one.name for one in gallery.subjects()}
    listed = [(names[one.subject_id], one.content_sha256) for one in gallery.iterate()]
    found: list[object] = [sorted(listed), gallery.count(), gallery.verify().problems]
    for policy in ("reference", "max", "mean", "quality"):
        for row in gallery.search(probes, 30, policy=policy):
            found.append([(names[one.subject_id], round(one.score, 5)) for one in row])
    return found


@OPENERS
def test_killed_at_every_call_and_run_again(tmp_path: Path, opened: Callable[..., Gallery]) -> None:
    """An enrolment and a deletion, broken off before each of their calls, then repeated."""

    def work(gallery: Gallery) -> None:
        gallery.enrol(templates(20)[10:], PEOPLE[10:], origins=origins(20)[10:])
        for subject in gallery.find(external_id="3"):
            gallery.delete(subject_id=subject.subject_id)

    def begun(folder: Path) -> Gallery:
        folder.mkdir()
        gallery = opened(folder)
        gallery.enrol(templates(20)[:10], PEOPLE[:10], origins=origins(20)[:10])
        return gallery

    with begun(tmp_path / "undisturbed") as gallery:
        before = contents(gallery)
        work(gallery)
        expected = contents(gallery)
    n_calls = 0
    while True:
        with begun(tmp_path / str(n_calls)) as gallery:
            with pytest.MonkeyPatch.context() as patch:
                dying_after(n_calls, patch)
                try:
                    work(gallery)
                    break
                except Killed:
                    pass
            with (
                opened(tmp_path / str(n_calls)) as survivor,
                pytest.MonkeyPatch.context() as patch,
            ):
                # The dead writer's lease is over.
                later = time.time() + 60
                patch.setattr(time, "time", lambda later=later: later)
                if survivor.count() == Count(5, 10):
                    assert contents(survivor) == before
                work(survivor)
                assert contents(survivor) == expected
        n_calls += 1
    assert n_calls > 15


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with plain(tmp_path, wait_s=0.2) as first, plain(tmp_path, wait_s=0.2) as second:
        first._ledger.acquire()
        with pytest.raises(GalleryBusyError, match=r"writing for more than 0\.2 s"):
            second.enrol(templates(1), Subject("Ada"))
        first._ledger.release()
        assert second.enrol(templates(1), Subject("Ada")).number("enrolled") == 1


def test_a_writer_that_slept_through_its_lease_commits_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plain(tmp_path, lease_s=0.3) as slow, plain(tmp_path) as quick:
        slow.enrol(templates(1), Subject("Ada"))
        real = Server.few

        def sleepy(self: Server, *arguments: object) -> object:
            if self is slow._server and slow._ledger._ticket is not None:
                time.sleep(0.1)
            return real(self, *arguments)

        monkeypatch.setattr(Server, "few", sleepy)
        with pytest.raises(GalleryBusyError, match="took longer"):
            slow.enrol(templates(5, seed=1), [Subject(str(i)) for i in range(5)])
        assert quick.enrol(templates(2, seed=2), Subject("Bo")).number("enrolled") == 2
        assert quick.count() == Count(2, 3)
        assert quick.verify().problems == ()


def test_plain_deletion_says_that_it_is_logical(tmp_path: Path) -> None:
    with plain(tmp_path) as gallery:
        made = gallery.enrol(templates(2), Subject("Ada"))
        assert gallery.delete(subject_id=made.subject_ids[0]).erasure == "logical"
        entries = gallery.audit()
        assert [entry.action for entry in entries] == ["enrol", "delete subject"]
        assert [entry.n for entry in entries] == [2, 2]


def test_nothing_of_a_sealed_gallery_is_readable(tmp_path: Path) -> None:
    stored = templates(20)
    with sealed(tmp_path) as gallery:
        gallery.enrol(stored, PEOPLE, origins=origins(20))
        assert gallery.erasure == "crypto"
        data = everything_in(tmp_path)
        assert b"person 1" not in data
        assert b"photos/1.jpg" not in data
        assert not any(piece in data for vector in stored.vectors for piece in pieces(vector))


def test_a_destroyed_key_reaches_older_copies(tmp_path: Path) -> None:
    """Copied before the deletion, with the keys of after it: the subject cannot be read."""
    stored = templates(20)
    with sealed(tmp_path) as gallery:
        gallery.enrol(stored, PEOPLE, origins=origins(20))
        key = (tmp_path / "keys").read_bytes()[124:184]
        shutil.copytree(tmp_path / "people.db", tmp_path / "old.db")
        assert gallery.delete(subject_id=1).n_references == 4
        assert key not in everything_in(tmp_path)
    with open_gallery(f"milvus:{tmp_path}/old.db", key=KEY, keys=tmp_path / "keys") as copy:
        found = {one.subject_id for row in copy.search(stored, 20) for one in row}
        assert found == {2, 3, 4, 5}
        assert {one.subject_id for one in copy.iterate()} == found
        with pytest.raises(GalleryNotFoundError):
            copy.subject(1)
        assert copy.verify().problems != ()


def test_keys_of_a_sealed_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sealed(tmp_path) as gallery:
        gallery.enrol(templates(1), Subject("Ada"))
    with pytest.raises(GalleryKeyError, match="another key"):
        open_gallery(f"milvus:{tmp_path}/people.db", key=bytes(32), keys=tmp_path / "keys")
    with pytest.raises(GalleryKeyError, match="is sealed"):
        plain(tmp_path)
    with pytest.raises(GalleryKeyError, match="needs a key"):
        open_gallery(f"milvus:{tmp_path}/people.db", keys=tmp_path / "keys")
    with pytest.raises(GalleryKeyError, match="are not there"):
        open_gallery(f"milvus:{tmp_path}/people.db", key=KEY, keys=tmp_path / "other")
    with pytest.raises(GalleryKeyError, match="no file for the keys"):
        open_gallery(f"milvus:{tmp_path}/new.db", key=KEY)
    with open_gallery(f"milvus:{tmp_path}/new.db", key=KEY, keys=tmp_path / "other"):
        pass
    with pytest.raises(GalleryKeyError, match="another gallery"):
        open_gallery(f"milvus:{tmp_path}/people.db", key=KEY, keys=tmp_path / "other")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server in a process of its own, as a cluster is; returns a gallery's URL."""
    with MilvusProcess(tmp_path) as process:
        yield process.url


@pytest.mark.slow
def test_two_processes_on_one_server(server: str) -> None:
    probe = templates(1, seed=7)
    with open_gallery(server) as gallery, Other(server) as other:
        gallery.enrol(templates(20), PEOPLE, origins=origins(20))
        assert len(other.ask("search", 7)) == len(gallery.search(probe, 100)[0]) == 20
        for subject_id in range(1, 5):
            gone = {one.reference_id for one in gallery.iterate(subject_id=subject_id)}
            if subject_id % 2:
                gallery.delete(subject_id=subject_id)
                assert not gone & set(other.ask("search", 7))
            else:
                assert other.ask("delete", subject_id) == 4
                assert not gone & {one.reference_id for one in gallery.search(probe, 100)[0]}
        for seed in range(100, 103):
            reference = other.ask("enrol", seed, "someone")
            assert gallery.search(templates(1, seed=seed), 1)[0][0].reference_id == reference


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_enrolment_is_resumed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for number in range(60):
        (files / f"{number:03}").write_text(str(number))
    for n_seen in (5, 17, 31):
        with Other(f"{server}?lease_s=1") as other:
            other.start("enrol files", str(files))
            for _ in range(n_seen):
                other.answer()
            os.kill(other.process.pid, signal.SIGKILL)
    with Other(server) as other:
        other.start("enrol files", str(files))
        while other.answer() != "finished":
            pass
    with open_gallery(server) as gallery:
        assert gallery.count() == Count(10, 60)
        assert gallery.verify().problems == ()
        for number in range(60):
            ((found,),) = gallery.search(templates(1, seed=number), 1)
            assert found.score == pytest.approx(1, abs=1e-6)
            assert gallery.get(found.reference_id).source == str(files / f"{number:03}")


def test_crops_are_refused_not_dropped(tmp_path: Path) -> None:
    with plain(tmp_path) as gallery, pytest.raises(InputError, match="crop"):
        gallery.enrol(templates(1), Subject("a"), origins=[Origin(crop=b"jpeg")])

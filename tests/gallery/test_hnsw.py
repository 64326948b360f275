"""The graph answers nearly as comparing everything does, and forgets at once."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from mien.errors import GalleryError, InputError
from mien.gallery import Gallery, Subject
from mien.types import Templates
from tests.gallery.synthetic import MODEL, origins

pytest.importorskip("usearch")
from mien.gallery import index_hnsw
from mien.gallery.sqlite import SqliteGallery

N, D = 3000, 32


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_hnsw, "HNSW_LEAST", 500)


def people(n: int = N, *, seed: int = 0) -> Templates:
    """Ten alike for each subject."""
    rng = np.random.default_rng(seed)
    faces = np.repeat(rng.standard_normal((n // 10, D)), 10, axis=0)
    noisy = faces + 0.6 * rng.standard_normal((n, D))
    return Templates.from_raw(noisy.astype(np.float32), MODEL)


def filled(folder: Path, **options: object) -> SqliteGallery:
    gallery = Gallery.open(folder, **options)
    assert isinstance(gallery, SqliteGallery)
    given = [Subject(f"person {row // 10}") for row in range(N)]
    gallery.enrol(people(), given, origins=origins(N))
    return gallery


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("policy", ["reference", "max", "mean", "quality"])
def test_it_finds_what_comparing_everything_finds(tmp_path: Path, policy: str) -> None:
    probes = people()[np.arange(0, N, 60)]
    with filled(tmp_path / "a", index="hnsw") as graph, Gallery.open(tmp_path / "a") as exact:
        found, expected = (
            gallery.search(probes, 10, policy=policy)  # type: ignore[arg-type]
            for gallery in (graph, exact)
        )
        ids = [[{c.reference_id for c in row} for row in side] for side in (found, expected)]
        shared = [len(a & b) for a, b in zip(*ids, strict=True)]
        # The graph is made by several threads, never quite the same twice.
        assert np.mean(shared) >= (9.5 if policy in ("reference", "max") else 10)
        assert graph.search(probes[0:1], 3) == [found[0][:3]] or policy != "reference"
        info = graph.index_info()
    assert (info.kind, info.n_references, info.n_measured) == ("hnsw", N, 200)
    assert info.recall is not None
    assert 0.95 <= info.recall <= 1


@pytest.mark.usefixtures("small")
def test_what_is_erased_is_not_found_and_its_place_is_used_again(tmp_path: Path) -> None:
    probes = people()
    with filled(tmp_path / "a", index="hnsw") as graph, Gallery.open(tmp_path / "a") as other:
        assert graph.search(probes[:1], 1)[0][0].subject_id == 1
        other.delete(subject_id=1)
        graph.delete(subject_id=2)
        for candidates in graph.search(probes[:20], 10):
            assert len(candidates) == 10
            assert {candidate.subject_id for candidate in candidates}.isdisjoint({1, 2})
        # The new ones stand in the rows that became free.
        new = people(10, seed=1)
        enrolment = graph.enrol(new, Subject("new"), origins=origins(10, start=N))
        (candidates,) = graph.search(new[:1], 10)
        assert candidates[0].reference_id == enrolment.reference_ids[0]
        assert {c.subject_id for c in candidates} == set(enrolment.subject_ids)
        assert graph.index_info().n_references == N - 10


@pytest.mark.usefixtures("small")
def test_a_wide_search_compares_everything(tmp_path: Path) -> None:
    with filled(tmp_path / "a", index="hnsw") as graph, Gallery.open(tmp_path / "a") as exact:
        probe = people(10, seed=3)[:2]
        assert graph.search(probe, 200) == exact.search(probe, 200)
        assert graph.search(probe, 250, policy="max") == exact.search(probe, 250, policy="max")


def test_few_are_searched_exactly_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with filled(tmp_path / "a", index="hnsw") as graph:
        with caplog.at_level(logging.WARNING):
            graph.search(people()[:1], 5)
            graph.search(people()[:1], 5)
        info = graph.index_info()
    said = [line for line in caplog.messages if "searched exactly" in line]
    assert said == [
        "index='hnsw': 3000 references are searched exactly; a graph is made from 100000 on"
    ]
    assert (info.kind, info.n_references, info.recall) == ("float32", N, None)


@pytest.mark.usefixtures("small")
def test_recall_is_that_of_a_count_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A graph of hardly any links finds little, and says so.
    monkeypatch.setattr(index_hnsw, "_LINKS", 2)
    monkeypatch.setattr(index_hnsw, "_WIDTH_ADD", 2)
    monkeypatch.setattr(index_hnsw, "_WIDTH_SEARCH", 2)
    with filled(tmp_path / "a", index="hnsw") as graph, Gallery.open(tmp_path / "a") as exact:
        recall = graph.index_info().recall
        probes = people()
        chosen = np.random.default_rng(0).choice(N, 200, replace=False)
        hits = []
        for row in chosen.tolist():
            both = [
                [c.reference_id for c in gallery.search(probes[row : row + 1], 11)[0]]
                for gallery in (graph, exact)
            ]
            own = row + 1
            found, best = ([r for r in side if r != own][:10] for side in both)
            hits.append(len(set(found) & set(best)))
    assert recall == pytest.approx(np.mean(hits) / 10, abs=0.01)
    assert recall is not None
    assert recall < 0.99


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="index: got 'tree'"):
        Gallery.open(tmp_path / "a", index="tree")
    with pytest.raises(InputError, match="leave precision at 'float32'"):
        Gallery.open(tmp_path / "a", index="hnsw", precision="int8")
    with SqliteGallery(tmp_path / "a") as gallery, pytest.raises(GalleryError, match="index_info"):
        gallery.index_info()


def test_kinds_of_index(tmp_path: Path) -> None:
    pytest.importorskip("numkong")
    with filled(tmp_path / "a") as exact, SqliteGallery(tmp_path / "a", precision="int8") as int8:
        assert (exact.index_info().kind, int8.index_info().kind) == ("float32", "int8")
        assert int8.index_info().n_references == N

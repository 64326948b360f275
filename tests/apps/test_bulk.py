"""Bulk jobs: shards that are whole, stable and resumable, and on Ray the same results as here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.apps.shards import Block, ShardFolder
from mien.errors import InputError
from mien.gallery import Gallery, Subject, open_gallery
from mien.recognition.enrol import enrol_analysed, enrol_pictures
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis
from tests.apps.conftest import command, write

parquet = pytest.importorskip("pyarrow.parquet")
SETTINGS = {"tasks": ["detect"], "landmarks": ("five",)}


def files(folder: Path, n: int) -> list[str]:
    folder.mkdir(parents=True)
    for number in range(n):
        (folder / f"{number}.jpg").write_text(str(number))
    return [str(folder / f"{number}.jpg") for number in range(n)]


def begin(folder: Path, paths: list[str], **settings: object) -> tuple[list[Block], list[Block]]:
    return ShardFolder(folder).begin(paths, SETTINGS | settings, n_workers=2)


def test_every_picture_is_in_one_block_and_stays_there(tmp_path: Path) -> None:
    paths = files(tmp_path / "in", 100)
    blocks, missing = begin(tmp_path / "out", paths)
    assert blocks == missing
    assert sorted(path for block in blocks for path in block.paths) == sorted(paths)
    assert len(blocks) > 8
    again, _ = begin(tmp_path / "out", paths[::-1])
    assert again == blocks
    more, _ = begin(tmp_path / "out", [*paths, *files(tmp_path / "new", 1)])
    assert len({block.name for block in more} - {block.name for block in blocks}) == 1
    Path(paths[0]).write_text("changed")
    changed, _ = begin(tmp_path / "out", paths)
    assert len({block.name for block in changed} - {block.name for block in blocks}) == 1


def test_no_pictures(tmp_path: Path) -> None:
    assert begin(tmp_path / "out", []) == ([], [])


def test_done_blocks_are_not_done_again_and_old_ones_go(tmp_path: Path) -> None:
    paths, out = files(tmp_path / "in", 40), tmp_path / "out"
    blocks, _ = begin(out, paths)
    shards = ShardFolder(out)
    for block in blocks:
        failed = [Analysis(path, error=None) for path in block.paths]
        assert shards.write(block, failed, landmarks=()) == (len(block.paths), 0)
    (out / ".part-000000-x.parquet.1").write_text("left by a killed worker")
    assert begin(out, paths) == (blocks, [])
    assert not (out / ".part-000000-x.parquet.1").exists()
    Path(paths[7]).write_text("changed")
    changed, missing = begin(out, paths)
    assert len(missing) == 1
    shards.write(missing[0], [Analysis(path) for path in missing[0].paths], landmarks=())
    shards.finish(changed)
    assert {path.name for path in out.glob("*.parquet")} == {block.name for block in changed}


def test_other_settings_and_other_folders_are_refused(tmp_path: Path) -> None:
    paths = files(tmp_path / "in", 3)
    begin(tmp_path / "out", paths)
    with pytest.raises(InputError, match="other settings"):
        begin(tmp_path / "out", paths, tasks=["embed"])
    with pytest.raises(InputError, match="holds other files"):
        begin(tmp_path / "in", paths)
    (tmp_path / "out" / "job.json").write_text("{")
    with pytest.raises(InputError, match="is no job of mien"):
        begin(tmp_path / "out", paths)


def test_a_shard_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    (block,), _ = begin(tmp_path / "out", files(tmp_path / "in", 3))

    def failing() -> Iterator[Analysis]:
        yield Analysis("a")
        raise KeyError("broken")

    with pytest.raises(KeyError):
        ShardFolder(tmp_path / "out").write(block, failing(), landmarks=())
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["job.json"]


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory, portrait: np.ndarray) -> Path:
    """Sixty small pictures of four brightnesses' people, one bad file, one without a face."""
    folder = tmp_path_factory.mktemp("bulk") / "in"
    small = cv2.resize(np.ascontiguousarray(portrait[:, :, ::-1]), (200, 200))
    for number in range(60):
        path = folder / f"person é {number % 4}" / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, cv2.convertScaleAbs(small, alpha=1, beta=number))
    write(folder / "person é 0" / "none.png", small[:40, :40])
    (folder / "person é 1" / "bad.jpg").write_text("no picture")
    return folder


def content(gallery: Gallery) -> list[object]:
    """Everything enrolled, but for ids and times."""
    names = {one.subject_id: one.name for one in gallery.subjects()}
    found = []
    for one in gallery.iterate():
        vector = gallery.templates([one.reference_id]).vectors[0].tobytes()
        found.append((names[one.subject_id], one.source, one.box, one.quality, vector))
    return sorted(found)


def test_enrolling_from_shards_equals_enrolling_from_pictures(
    tmp_path: Path, portraits: Path
) -> None:
    paths = sorted(path for path in portraits.rglob("*") if path.is_file())[::7]
    analyzer = Analyzer(("quality", "embed"), threads=1)
    shards = ShardFolder(tmp_path / "out")
    blocks, _ = shards.begin(map(str, paths), {}, n_workers=1)
    for block in blocks:
        shards.write(block, analyzer.analyze_many(iter(block.paths)), landmarks=())
    found = []
    for way in ("pictures", "shards"):
        with open_gallery(tmp_path / way) as gallery:
            for attempt in range(2):
                options = {"labels": lambda path: Subject(path.parent.name)}
                if way == "pictures":
                    done = enrol_pictures(gallery, paths, analyzer=analyzer, **options)
                else:
                    done = enrol_analysed(gallery, shards.read(blocks), **options)
                assert done.n_pictures == len(paths)
                assert (done.n_enrolled, done.n_already)[attempt] == gallery.count().references
            found.append((content(gallery), sorted(done.left, key=lambda left: left.source)))
    assert found[0] == found[1]


def bulk(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(*arguments), capture_output=True, text=True, **options)
    assert done.returncode in (0, 3), done.stderr
    return done


def rows(folder: Path) -> dict[str, dict]:
    """The records of all shards; no picture is there twice."""
    found: dict[str, dict] = {}
    for shard in sorted(folder.glob("*.parquet")):
        for record in map(json.loads, parquet.read_table(shard)["record"].to_pylist()):
            assert record["source"] not in found
            found[record["source"]] = record
    return found


RAY = ("--on", "ray", "--jobs", "2", "--shards")


@pytest.fixture(scope="module")
def _ray() -> None:
    pytest.importorskip("ray")


@pytest.mark.slow
@pytest.mark.usefixtures("_ray")
def test_on_ray_killed_and_resumed_equals_a_local_run(tmp_path: Path, portraits: Path) -> None:
    tasks = ("--tasks", "landmarks,embed")
    local, out = tmp_path / "local.json", tmp_path / "out"
    bulk("analyze", portraits, "--json", local, *tasks, "--jobs", "1")
    expected = {one["source"]: one for one in json.loads(local.read_text())["images"]}
    arguments = command("analyze", portraits, *RAY, out, *tasks)
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and len(list(out.glob("*.parquet"))) < 2:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")}
    assert len(kept) >= 2
    done = bulk("analyze", portraits, *RAY, out, *tasks)
    assert done.returncode == 3
    assert "bad.jpg" in done.stderr
    assert "62 pictures" in done.stderr
    assert rows(out) == expected
    assert len(kept) < len(list(out.glob("*.parquet")))
    assert all(path.stat().st_mtime_ns == changed for path, changed in kept.items())
    assert not list(out.glob(".part*"))
    shutil.rmtree(out)


@pytest.mark.slow
@pytest.mark.usefixtures("_ray")
def test_enrolling_on_ray_equals_enrolling_here(tmp_path: Path, portraits: Path) -> None:
    found = []
    for name, way in (("here", ()), ("ray", (*RAY, tmp_path / "out"))):
        place = tmp_path / name
        first = json.loads(bulk("enrol", portraits, "-g", place, "--quality", *way).stdout)
        again = json.loads(bulk("enrol", portraits, "-g", place, "--quality", *way).stdout)
        assert (again["enrolled"], again["already"]) == (0, first["enrolled"])
        with open_gallery(place) as gallery:
            left = sorted(one["source"] for one in first["left_out"])
            found.append((content(gallery), first["enrolled"], first["subjects"], left))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "wrong", [("--on", "ray"), ("--shards", "out"), (*RAY, "out", "--csv", "c")]
)
def test_options_that_do_not_go_together(tmp_path: Path, portraits: Path, wrong: tuple) -> None:
    done = subprocess.run(
        command("analyze", portraits, *wrong), capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "--on" in done.stderr
    assert os.listdir(tmp_path) == []

"""The folder of chips appears whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import DatasetError, InputError
from mien.teach.points import LEAST_MARKED, corrected, marked
from mien.teach.rows import SIZE_PX, Rows, blank, joined, new_folder
from mien.train.registry import build, part
from mien.train.taught import COLUMNS, N_POINTS


def some_rows(count: int, source: int = 0, *, seed: int = 0) -> Rows:
    """Chips that say where a mesh and its points lie; nothing else."""
    rng = np.random.default_rng(seed)
    columns = blank(count, source)
    mesh = rng.uniform(20, 90, (468, 2)) + rng.normal(0, 3, (count, 1, 2))
    columns["mesh"][:] = mesh
    columns["landmarks"][:, :N_POINTS, :2] = mesh[:, :N_POINTS]
    columns["landmarks"][:, :N_POINTS, 2] = 1
    columns["targets"][:, COLUMNS["points"]] = 0.5
    names = np.array([f"{source}/{row}" for row in range(count)], dtype=str)
    inputs = rng.integers(0, 256, (count, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    return Rows(inputs=inputs, names=names, subjects=names, **columns)


def write(folder: Path, *parts: Rows) -> None:
    with new_folder(folder) as made:
        made.finish(joined([made.add(part) for part in parts]))


def test_what_is_written_is_what_training_reads(tmp_path: Path) -> None:
    parts = [some_rows(2), some_rows(3, 1, seed=1)]
    write(tmp_path / "a" / "chips", *parts)
    rows = joined(parts)
    read = build("source", part("chips", folder="a/chips"), tmp_path, tmp_path, ())
    for name in ("inputs", "targets", "landmarks", "masks", "names", "subjects"):
        np.testing.assert_array_equal(getattr(read, name), getattr(rows, name))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["chips"]


def test_an_empty_folder_is_filled_and_a_used_one_refused(tmp_path: Path) -> None:
    (tmp_path / "chips").mkdir()
    write(tmp_path / "chips", some_rows(1))
    with pytest.raises(InputError, match="is there already"):
        write(tmp_path / "chips", some_rows(2))
    assert len(np.load(tmp_path / "chips" / "inputs.npy")) == 1
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is there already"):
        write(tmp_path / "file", some_rows(2))
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "file" / "chips", some_rows(2))


def test_a_broken_off_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match="No space left"):
        write(tmp_path / "chips", some_rows(1))
    assert not list(tmp_path.iterdir())


def test_a_folder_without_chips_says_how_to_write_them(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="mien teach"):
        build("source", part("chips", folder="gone"), tmp_path, tmp_path, ())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_is_said_at_once(tmp_path: Path) -> None:
    with (  # noqa: PT012 - which of its steps is refused is the test
        pytest.raises(InputError, match=r"chips: cannot be written: No space left"),
        new_folder(tmp_path / "chips") as made,
    ):
        made._files["masks"].close()
        made._files["masks"] = open("/dev/full", "wb")  # noqa: SIM115 - the folder closes it
        made.add(some_rows(1))
    assert not list(tmp_path.iterdir())


def test_points_are_corrected_only_where_somebody_marked_some() -> None:
    taught, other = some_rows(3), some_rows(LEAST_MARKED, 1, seed=1)
    for before, after in zip([taught, other], corrected([taught, other]), strict=True):
        np.testing.assert_array_equal(before.landmarks, after.landmarks)
    other.landmarks[:, :N_POINTS, 0] += 2  # people mark the points 2 px further right
    other.targets[:, COLUMNS["points"]] = 1
    first, second = corrected([taught, other])
    assert (marked(taught).sum(), marked(other).sum()) == (0, LEAST_MARKED)
    np.testing.assert_array_equal(second.landmarks, other.landmarks)
    other.targets[0, COLUMNS["points"]] = 0.5
    np.testing.assert_array_equal(corrected([taught, other])[0].landmarks, taught.landmarks)
    other.targets[0, COLUMNS["points"]] = 1
    assert not np.array_equal(first.landmarks[:, :N_POINTS], taught.landmarks[:, :N_POINTS])
    assert np.isfinite(first.landmarks[:, :N_POINTS]).all()
    alone = replace(other, subjects=np.full(LEAST_MARKED, "ada"))  # nobody can be left out
    assert np.isfinite(corrected([taught, alone])[0].landmarks[:, :N_POINTS]).all()
    nothing = blank(2, 0)
    whole = Rows(
        inputs=taught.inputs[:2], names=taught.names[:2], subjects=taught.names[:2], **nothing
    )
    assert np.isnan(corrected([whole, other])[0].landmarks).all()


def test_points_are_corrected_as_strongly_as_helps_people_who_were_left_out() -> None:
    def meshes(people: int, seed: int) -> tuple[Rows, np.ndarray]:
        """Two chips a person; each is marked where 40 of its vertices say, and a little beside."""
        rows, rng = some_rows(2 * people), np.random.default_rng(seed)
        shapes = np.random.default_rng(0).normal(0, 1, (20, 468, 2))
        shape = np.tensordot(rng.normal(0, 1, (people, 20)), shapes, axes=1)
        rows.mesh[:] += np.repeat(shape, 2, axis=0)
        truth = rows.mesh[:, :N_POINTS] + 0.5 * rows.mesh[:, 100:140].mean(axis=1, keepdims=True)
        marks = truth + rng.normal(0, noise, truth.shape)
        subjects = np.repeat(np.arange(people), 2).astype(str)
        return replace(rows, subjects=subjects), np.concatenate([truth, marks], axis=2)

    for noise in (0.01, 5.0):
        learned, marks = meshes(300, 1)
        learned.landmarks[:, :N_POINTS, :2] = marks[:, :, 2:]
        learned.targets[:, COLUMNS["points"]] = 1
        new, truth = meshes(50, 2)
        _, after = corrected([learned, new])
        error = np.abs(after.landmarks[:, :N_POINTS, :2] - truth[:, :, :2]).mean()
        assert error < max(0.02, 0.25 * noise)

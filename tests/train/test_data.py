"""Examples are decoded once, kept whole or not at all, and held out by class or by subject."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture

from mien.errors import DatasetError, InputError
from mien.train.examples import Examples, held_out, kept
from mien.train.recipe import find_recipe, recipe_names, with_settings
from mien.train.registry import Part, build, part


def labelled(counts: tuple[int, ...], subjects: bool = False) -> Examples:
    targets = np.repeat(np.arange(len(counts)), counts)
    names = np.array([f"picture {row}" for row in range(len(targets))])
    who = np.array([f"subject {row // 4}" for row in range(len(targets))]) if subjects else None
    return Examples(np.zeros((len(targets), 3), np.float32), targets, names, subjects=who)


def test_every_class_has_its_share_held_out():
    examples = labelled((100, 10, 40))
    learn, held = held_out(examples, share=0.1, seed=0)
    assert np.bincount(examples.targets[held]).tolist() == [10, 1, 4]
    assert np.array_equal(np.sort(np.concatenate([learn, held])), np.arange(150))
    again = held_out(examples.take(np.arange(150)[::-1]), share=0.1, seed=0)[1]
    assert set(examples.names[::-1][again]) == set(examples.names[held])
    assert len(held_out(examples, share=0.0, seed=0)[1]) == 0
    with pytest.raises(InputError, match="nothing is left"):
        held_out(labelled(()), share=0.1, seed=0)


def test_subjects_stay_together():
    examples = labelled((400,), subjects=True)
    learn, held = held_out(examples, share=0.2, seed=1)
    assert examples.subjects is not None
    assert not set(examples.subjects[learn]) & set(examples.subjects[held])
    assert 0.1 < len(held) / 400 < 0.3


def folder_of(root, count=3):
    for name in ("happy", "sad"):
        (root / "train" / name).mkdir(parents=True)
        for number in range(count):
            picture = np.full((48, 48), 40 * number + 10 * (name == "sad"), np.uint8)
            Picture.fromarray(picture).save(root / "train" / name / f"{number}.png")


SOURCE = part(
    "pictures", dataset="fer2013", folder=".", split="train", label="expression",
    size_wh=(24, 24), colour="grey",
)  # fmt: skip


def test_pictures_are_decoded_once(tmp_path):
    folder_of(tmp_path / "data")
    arguments = (tmp_path / "data", tmp_path / "cache", ("happy", "sad"))
    examples = build("source", SOURCE, *arguments)
    assert examples.inputs.shape == (6, 24, 24, 1)
    assert examples.targets.tolist() == [0, 0, 0, 1, 1, 1]
    assert examples.inputs[4].tolist() == np.full((24, 24, 1), 50).tolist()
    (kept_in,) = (tmp_path / "cache").iterdir()
    before = (kept_in / "inputs.npy").stat().st_mtime_ns
    again = build("source", SOURCE, *arguments)
    assert isinstance(again.inputs, np.memmap)
    assert np.array_equal(again.inputs, examples.inputs)
    assert (kept_in / "inputs.npy").stat().st_mtime_ns == before
    with pytest.raises(DatasetError, match="sad"):
        build("source", SOURCE, tmp_path / "data", tmp_path / "cache", ("happy",))


def test_what_breaks_half_way_leaves_nothing(tmp_path):
    def fails(opened):
        opened((2, 4, 4, 1))[0] = 1
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        kept(tmp_path / "examples", fails)
    assert not (tmp_path / "examples").exists()


def test_rows_are_read_and_checked(tmp_path):
    rows = np.random.default_rng(0).normal(size=(5, 3))
    np.savez(tmp_path / "rows.npz", rows=rows, targets=np.array([0, 1, 1, 0, 1]))
    examples = build("source", part("rows", file="rows.npz"), tmp_path, tmp_path, ("a", "b"))
    assert examples.inputs.dtype == np.float32
    assert examples.targets.dtype == np.int64
    with pytest.raises(DatasetError, match="targets are not"):
        build("source", part("rows", file="rows.npz"), tmp_path, tmp_path, ("a",))
    (tmp_path / "broken.npz").write_bytes(b"PK")
    for file in ("broken.npz", "absent.npz"):
        with pytest.raises(DatasetError, match=file):
            build("source", part("rows", file=file), tmp_path, tmp_path, ())


def test_settings_reach_into_parts():
    recipe = find_recipe("expression-fer2013")
    changed = with_settings(recipe, ["epochs=2.5", "head.dropout=0.1", "sampler=balanced"])
    assert changed.epochs == 2.5
    assert changed.head == Part("classes", {"dropout": 0.1})
    assert changed.sampler == Part("balanced")
    assert recipe.essence() != changed.essence()
    assert with_settings(recipe, ["checkpoint_every_s=9"]).essence() == recipe.essence()
    for wrong in ("epochs", "epoch=3", "epochs.x=1", "epochs=-1", "batch=0"):
        with pytest.raises(InputError):
            with_settings(recipe, [wrong])


def test_every_recipe_names_parts_that_there_are():
    from mien.train.registry import known

    for name in recipe_names():
        recipe = find_recipe(name)
        assert {task.name for task in recipe.tasks} <= set(known("task"))
        kinds = {"source": "source", "backbone": "backbone", "sampler": "sampler"}
        kinds |= {"head": "decoder"} if recipe.tasks else {"head": "head", "loss": "loss"}
        for field, kind in kinds.items():
            assert getattr(recipe, field).name in known(kind), name
        assert {part_.name for part_ in recipe.augmentations} <= set(known("augmentation"))
        assert recipe.card["not_for"]
    with pytest.raises(InputError, match="expression-fer2013"):
        find_recipe("expressions")


def test_a_recipe_file_that_is_none_says_so(tmp_path):
    for text in ("RECIPE = 3", "import nowhere_at_all", "x ="):
        (tmp_path / "mine.py").write_text(text)
        with pytest.raises(InputError, match=r"mine\.py"):
            find_recipe(str(tmp_path / "mine.py"))
    with pytest.raises(InputError, match="no such file"):
        find_recipe(str(tmp_path / "absent.py"))

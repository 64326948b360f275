"""The unified model on one's own folder, as docs/training.md says: from pictures to outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
import mien.models
from mien.apps.cli import main
from mien.types import Image
from tests.conftest import REPOSITORY
from tests.teach.conftest import HEADER

Variant = Callable[[int, int], np.ndarray]


def documented_recipe() -> str:
    """Return the recipe that the page shows, which has ten lines or fewer."""
    page = (REPOSITORY / "docs" / "training.md").read_text(encoding="utf-8")
    section = page.split("### Your own unified model")[1]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    assert len([line for line in found[1].splitlines() if line]) <= 10
    return found[1]


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


@pytest.mark.slow
def test_teach_train_export_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: Variant
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my" / "faces"
    folder.mkdir(parents=True)
    rows = []
    for person in range(12):
        for picture in range(2):
            name = f"{person}-{picture}.png"
            cv2.imwrite(str(folder / name), variant(person, picture)[:, :, ::-1])
            age, shown = (str(20 + person), "") if picture else ("", ("happy", "sad")[person % 2])
            rows.append(f"{name},p{person},{age},,,{shown}\n")
    (folder / "labels.csv").write_text(HEADER + "".join(rows))
    Path("mine.py").write_text(documented_recipe())
    asked = ("--data", "my", "--source", "labels-csv=faces")
    assert run("teach", *asked, "--out", "my/chips") == 0
    changed = ("--set", "epochs=0.5", "--set", "batch=4", "--set", "hold_out=0.2")
    assert run("train", "mine.py", "--data", "my", "--threads", "1", *changed) == 0
    exporting = ("--recipe", "mine.py", "--data", "my", "--to", "models")
    assert run("export", "runs/mine", *exporting, *changed) == 0
    chips = np.stack([one.pixels for one in mien.align(Image(variant(0, 0)), "dlib112")])
    network = mien.models.load("models/mien-unified.mine.toml")
    assert set(network(chips, only=["age", "expression"])) == {"age", "expression"}
    found = network(chips)
    assert set(found) == {
        *("points", "pose", "regions", "recognisability", "age", "age_spread"),
        *("expression", "embedding"),
    }
    assert all(np.isfinite(values).all() for values in found.values())
    assert found["points"].shape == (1, 68, 3)
    # The recogniser's part does not learn: its template is the one that mien gives of the face.
    template = mien.embed(Image(variant(0, 0)), mirror=False).vectors[0]
    assert float(found["embedding"][0] @ template) > 0.9
    picture = str(next(folder.glob("*.png")))
    asked = ("--tasks", "unified", "--unified", "models/mien-unified.mine.toml")
    assert run("analyze", picture, *asked, "--json", "found.json") == 0
    (image,) = json.loads(Path("found.json").read_text())["images"]
    (face,) = image["faces"]
    assert {"apparent_age", "expression", "recognisability"} <= set(face)
    assert not {"apparent_gender", "apparent_ancestry"} & set(face)

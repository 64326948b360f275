"""One picture a split, with four small arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.data.trees import Expected, overwritten, picture, removed

EXPECTED = Expected(
    ("train_set/images/0.jpg", "val_set/images/0.jpg"),
    {"train": 1, "val": 1},
    first_labels={"expression": "contempt", "valence": -0.25, "arousal": 0.5},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        stem = picture(root / name).parent.parent / "annotations" / "0"
        stem.parent.mkdir()
        values = {"exp": "7", "val": "-0.25", "aro": "0.5", "lnd": np.arange(136.0)}
        for kind, value in values.items():
            np.save(f"{stem}_{kind}.npy", np.asarray(value))


def _save(name: str, value: object) -> object:
    return lambda root: np.save(root / f"train_set/annotations/0_{name}.npy", np.asarray(value))


BROKEN = (
    (removed("val_set/annotations/0_val.npy"), "0_val.npy: no such file"),
    (overwritten("val_set/annotations/0_aro.npy", b"x"), "0_aro.npy: is no array of numbers"),
    (_save("exp", 8), "0_exp.npy: got 8"),
    (_save("lnd", np.zeros(10)), "0_lnd.npy: got 10 numbers, expected 136"),
    (_save("val", np.nan), "0_val.npy: got 1 numbers, expected 1 finite"),
)

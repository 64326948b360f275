"""One person in gallery and probes, and a distractor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io

from tests.data.trees import Break, Expected, overwritten, removed
from tests.data.trees.simple import build_files

PROBES = "Testing_Set/probe_img_ID_pairs.mat"
EXPECTED = Expected(
    tuple(
        f"Testing_Set/{name}.jpg" for name in ("Gallery_Match/1", "Probe/1", "Gallery_Distractor/1")
    ),
    first_subject="7",
    first_labels={"role": "gallery"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    names = np.array([["1.jpg"]], object)
    ids = np.array([[7]], np.uint16)
    content = {"gallery_set": names, "gallery_ids": ids}
    scipy.io.savemat(root / "Testing_Set/gallery_match_img_ID_pairs.mat", content)
    scipy.io.savemat(root / PROBES, {"probe_set": names, "probe_ids": ids})


def _with(**content: object) -> Break:
    return lambda root: scipy.io.savemat(root / PROBES, content)


BROKEN = (
    (removed("Testing_Set/Probe/1.jpg"), "probe_img_ID_pairs.mat: names 1.jpg"),
    (removed(PROBES), "probe_img_ID_pairs.mat: no such file"),
    (overwritten(PROBES, b"MATLAB 5.0"), "probe_img_ID_pairs.mat: is no readable MATLAB file"),
    (_with(probe_ids=[[7]]), "has no variable probe_set"),
    (
        _with(probe_set=np.array([["1.jpg"]], object), probe_ids=[[7, 8]]),
        "got 1 pictures and 2 ids",
    ),
)

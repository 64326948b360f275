"""A crowd of three, nobody, and one face to validate on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(
    (
        "WIDER_train/images/0--Parade/a.jpg",
        "WIDER_train/images/0--Parade/b.jpg",
        "WIDER_val/images/1--Handshaking/c.jpg",
    ),
    {"train": 2, "val": 1},
    first_labels={
        "blur": (0.0, 2.0),
        "expression_typical": (0.0, 0.0),
        "illumination_extreme": (0.0, 1.0),
        "invalid": (0.0, 1.0),
        "occlusion": (0.0, 2.0),
        "pose_atypical": (0.0, 1.0),
    },
)
TRAIN = "wider_face_split/wider_face_train_bbx_gt.txt"
VAL = "wider_face_split/wider_face_val_bbx_gt.txt"


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(
        root / TRAIN,
        "0--Parade/a.jpg\n2\n1 1 3 4 0 0 0 0 0 0\n2 2 1 1 2 0 1 1 2 1\n"
        "0--Parade/b.jpg\n0\n0 0 0 0 0 0 0 0 0 0\n",
    )
    text(root / VAL, "1--Handshaking/c.jpg\n2\n1 1 3 4 0 0 0 0 0 0\n1 1 0 4 0 0 0 0 0 0\n")
    for level, faces in {"easy": [], "medium": [[1]], "hard": [[1], [2]]}.items():
        numbers = np.array(faces, np.uint16).reshape(-1, 1)
        content = {"file_list": _cell(_cell("c")), "gt_list": _cell(_cell(numbers))}
        path = root / "ground_truth" / f"wider_{level}_val.mat"
        path.parent.mkdir(exist_ok=True)
        scipy.io.savemat(path, content)


def _cell(content: object) -> np.ndarray:
    cell = np.empty((1, 1), object)
    cell[0, 0] = content
    return cell


BROKEN = (
    (removed("WIDER_train/images/0--Parade/b.jpg"), "train_bbx_gt.txt:5: names 0--Parade/b.jpg"),
    (replaced(TRAIN, "\n2\n", "\ntwo\n"), "train_bbx_gt.txt:2: column 0: got 'two'"),
    (replaced(TRAIN, "\n2\n", "\n3\n"), "train_bbx_gt.txt:5: expected 3 lines"),
    (replaced(TRAIN, "1 1 3 4 0", "1 1 3 4"), "train_bbx_gt.txt:3: expected 2 lines of 10"),
    (replaced(TRAIN, "1 1 3 4", "1 1 3 nan"), "train_bbx_gt.txt:3: column 3: got 'nan'"),
    (replaced(TRAIN, "0\n0 0 0 0 0 0 0 0 0 0\n", ""), "train_bbx_gt.txt:5: expected the number"),
    (replaced(VAL, "2\n1 1 3 4 0 0 0 0 0 0\n", "1\n"), "val_bbx_gt.txt:1: the levels"),
)

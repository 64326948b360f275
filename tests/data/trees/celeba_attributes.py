"""Three aligned pictures of two people, as torchvision lays them, with two attributes."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text, words

EXPECTED = Expected(
    tuple(f"img_celeba/00000{number}.jpg" for number in (1, 2, 3)),
    {"train": 1, "val": 1, "test": 1},
    "8",
    {"Male": 1.0, "Smiling": 0.0, "apparent_gender": "male"},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    files = [f"00000{number}.jpg" for number in (1, 2, 3)]
    attributes = zip(files, ("1 -1", "-1  1", "1 1"), strict=True)
    lines = "".join(f"{file} {values}\n" for file, values in attributes)
    text(root / "Anno/list_attr_celeba.txt", f"3\nMale Smiling\n{lines}")
    points = "".join(f"{file} {words(range(10))}\n" for file in files)
    text(root / "Anno/list_landmarks_celeba.txt", f"3\nlefteye_x lefteye_y\n{points}")
    boxes = "".join(f"{file} 1 1 4 4\n" for file in files)
    text(root / "Anno/list_bbox_celeba.txt", f"3\nimage_id x_1 y_1 width height\n{boxes}")
    text(root / "identity_CelebA.txt", words(f"{file} {8 + n}\n" for n, file in enumerate(files)))
    parts = "".join(f"{file} {number}\n" for number, file in enumerate(files))
    text(root / "Eval/list_eval_partition.txt", parts)


BROKEN = (
    (removed("img_celeba/000002.jpg"), "list_attr_celeba.txt:4: names 000002.jpg"),
    (removed("Anno/list_attr_celeba.txt"), "no list_attr_celeba.txt"),
    (replaced("Anno/list_attr_celeba.txt", "1 -1", "1 0"), "attr_celeba.txt:3: column 2: got '0'"),
    (replaced("Anno/list_attr_celeba.txt", "1 -1", "1"), "attr_celeba.txt:3: got 2 cells"),
    (replaced("Eval/list_eval_partition.txt", "000003.jpg 2\n", ""), "attr_celeba.txt:5: 000003"),
    (replaced("Eval/list_eval_partition.txt", "jpg 2", "jpg 7"), "partition.txt:3: column 1"),
)

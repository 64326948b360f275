"""IJB-C: four crops, three templates, two galleries."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text, words

EXPECTED = Expected(
    tuple(f"loose_crop/{number}.jpg" for number in range(1, 5)),
    first_subject="70",
    first_labels={"detector_score": 0.99},
)


def build(root: Path) -> None:
    for number in range(1, 5):
        picture(root / f"loose_crop/{number}.jpg")
    points = words(range(10))
    text(
        root / "meta/ijbc_name_5pts_score.txt",
        "".join(f"{number}.jpg {points} 0.99\n" for number in range(1, 5)),
    )
    text(root / "meta/ijbc_face_tid_mid.txt", "1.jpg 1 5\n2.jpg 1 5\n3.jpg 2 6\n4.jpg 3 7\n")
    text(root / "meta/ijbc_template_pair_label.txt", "1 2 0\n1 3 1\n")
    header = "TEMPLATE_ID,SUBJECT_ID,FILENAME\n"
    text(root / "meta/ijbc_1N_gallery_G1.csv", f"{header}1,70,a.png\n1,70,b.png\n")
    text(root / "meta/ijbc_1N_gallery_G2.csv", f"{header}2,71,c.png\n")
    text(root / "meta/ijbc_1N_probe_mixed.csv", f"{header}3,70,d.png\n")


BROKEN = (
    (removed("loose_crop/2.jpg"), "score.txt:2: names 2.jpg"),
    (removed("meta/ijbc_template_pair_label.txt"), "label.txt: no such file"),
    (replaced("meta/ijbc_template_pair_label.txt", "1 3 1", "1 3 2"), "label.txt:2: column 2"),
    (replaced("meta/ijbc_template_pair_label.txt", "1 3 1", "1 x 1"), "label.txt:2: column 1"),
    (replaced("meta/ijbc_face_tid_mid.txt", "2.jpg", "9.jpg"), "score.txt:2: names 2.jpg"),
    (replaced("meta/ijbc_face_tid_mid.txt", "4.jpg 3 7\n", ""), "score.txt:4: names 4.jpg"),
    (replaced("meta/ijbc_name_5pts_score.txt", " 0.99", ""), "score.txt:1: got 11 cells"),
    (replaced("meta/ijbc_1N_gallery_G2.csv", "71", "70"), "subject 70 is in G1 and in G2"),
    (replaced("meta/ijbc_1N_gallery_G1.csv", "1,70,b", "1,72,b"), "G1.csv:3: gives template 1"),
)

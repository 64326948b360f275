"""Two faces, one of them ignored, to train on; nobody to test on."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text

EXPECTED = Expected(("faces/a.jpg", "faces/b.jpg"), {"train": 1, "test": 1})
TRAIN = "faces/training_with_face_landmarks.xml"
TEST = "faces/testing_with_face_landmarks.xml"


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    parts = "\n".join(f"<part name='{n:02}' x='{n}' y='{n + 1}'/>" for n in range(68))
    box = "<box top='1' left='2' width='3' height='4'"
    faces = f"{box}>\n{parts}\n</box>\n{box} ignore='1'>\n{parts}\n</box>"
    text(
        root / TRAIN,
        f"<?xml version='1.0'?>\n<images>\n<image file='a.jpg'>\n{faces}\n</image></images>",
    )
    text(root / TEST, "<?xml version='1.0'?>\n<images><image file='b.jpg'/></images>")


ENTITY = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]>"
BROKEN = (
    (removed("faces/b.jpg"), "testing_with_face_landmarks.xml:2: names 'b.jpg'"),
    (replaced(TRAIN, "<part name='00' x='0' y='1'/>\n", ""), "landmarks.xml:3: got 67, 68 parts"),
    (replaced(TRAIN, "left='2'", "left='two'"), "landmarks.xml:4: box: expected numbers left"),
    (replaced(TRAIN, "x='1' ", ""), "landmarks.xml:6: part: expected numbers x, y"),
    (replaced(TRAIN, "</images>", ""), "landmarks.xml:.*: is no XML"),
    (replaced(TRAIN, "<?xml version='1.0'?>", ENTITY), "landmarks.xml:1: defines an entity"),
)

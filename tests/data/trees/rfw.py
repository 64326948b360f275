"""Two groups, two people each."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, removed, replaced, text, words

EXPECTED = Expected(
    tuple(
        f"data/{group}/{person}/{person}_000{number}.jpg"
        for group, people in (("African", ("m.01", "m.02")), ("Asian", ("m.03", "m.04")))
        for person in people
        for number in (1, 2)
    ),
    {"African": 4, "Asian": 4, "Caucasian": 0, "Indian": 0},
    "m.01",
    {"apparent_ancestry": "African"},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        picture(root / name)
    text(root / "txts/African/African_pairs.txt", "m.01\t1\t2\nm.01\t1\tm.02\t2\n")
    points = words(range(10))
    lines = "".join(
        f"/{Path(name).parts[-2]}/{Path(name).name}\t0\t{points}\n"
        for name in EXPECTED.sample_ids[:4]
    )
    text(root / "txts/African/African_lmk.txt", lines)
    text(root / "txts/Asian/Asian_pairs.txt", "m.03\t1\t2\nm.03\t2\tm.04\t1\n")
    for group in ("Caucasian", "Indian"):
        text(root / f"txts/{group}/{group}_pairs.txt", "")
        (root / "data" / group).mkdir()


BROKEN = (
    (removed("data/African/m.02/m.02_0002.jpg"), "African_pairs.txt:2: names m.02"),
    (replaced("txts/African/African_lmk.txt", " 9", ""), "African_lmk.txt:1: got 11 cells"),
    (replaced("txts/Asian/Asian_pairs.txt", "\t1\t2", "\t1"), "Asian_pairs.txt:1: got 2 cells"),
    (replaced("txts/Asian/Asian_pairs.txt", "\t1\t2", "\t1\tx"), "Asian_pairs.txt:1: column 2"),
)

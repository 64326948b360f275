"""Write the folder that the unified model learns from.

python -m tools.unified --data ../shared/data --out FOLDER

Chips of 112 px aligned as the recogniser's, from the parts of the data that may be fitted on; with
each what its data set says, and what mien's separate networks say. LFW is not among them.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from tools.unified.chips import faces_of, grey_faces
from tools.unified.points import corrected_points, point_correction
from tools.unified.rows import joined

#: Data sets after FER2013, their folders and splits that may be fitted on, in the order of
#: ``source``; the last one has points.
ALIGNED = (
    ("utkface", "utkface", "fit"),
    ("celeba-identity", "celeba_identity", "even-ids"),
    ("ytf68", "ytf_keypoints68", "fit"),
)


def main() -> None:
    """Read, align, ask the teachers, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="pictures of each data set, to try it out")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    grey = grey_faces(asked.data / "fer2013", "train", asked.limit)
    parts = [
        faces_of(name, asked.data / folder, split, source=index, limit=asked.limit)
        for index, (name, folder, split) in enumerate(ALIGNED, start=1)
    ]
    correction = point_correction(parts[-1])
    joined([grey, *(corrected_points(part, correction) for part in parts)]).write(asked.out)


if __name__ == "__main__":
    main()

"""Write docs/datasets.md: which data sets are read, what they say, and where a layout is from.

python -m tools.dataset_table
"""

from __future__ import annotations

from pathlib import Path

from mien.data import known_datasets
from mien.data.sample import LABELS
from mien.types import SCHEMAS

PAGE = Path(__file__).parent.parent / "docs" / "datasets.md"

HEAD = """# Data sets

Written by `python -m tools.dataset_table` from the registry; do not edit.

A data set is read in the layout in which it is distributed; nothing is downloaded or converted.

```python
from mien.data import open_dataset

dataset = open_dataset("fairface", "path/to/FairFace")   # DatasetError unless it is FairFace
for sample in dataset.samples("val"):                    # in a stable order; no pixel is decoded
    print(sample.sample_id, sample.labels["apparent_age_range"])
    image = sample.image()                               # decoded now
```

What a file does not say is `None` or absent. A line that cannot be read, a picture that a list
names and that is not there, and a name that leads out of the folder are refused with file and
line. Samples of a video have its path (or the folder of its frames), and maybe a frame; `image()`
refuses them.

**Layout.** *verified*: the reader was run on real files in this layout, and a test asserts their
counts. *unverified*: written from the public source that is named, tested on a tiny tree of plain
pictures only; the first real copy may show what the source left out. Please report it.

**Words.** Left and right are the subject's where the source says so; CelebA, RAF-DB, RFW and IJB
list the eye that is left in the picture first, and are turned round. Ages, genders and groups are
what annotators saw or what the data set states, under names that begin with `apparent_`.
Coordinates are in px from the corner of the top-left pixel where the source says how it counts
(300-W and menpo count from 1 at its centre: half a pixel is taken off), else as they are given.

"""

TAIL = """
## Splits

The splits of a data set are its own. `mien.data.splits.split_by_subject(samples, parts, seed=…)`
divides samples so that nobody is in two parts: by a hash of subject and seed, so that neither the
order nor later additions move anybody. `refuse_shared_subjects` raises for a subject in two parts;
IJB's galleries and MSU-MFSD's lists go through it.

## Optional parts

MATLAB files need `pip install 'mien[mat]'` (scipy, h5py), Parquet `pip install 'mien[parquet]'`.
The `.bin` packs are pickles: they are parsed, never run, so that a pack of unknown origin cannot
run code.

## Not read

- CASME, CASME II and SAMM: their labels are Excel workbooks. SMIC, DFFD, SEWA and IIITM Face: no
  public description of the layout was found that could be cited.
- DISFA+, BP4D+ (other folders than BP4D's), RFW's training part, TinyFace's training part,
  SurvFace's open-set search, WIDER FACE's test part (without labels).
- The points of CelebAMask-HQ, the 21 points of AFLW2000, the dense labels of 300W-LP.
- EmoNet-Face is distributed as Parquet: read it as `hf-parquet`. WebFace, MS1M and VGGFace2 as
  folders: read them as `identity-folders`.
"""


def rows() -> list[str]:
    """Return the table, a line a data set."""
    lines = ["| name | data set | gives | splits | layout | source |", "| --- " * 6 + "|"]
    for name, dataset in known_datasets().items():
        cells = (
            f"`{name}`",
            dataset.title,
            ", ".join(getattr(dataset, "gives", ())) or "-",
            ", ".join(dataset.splits) or "-",
            dataset.layout,
            dataset.source,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def page() -> str:
    """Return the whole page."""
    known = known_datasets().values()
    verified = sum(dataset.layout == "verified" for dataset in known)
    counts = f"{len(known)} data sets, {verified} of them verified.\n\n"
    labels = [f"- `{name}`: {meaning}" for name, meaning in LABELS.items()]
    points = ", ".join(f"`{name}` ({count})" for name, count in SCHEMAS.items())
    vocabulary = (
        "\n\n## Labels that several data sets share\n\n"
        + "\n".join(labels)
        + f"\n\nLandmark schemas: {points}.\n"
    )
    return HEAD + counts + "\n".join(rows()) + vocabulary + TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

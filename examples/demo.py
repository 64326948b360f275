"""The demo: analyse the public-domain portrait that ships in scikit-image, and show the result.

python -m examples.demo [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image
from skimage.data import astronaut

from mien.apps.cli import main


def run(folder: Path) -> None:
    """Write the photograph, the annotated picture, the JSON and the HTML report to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    photo = folder / "astronaut.jpg"
    Image.fromarray(astronaut()).save(photo, quality=95)
    outputs = ["--json", str(folder / "analysis.json"), "--report", str(folder / "report.html")]
    main(["analyze", str(photo), *outputs, "--draw", str(folder / "drawn")])


if __name__ == "__main__":
    run(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))

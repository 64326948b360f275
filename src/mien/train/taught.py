"""What a chip may teach the unified model, as the columns of one array; NaN where it says nothing.

Landmarks lie beside it, so that augmentations move them: the 68 points, then five points that
carry the head's pose, each with how visible it is.
"""

from __future__ import annotations

from types import MappingProxyType

from torch import Tensor

from mien.geometry.ibug import MIRRORED_68

#: Where each number stands. ``source``: index of the data set; ``points``: how far the 68 points
#: are to be trusted, 0..1; ``recognisability``: 0..1; classes are indices. ``expression_taught``:
#: probabilities that the separate network gives.
COLUMNS = MappingProxyType(
    {
        "source": slice(0, 1),
        "age": slice(1, 2),
        "gender": slice(2, 3),
        "ancestry": slice(3, 4),
        "expression": slice(4, 5),
        "recognisability": slice(5, 6),
        "points": slice(6, 7),
        "embedding": slice(7, 135),
        "expression_taught": slice(135, 142),
    }
)
WIDTH = 142
N_POINTS = 68
#: After them come the middle of the head and four points a step from it along the head's axes: to
#: the subject's left and right, down, and back. The length of a step, in sides of the chip.
POSE_STEP = 0.25
#: A mask's value where nothing is known.
UNKNOWN = 255


def column(targets: Tensor, name: str) -> Tensor:
    """Return one number of each example, (B,) or (B,D), NaN where it is not said."""
    found = targets[:, COLUMNS[name]]
    return found[:, 0] if found.shape[1] == 1 else found


#: The mirror image of each landmark of a chip.
MIRRORED = (*MIRRORED_68, 68, 70, 69, 71, 72)

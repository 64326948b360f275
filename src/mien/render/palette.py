"""One colour a face, the same in drawings and reports; readable on dark and on light."""

from __future__ import annotations

#: Bright and of about equal lightness, in an order in which neighbours differ most; RGB.
FACE_COLOURS: tuple[tuple[int, int, int], ...] = (
    (94, 224, 214),
    (255, 196, 92),
    (255, 138, 149),
    (146, 190, 255),
    (176, 228, 122),
    (217, 168, 255),
    (255, 166, 108),
    (130, 232, 255),
)
GAZE_COLOUR = (255, 226, 120)
#: Axes of the head: to the subject's left, up, forward.
AXIS_COLOURS = ((255, 120, 120), (140, 230, 130), (125, 180, 255))


def face_colour(index: int) -> tuple[int, int, int]:
    """Return the colour of the face in this row."""
    return FACE_COLOURS[index % len(FACE_COLOURS)]

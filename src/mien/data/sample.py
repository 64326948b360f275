"""One labelled picture of a data set; no pixel is decoded before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mien.errors import InputError
from mien.io import decode, read_image
from mien.types import Boxes, Image, Landmarks
from mien.types.arrays import BoolArray, checked, same_length

#: Suffixes, lower case, of the videos that data sets consist of.
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm"})

#: What a label may be: a class name, a number, or numbers that belong together.
Label = str | float | tuple[float, ...]

#: The names of labels, the same in every data set, with their units and values.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "apparent_age": "years; also what the data set calls age",
        "apparent_age_range": "a range of years in the data set's own words",
        "apparent_gender": "female | male",
        "apparent_ancestry": "a class in the data set's own words",
        "expression": "angry | contempt | disgust | fear | happy | neutral | sad | surprise; "
        "others in the data set's own words",
        "valence": "-1..1",
        "arousal": "-1..1",
        "yaw_deg": "degrees, > 0: the subject turns to the subject's own left",
        "pitch_deg": "degrees, > 0: the subject looks up",
        "roll_deg": "degrees, > 0: the head tilts to the subject's own left shoulder",
        "gaze_yaw_deg": "degrees, > 0: the gaze turns to the subject's own left",
        "gaze_pitch_deg": "degrees, > 0: the subject looks up",
        "gaze_target_xy": "px: the point in the picture that the subject looks at",
        "gaze_target_fraction_xy": "the same in parts of the picture's width and height",
        "au_01": "and other action units: 0 | 1, or an intensity of 0..5",
        "attack": "bona_fide, or the species of the presentation attack",
        "forgery": "real, or the method of the forgery",
        "skin_tone": "a class of the scale that the data set names",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture and what the data set says of it; ``None`` and absent labels mean not said.

    ``sample_id`` is unique in its data set and stable: the path below the root, POSIX style, with
    ``#row`` where a file holds several. The picture is ``path`` or ``encoded`` bytes. ``boxes``
    and ``landmarks`` have one row a labelled face, in px of the EXIF-applied picture; a detector
    neither gains nor loses by the faces that are ``ignored (N,) bool``. A sample of a video has
    the video, or the folder of its frames, as its ``path``, with the ``frame``, counted from 0, if
    one is meant. Names of
    ``labels`` that several data sets share are those of LABELS; others are the data set's own.
    """

    sample_id: str
    path: Path | None = None
    encoded: bytes | None = None
    subject_id: str | None = None
    boxes: Boxes | None = None
    landmarks: Landmarks | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)
    ignored: BoolArray | None = None
    frame: int | None = None

    def __post_init__(self) -> None:
        """Check that there is one picture."""
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        if (self.path is None) == (self.encoded is None):
            raise InputError(f"Sample {self.sample_id}: expected either path or encoded bytes")
        if self.ignored is not None:
            ignored = checked("Sample.ignored", self.ignored, ("N",), dtype=bool)
            same_length("Sample", boxes=len(self.boxes or ()), ignored=len(ignored))
            object.__setattr__(self, "ignored", ignored)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the read-only mapping as a plain dict, which pickle knows."""
        return Sample, (
            self.sample_id,
            self.path,
            self.encoded,
            self.subject_id,
            self.boxes,
            self.landmarks,
            dict(self.labels),
            self.ignored,
            self.frame,
        )

    @property
    def is_video(self) -> bool:
        """Whether ``path`` is a video or a folder of frames, which has no one picture."""
        path = self.path
        return path is not None and (path.suffix.lower() in VIDEO_SUFFIXES or path.is_dir())

    def image(self) -> Image:
        """Decode the picture. Raises as mien.io.read_image does, and InputError for a video."""
        if self.is_video:
            raise InputError(f"{self.path}: is a video; decode its frames, then give each an Image")
        if self.path is not None:
            return read_image(self.path)
        assert self.encoded is not None
        return decode(self.encoded, self.sample_id)

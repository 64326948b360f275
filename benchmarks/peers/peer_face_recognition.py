"""face_recognition: HOG detection, five landmarks, dlib ResNet; its own defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version

import face_recognition
import numpy as np
from protocol import Job, most_central, serve


class FaceRecognition:
    """`face_locations` then `face_encodings`, the way its README uses them."""

    def __init__(self, job: Job) -> None:
        self.about = {
            "face_recognition": version("face_recognition"),
            "dlib-bin": version("dlib-bin"),
            "threads": "dlib computes on the calling thread; CPU affinity",
            "decode": "Pillow (its own load_image_file)",
        }

    def run(self, pictures: Sequence[str]) -> int:
        """Detect and embed every face."""
        faces = 0
        for path in pictures:
            pixels = face_recognition.load_image_file(path)
            boxes = face_recognition.face_locations(pixels)
            faces += len(face_recognition.face_encodings(pixels, boxes))
        return faces

    def templates(self, pictures: Sequence[str]) -> Iterator[np.ndarray | None]:
        """128 numbers of the most central face."""
        for path in pictures:
            pixels = face_recognition.load_image_file(path)
            boxes = face_recognition.face_locations(pixels)
            if not boxes:
                yield None
                continue
            xyxy = np.array([(left, top, right, bottom) for top, right, bottom, left in boxes])
            row = most_central(xyxy, (pixels.shape[1], pixels.shape[0]))
            yield face_recognition.face_encodings(pixels, [boxes[row]])[0]


serve(FaceRecognition)

"""MediaPipe FaceMesh on static images, at most one face; `refine` adds lips, eyes and irises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version

import cv2
import mediapipe
import numpy as np
from protocol import Job, serve


class FaceMesh:
    """The legacy solution: short-range detector and mesh in one graph."""

    def __init__(self, job: Job) -> None:
        cv2.setNumThreads(job["threads"])
        refine = bool(job["options"]["refine"])
        self.mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=True, max_num_faces=1, refine_landmarks=refine
        )
        self.about = {
            "mediapipe": version("mediapipe"),
            "threads": "CPU affinity (its own pools see only these cores); OpenCV set",
            "decode": "OpenCV imread",
        }

    def run(self, pictures: Sequence[str]) -> int:
        """Detect and mesh the best face of each picture."""
        faces = 0
        for path in pictures:
            pixels = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
            found = self.mesh.process(pixels).multi_face_landmarks
            faces += 0 if found is None else len(found)
        return faces

    def templates(self, pictures: Sequence[str]) -> Iterator[np.ndarray | None]:
        """FaceMesh has no recogniser."""
        raise NotImplementedError("mediapipe has no face templates")


serve(FaceMesh)

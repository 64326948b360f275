"""The faces of a data set as a recogniser is given them: crops, meshes in them, templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mien.data import Sample
from mien.evaluate.readings import Readings
from mien.geometry.align import alignment_maps
from mien.geometry.similarity import invert
from mien.geometry.warp import transform_points, warp_crops
from mien.models import Network, get_spec, load
from mien.recognition.verify import Choose, chosen_row
from mien.tasks.crops import meshes
from mien.tasks.embed import embed_crops
from mien.types.arrays import Array, ByteArray, FloatArray, IntArray

#: Crops (N,h,w,3) uint8 RGB to unit vectors (N,D) float64.
Embed = Callable[[ByteArray], FloatArray]
#: What is computed of each picture.
TASKS = ("landmarks", "pose")


@dataclass(frozen=True, slots=True, eq=False)
class CutFaces:
    """One face a sample, columnar: ``crops (N,h,w,3) uint8 RGB``, ``meshes (N,K,3)`` px in them.

    ``vectors (N,D)`` unit templates of the crops, without their mirror images; ``yaw_deg (N,)``;
    ``person (N,)`` numbers of subjects; ``names (N,)`` sample ids.
    """

    crops: ByteArray
    meshes: FloatArray
    vectors: FloatArray
    yaw_deg: FloatArray
    person: IntArray
    names: Array

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.names)


def unit_embedder(network: Network) -> Embed:
    """Return what embeds crops with a network, without their mirror images, as unit vectors."""

    def embed(crops: ByteArray) -> FloatArray:
        raw = embed_crops(crops, network, mirror=False).astype(np.float64)
        unit: FloatArray = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
        return unit

    return embed


def cut_faces(samples: list[Sample], readings: Readings, *, choose: Choose) -> CutFaces:
    """Read the samples, and cut and embed the chosen face of each that shows one."""
    options = readings.analyzer.options
    wanted = get_spec(options.embedder).preprocess
    crops, points, yaw_deg, kept = [], [], [], []
    for sample, analysis in zip(samples, readings.of(samples), strict=True):
        faces = analysis.found
        if not len(faces):
            continue
        row = chosen_row(faces, choose)
        mesh = meshes([analysis])[0][row : row + 1]
        to_image = alignment_maps(mesh, wanted.alignment)
        crops.append(warp_crops(sample.image().pixels, to_image, wanted.size_wh)[0])
        points.append(transform_points(invert(to_image), mesh)[0])
        yaw_deg.append(float(faces.attributes["pose"].values[row, 0]))
        kept.append(sample)
    width, height = wanted.size_wh
    pixels = np.stack(crops) if crops else np.zeros((0, height, width, 3), np.uint8)
    people = [str(sample.subject_id) for sample in kept]
    return CutFaces(
        pixels,
        np.stack(points) if points else np.zeros((0, 468, 3), np.float32),
        unit_embedder(load(options.embedder, device=options.device))(pixels),
        np.array(yaw_deg, np.float32),
        np.unique(np.array(people, str), return_inverse=True)[1].astype(np.int64),
        np.array([sample.sample_id for sample in kept], str),
    )

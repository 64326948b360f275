"""Orientation: which way up each face is, and the picture as a whole."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import BoolArray, FloatArray, IntArray

#: How much the close-up's logit and the mesh network's logit tell between the four turns:
#: logistic regression on 250 LFW pictures turned by 0, 90, 180 and 270 degrees.
CLOSE_UP_WEIGHT = 0.7
MESH_WEIGHT = 1.5
_MESH_LIMIT = 8.0
#: Log odds in favour of a picture being the right way up, and of a face being like its picture.
UPRIGHT_PRIOR = 0.5
SAME_AS_PICTURE_PRIOR = 3.0
#: What one face says at most, so that one odd face does not turn a picture.
_FACE_LIMIT = 6.0


def turn_evidence(close_up: FloatArray, mesh: FloatArray) -> FloatArray:
    """Return log odds (M,4), best 0, for each face standing upright after 0, 1, 2, 3 quarters.

    ``close_up (M,4)`` and ``mesh (M,4)``: logits of the two networks on the face so turned
    (counter-clockwise); -inf where nothing was seen.
    """
    seen = np.maximum(close_up, -3.0) * CLOSE_UP_WEIGHT
    evidence = seen + np.clip(mesh, -_MESH_LIMIT, _MESH_LIMIT) * MESH_WEIGHT
    return np.asarray(evidence - evidence.max(axis=1, keepdims=True, initial=-np.inf))


def picture_turn(evidence: FloatArray) -> int:
    """Return the quarters by which a picture stands upright, from the evidence of its faces (M,4).

    Counter-clockwise; 0 without a face.
    """
    total = np.maximum(evidence, -_FACE_LIMIT).sum(axis=0)
    total[0] += UPRIGHT_PRIOR
    return int(np.argmax(total))


def face_turns(evidence: FloatArray, speaks: BoolArray) -> tuple[IntArray, FloatArray]:
    """Return the quarters (M,) for each face (M,4) of one picture, and a prior (M,) for each.

    ``speaks (M,)``: which of them tell how the picture is turned. The prior is what a face that is
    turned unlike its picture loses in log odds of being one.
    """
    picture = picture_turn(evidence[speaks])
    prior = np.full(4, -SAME_AS_PICTURE_PRIOR)
    prior[picture] = 0
    turns = np.argmax(evidence + prior, axis=1)
    return turns.astype(np.int64), prior[turns]

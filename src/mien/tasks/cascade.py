"""The cascade: a look at the whole, a closer one where that may pay, a check of what they saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mien.geometry.boxes import iou, overlap_of_smaller, suppress
from mien.models import Network
from mien.tasks.candidates import SAME_FACE_IOU, Candidates, merge
from mien.tasks.confirm import SecondLook, judged, look_again, seen_once
from mien.tasks.orientation import face_turns, turn_evidence
from mien.tasks.propose import SEEN_PX, long_side, look_closely, look_whole, smallest_face
from mien.tasks.pyramid import Level, halved
from mien.types.arrays import BoolArray, FloatArray, IntArray

#: Candidates start at these logits of the two looks; most are no faces.
WHOLE_LOGIT = 0.0
CLOSER_LOGIT = -1.0
#: A face of this logit and this share of the longer side needs no second look.
SURE_LOGIT = 1.7
SURE_SHARE = 0.25
#: A picture of at most this size with such a face is a portrait: it is not searched for more.
PORTRAIT_PX = 320
#: Boxes of which the smaller lies within the larger by more than this show the same face.
_SAME_FACE_INSIDE = 0.7

#: A picture at its own scale, then reduced.
Scales = list[Level]


class Networks(NamedTuple):
    """The four networks: ``whole`` also takes the second look, ``referee`` the third."""

    whole: Network
    closer: Network
    mesh: Network
    referee: Network


def find(
    pictures: Sequence[Level],
    networks: Networks,
    *,
    turned: bool,
    min_face_px: float | None,
    min_log_odds: float,
) -> Candidates:
    """Return the faces of a batch of pictures, each with its log odds for its logit.

    ``turned``: look for faces that are turned by quarters too, and say by how many each is.
    """
    turns = (0, 1, 2, 3) if turned else (0,)
    small = [_reduced(picture, min_face_px) for picture in pictures]
    candidates = _proposed(small, networks, turns, min_face_px)
    scales = [[picture, reduced] for picture, reduced in zip(pictures, small, strict=True)]
    if turned:
        again, prior = _turned_upright(scales, candidates, networks)
        upright = judged(scales, again, referee=networks.referee)
        return decided([upright.scored(upright.logit + prior)], min_log_odds)
    sure = is_sure(candidates, _long_sides(pictures))
    again = look_again(
        scales,
        candidates[~sure],
        candidates[~sure].quarters,
        detector=networks.whole,
        mesh=networks.mesh,
    )
    unsure = judged(scales, again, referee=networks.referee)
    return decided([seen_once(candidates[sure]), unsure], min_log_odds)


def _proposed(
    pictures: Sequence[Level],
    networks: Networks,
    turns: Sequence[int],
    min_face_px: float | None,
) -> Candidates:
    whole = look_whole(pictures, turns, network=networks.whole, min_logit=WHOLE_LOGIT)
    whole = merge(whole, SAME_FACE_IOU)
    long_px = _long_sides(pictures)
    unsure = np.setdiff1d(np.arange(len(pictures)), whole.owner[is_sure(whole, long_px)])
    # A face that fills the picture is found when the picture is shrunk on a black ground.
    shrunk = look_whole(
        [pictures[index] for index in unsure],
        turns,
        network=networks.whole,
        min_logit=WHOLE_LOGIT,
        filled=0.5,
    )
    found = [whole, shrunk.of(unsure)]
    for index in np.union1d(unsure, np.flatnonzero(long_px > PORTRAIT_PX)):
        closely = look_closely(
            pictures[index],
            turns,
            network=networks.closer,
            min_logit=CLOSER_LOGIT,
            min_face_px=min_face_px,
        )
        found.append(closely.of([index]))
    return merge(Candidates.concatenate(found), SAME_FACE_IOU)


def _turned_upright(
    pictures: Sequence[Scales], candidates: Candidates, networks: Networks
) -> tuple[SecondLook, FloatArray]:
    """Look at each candidate turned four ways; keep the way that its picture agrees with.

    Also return the prior (M,) of a face being turned so.
    """
    looks = [
        look_again(
            pictures,
            candidates,
            np.full(len(candidates), quarters),
            detector=networks.whole,
            mesh=networks.mesh,
            by_eyes=False,
        )
        for quarters in range(4)
    ]
    evidence = turn_evidence(
        np.stack([look.close_up for look in looks], axis=1),
        np.stack([look.mesh for look in looks], axis=1),
    )
    log_odds = np.stack([look.log_odds for look in looks], axis=1).max(axis=1)
    turns, prior = np.zeros(len(candidates), np.int64), np.zeros(len(candidates))
    for index in np.unique(candidates.owner):
        rows = np.flatnonzero(candidates.owner == index)
        # Only probable faces speak for their picture.
        turns[rows], prior[rows] = face_turns(evidence[rows], log_odds[rows] > 0)
    return _chosen(looks, turns), prior


def _chosen(looks: Sequence[SecondLook], turns: IntArray) -> SecondLook:
    """Return row i of look ``turns[i]``."""
    each = np.arange(len(turns))
    first = looks[0].candidates
    coords = np.stack([look.candidates.coords for look in looks])[turns, each]
    return SecondLook(
        Candidates(first.owner, first.logit, turns, coords),
        np.stack([look.close_up for look in looks])[turns, each],
        np.stack([look.mesh for look in looks])[turns, each],
    )


def decided(parts: Sequence[Candidates], min_log_odds: float) -> Candidates:
    """Keep what is probable enough, each face once, the best first."""
    found = Candidates.concatenate(parts)
    found = found[found.logit >= min_log_odds]
    same = found.owner[:, None] == found.owner[None]
    inside = overlap_of_smaller(found.xyxy, found.xyxy) > _SAME_FACE_INSIDE
    overlap = np.where(inside, 1.0, iou(found.xyxy, found.xyxy)) * same
    return found[suppress(overlap, found.logit, SAME_FACE_IOU)]


def is_sure(found: Candidates, long_px: FloatArray) -> BoolArray:
    """Tell (M,) which candidates are beyond doubt, and large in a picture of ``long_px (P,)``."""
    return np.asarray((found.logit > SURE_LOGIT) & (found.side > SURE_SHARE * long_px[found.owner]))


def _long_sides(pictures: Sequence[Level]) -> FloatArray:
    return np.array([long_side(picture) for picture in pictures])


def _reduced(picture: Level, min_face_px: float | None) -> Level:
    """Halve a large photograph as often as the finest look allows."""
    shrink = smallest_face(long_side(picture), min_face_px) / SEEN_PX
    return halved(picture, max(0, int(np.log2(shrink))))

"""The tracker: frames in order of time in, the faces that are followed through them out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mien.geometry.boxes import iou
from mien.metrics.assignment import best_pairs
from mien.models import Network
from mien.tasks.landmarks import detected_squares
from mien.types import Boxes, Faces, Image, Landmarks, Templates
from mien.types.arrays import Array, BoolArray
from mien.video.following import Meshes, box_at, box_in_square, look, same_face
from mien.video.frames import Detect, Frame
from mien.video.identities import Identities
from mien.video.motion import Motion
from mien.video.sampling import Sample
from mien.video.tracks import TrackedFrame

#: Detections from the first score on may begin a track, from the second on continue one [ByteTrack,
#: Zhang et al. 2022, section 3].
HIGH_SCORE = 0.5
LOW_SCORE = 0.1
#: A detection is of the face that is followed iff their boxes overlap by this IoU.
_SAME_BOX = 0.3
#: A face that no detection confirms for so long is not followed any more, mesh or no mesh.
_UNSEEN_S = 2.0
#: A lost face is taken up again by place alone within this time and at this IoU ...
_BLINK_S = 0.5
_BLINK_IOU = 0.5
#: ... else by its template, where it can have got to: within so many sides, and the spread.
_STEP_SIDES = 1.0
#: Where the mesh sees a lost face again the detector is asked, but not twice in so many frames.
_REST_FRAMES = 3


@dataclass(slots=True, eq=False)
class _Live:
    """A track that lasts: followed while ``lost_s`` is None. ``contested``: lost to another."""

    track_id: int
    motion: Motion
    turn_rad: float
    relative: Array
    score: float
    detected_s: float
    looks: int = 1
    hits: int = 1
    looks_at_hit: int = 1
    lost_s: float | None = None
    contested: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """A track that ended: who it was, how much the detector supported it, its template."""

    track_id: int
    person_id: int
    support: float
    template: Templates | None


class Tracker:
    """Follows faces from frame to frame.

    ``detect`` is asked where a face was lost between looks; ``mesh`` follows. A lost face is
    waited for ``lost_s``. ``identities`` ``None``: tracks only, no templates. Ended tracks collect
    in ``ended`` until taken.
    """

    def __init__(
        self,
        detect: Detect,
        mesh: Network,
        *,
        identities: Identities | None,
        lost_s: float = 2.0,
    ) -> None:
        self._detect = detect
        self._mesh = mesh
        self._identities = identities
        self._lost_s = lost_s
        self._tracks: list[_Live] = []
        self._shot = 0
        self._next_id = 1
        self._looked_at = 0
        self.ended: list[Ended] = []

    def step(self, frame: Frame) -> TrackedFrame:
        """Take the next frame."""
        if frame.shot != self._shot:
            self.finish()
            self._shot = frame.shot
        tracks, meshes, dropped = self._follow(frame)
        detected = np.zeros(len(tracks), bool)
        if dropped or frame.looked is not None or self._reappears(frame, meshes):
            self._looked_at = frame.index
            looked = self._detect(frame.image) if frame.looked is None else frame.looked.result()
            tracks, meshes, detected = self._look(frame, tracks, meshes, _in_order(looked))
        samples = [Sample.of(frame.image, meshes[[row]]) for row in range(len(tracks))]
        if self._identities is not None:
            ids = [track.track_id for track in tracks]
            self._identities.see(frame.time_s, zip(ids, samples, strict=True))
        self._expire(frame.time_s)
        merit = np.array([sample.merit for sample in samples])
        return _result(frame, tracks, meshes, detected, merit)

    def finish(self) -> None:
        """End all tracks: of a shot that was cut, or of the video."""
        self._end(self._tracks)

    def person_of(self, track_id: int) -> int:
        """Return the person that a track which lasts shows; itself without identities."""
        return track_id if self._identities is None else self._identities.person_of(track_id)

    def _follow(self, frame: Frame) -> tuple[list[_Live], Meshes, bool]:
        """Move every followed face on by its mesh; also tell whether one was lost."""
        tracks = [track for track in self._tracks if track.lost_s is None]
        expected = [track.motion.at(frame.time_s).square(track.turn_rad) for track in tracks]
        meshes = look(frame.image, np.array(expected).reshape(-1, 4), self._mesh)
        there = (meshes.logit > 0) & _inside(meshes, frame.image)
        clash = same_face(meshes, meshes) & there & there[:, None]
        contested = clash.sum(axis=1) > 1
        for row, track in enumerate(tracks):
            if there[row] and not contested[row]:
                _move(track, frame.time_s, meshes.squares[row])
            else:
                track.lost_s, track.contested = frame.time_s, bool(contested[row])
        kept = np.flatnonzero(there & ~contested)
        return [tracks[row] for row in kept], meshes[kept], len(kept) < len(tracks)

    def _reappears(self, frame: Frame, followed: Meshes) -> bool:
        """Tell whether a lost face seems to be there again, which the detector is to confirm."""
        lost = [track for track in self._tracks if track.lost_s is not None]
        if not lost or frame.index - self._looked_at < _REST_FRAMES:
            return False
        expected = []
        for track in lost:
            # Nobody walks on for long behind a pillar as one did before it.
            until_s = min(frame.time_s, track.motion.time_s + _BLINK_S)
            expected.append(track.motion.at(until_s).square(track.turn_rad))
        meshes = look(frame.image, np.array(expected), self._mesh)
        return bool(((meshes.logit > 0) & ~same_face(meshes, followed).any(axis=1)).any())

    def _look(
        self, frame: Frame, tracks: list[_Live], meshes: Meshes, found: Faces
    ) -> tuple[list[_Live], Meshes, BoolArray]:
        """Confirm followed faces by detections, take lost ones up again, and begin new tracks."""
        for track in self._tracks:
            track.looks += 1
        boxes = np.array(
            [box_at(t.relative, s) for t, s in zip(tracks, meshes.squares, strict=True)]
        )
        overlap = iou(boxes.reshape(-1, 4), found.boxes.xyxy)
        high = found.detection_score >= HIGH_SCORE
        pairs = best_pairs(overlap, (overlap >= _SAME_BOX) & high)
        rest = np.ones(overlap.shape, bool)
        for row, column in pairs:
            rest[row], rest[:, column] = False, False
        pairs += best_pairs(overlap, (overlap >= _SAME_BOX) & ~high & rest)
        detected = np.zeros(len(tracks), bool)
        for row, column in pairs:
            detected[row] = True
            _confirm(tracks[row], frame.time_s, found, column, meshes.squares[row])
        free = np.setdiff1d(np.flatnonzero(high), [column for _, column in pairs])
        added, new = self._take_up(frame, found[free], meshes)
        for track in tracks:
            if frame.time_s - track.detected_s > _UNSEEN_S:
                track.lost_s = frame.time_s
        kept = np.flatnonzero([track.lost_s is None for track in tracks])
        parts = [tracks[row] for row in kept] + added
        detected = np.concatenate([detected[kept], np.ones(len(added), bool)])
        return parts, _joined(meshes[kept], new), detected

    def _take_up(self, frame: Frame, found: Faces, followed: Meshes) -> tuple[list[_Live], Meshes]:
        """Give each detection that nobody follows a track: a lost one or a new one."""
        meshes = look(frame.image, detected_squares(found), self._mesh)
        known = same_face(meshes, followed).any(axis=1) | (meshes.logit <= 0)
        rows = np.flatnonzero(~known)
        found, meshes = found[rows], meshes[rows]
        lost = [track for track in self._tracks if track.lost_s is not None]
        pairs = dict[int, _Live]()
        if lost and len(found):
            affinity, allowed = self._affinity(frame, lost, found, meshes)
            pairs = {column: lost[row] for row, column in best_pairs(affinity, allowed)}
        tracks = []
        for row in range(len(found)):
            square = meshes.squares[row]
            track = pairs.get(row)
            if track is None:
                track = self._begin(frame.time_s, square)
            track.lost_s, track.contested = None, False
            track.motion = Motion.begin(frame.time_s, square)
            track.turn_rad = float(square[3])
            track.relative = box_in_square(found.boxes.xyxy[row], square)
            _confirm(track, frame.time_s, found, row, square)
            tracks.append(track)
        return tracks, meshes

    def _begin(self, time_s: float, square: Array) -> _Live:
        track = _Live(
            self._next_id, Motion.begin(time_s, square), float(square[3]), np.zeros(4), 0.0, time_s
        )
        track.hits = 0
        self._next_id += 1
        self._tracks.append(track)
        return track

    def _affinity(
        self, frame: Frame, lost: Sequence[_Live], found: Faces, meshes: Meshes
    ) -> tuple[Array, BoolArray]:
        """Return how well lost tracks (L) and detections (M) agree, and which pairs may be."""
        expected = [track.motion.at(frame.time_s) for track in lost]
        squares = np.array([m.square(t.turn_rad) for m, t in zip(expected, lost, strict=True)])
        boxes = np.array([box_at(t.relative, s) for t, s in zip(lost, squares, strict=True)])
        overlap = iou(boxes, found.boxes.xyxy).astype(np.float64)
        gap_s = np.array([frame.time_s - track.motion.time_s for track in lost])
        near = (overlap >= _BLINK_IOU) & (gap_s <= _BLINK_S)[:, None]
        cosine = self._cosines(frame.image, lost, meshes)
        if cosine is None or self._identities is None:
            return overlap, near
        # Where two faces met, the place does not say which of them is seen now.
        near &= np.array([not track.contested for track in lost])[:, None]
        apart = np.linalg.norm(squares[:, None, :2] - meshes.squares[None, :, :2], axis=2)
        reach = np.array([_STEP_SIDES + motion.reach() for motion in expected])
        reachable = apart <= (reach * squares[:, 2])[:, None]
        alike = cosine >= self._identities.threshold(len(lost))
        return (overlap + np.clip(cosine, 0, 1)) / 2, near | (alike & reachable)

    def _cosines(self, image: Image, lost: Sequence[_Live], meshes: Meshes) -> Array | None:
        """Return the scores (L,M) of lost tracks and faces; -1 where one has no template."""
        if self._identities is None:
            return None
        known = [self._identities.template(track.track_id) for track in lost]
        if all(template is None for template in known):
            return None
        embedded = self._identities.embed(
            [Sample.of(image, meshes[[row]]) for row in range(len(meshes))]
        )
        scores = np.full((len(known), len(embedded)), -1.0)
        for row, template in enumerate(known):
            for column, probe in enumerate(embedded):
                if template is not None and probe is not None:
                    scores[row, column] = template.vectors[0] @ probe.template.vectors[0]
        return scores

    def _expire(self, time_s: float) -> None:
        """End tracks that were lost for too long, or whose person is in view again."""
        followed = {self.person_of(t.track_id) for t in self._tracks if t.lost_s is None}
        self._end(
            [
                track
                for track in self._tracks
                if track.lost_s is not None
                and (
                    time_s - track.lost_s > self._lost_s
                    or self.person_of(track.track_id) in followed
                )
            ]
        )

    def _end(self, tracks: Iterable[_Live]) -> None:
        for track in list(tracks):
            person, template = track.track_id, None
            if self._identities is not None:
                person, template = self._identities.end(track.track_id)
            support = track.hits / track.looks_at_hit
            self.ended.append(Ended(track.track_id, person, support, template))
            self._tracks.remove(track)


def _in_order(found: Faces) -> Faces:
    """Return detections from left to right: what follows must not depend on their order."""
    xyxy = found.boxes.xyxy
    return found[np.lexsort((xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0]))]


def _inside(meshes: Meshes, image: Image) -> BoolArray:
    """Tell (M,) which faces have their centre in the picture."""
    centre = meshes.squares[:, :2]
    return np.asarray(((centre >= 0) & (centre <= image.size_wh)).all(axis=1))


def _move(track: _Live, time_s: float, square: Array) -> None:
    track.motion = track.motion.seen(time_s, square)
    track.turn_rad = float(square[3])


def _confirm(track: _Live, time_s: float, found: Faces, row: int, square: Array) -> None:
    """Take a detection into a track; boxes keep half of where they lay in the mesh before."""
    here = box_in_square(found.boxes.xyxy[row], square)
    track.relative = here if track.hits == 0 else (track.relative + here) / 2
    track.score = float(found.detection_score[row])
    track.detected_s = time_s
    track.hits += 1
    track.looks_at_hit = track.looks


def _joined(a: Meshes, b: Meshes) -> Meshes:
    return Meshes(
        np.concatenate([a.points, b.points]),
        np.concatenate([a.logit, b.logit]),
        np.concatenate([a.squares, b.squares]),
    )


def _result(
    frame: Frame, tracks: Sequence[_Live], meshes: Meshes, detected: BoolArray, merit: Array
) -> TrackedFrame:
    """Return the frame's faces in the order of their track ids."""
    order = np.argsort([track.track_id for track in tracks], kind="stable").astype(np.int64)
    chosen, meshes = [tracks[row] for row in order], meshes[order]
    boxes = [box_at(t.relative, s) for t, s in zip(chosen, meshes.squares, strict=True)]
    mesh = Landmarks(meshes.points, f"mesh{meshes.points.shape[1]}")
    five = Landmarks(meshes.five, "five")
    faces = Faces(
        frame.image.size_wh,
        Boxes(np.array(boxes, np.float32).reshape(-1, 4)),
        np.array([track.score for track in chosen], np.float32),
        {five.schema: five, mesh.schema: mesh},
    )
    ids = np.array([track.track_id for track in chosen], np.int64)
    return TrackedFrame(
        frame.image,
        frame.index,
        frame.time_s,
        frame.shot,
        faces,
        ids,
        detected[order],
        merit[order],
    )

"""Naming: whom of a gallery the people of a video are."""

from __future__ import annotations

from dataclasses import replace

from mien.gallery import Gallery
from mien.recognition.identify import FPIR
from mien.recognition.searching import identify_in
from mien.types import Templates
from mien.video.tracks import Person, TrackSet


def named(tracks: TrackSet, gallery: Gallery, *, fpir: float = FPIR) -> TrackSet:
    """Return the tracks with each person searched in the gallery, as ``identify_in`` does.

    A person without a template stays without an answer. Raises GalleryMismatchError for a gallery
    of another model, ModelError where ``fpir`` was not measured for so many references.
    """
    probes = [person.template for person in tracks.people if person.template is not None]
    if not probes:
        return tracks
    answers = iter(identify_in(gallery, Templates.concatenate(probes), fpir=fpir))
    people: list[Person] = []
    for person in tracks.people:
        if person.template is None:
            people.append(person)
            continue
        answer = next(answers)
        name = None
        if answer.subject_id is not None:
            name = gallery.subject(answer.subject_id).called
        people.append(replace(person, name=name, answer=answer))
    return replace(tracks, people=tuple(people))

"""The job "cluster": group the gallery's faces by person, as ``mien cluster --gallery`` does it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from mien.apps.server.bodies import BodyOptions
from mien.apps.server.engine import Engine
from mien.apps.server.jobs.folders import Roots
from mien.apps.server.jobs.kind import Kind, register
from mien.apps.server.jobs.work import Work
from mien.errors import InputError
from mien.gallery import Gallery
from mien.gallery.sqlite import SqliteGallery
from mien.recognition import album


class ClusterJob(BodyOptions):
    """How to group; without a threshold the method's own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "cluster", "reason": "June"}]}
    )
    kind: Literal["cluster"] = "cluster"
    method: Literal["structure", "chinese_whispers", "threshold"] = "structure"
    threshold: float | None = Field(default=None, ge=-1, le=1)
    reason: str = Field(default="", max_length=500)


@register
class Cluster(Kind[ClusterJob]):
    """Results: a line a group, largest first: ``subject_id``, ``size``, ``reference_ids``."""

    name: ClassVar[str] = "cluster"
    scope: ClassVar[str] = "enrol"
    needs_gallery: ClassVar[bool] = True
    options = ClusterJob

    def title(self, options: ClusterJob, roots: Roots) -> str:
        """Say it."""
        return "group the gallery's faces"

    def run(self, options: ClusterJob, work: Work, engine: Engine) -> str:
        """Group, in one transaction; a run that was killed after it does not do it again."""

        def group(gallery: Gallery) -> tuple[int, album.Contents]:
            if not isinstance(gallery, SqliteGallery):
                raise InputError("cluster: only a gallery in a folder can do this")
            reason = work.reason(options.reason)
            moved = _moved(gallery, work.actor, reason)
            if moved is None:
                moved = album.group(
                    gallery,
                    method=options.method,
                    threshold=options.threshold,
                    actor=work.actor,
                    reason=reason,
                )
            return moved, album.read(gallery)

        work.begin(1)
        moved, contents = engine.answer(group)
        with work.journal({"options": options.model_dump(mode="json")}) as journal:
            for subject_id, faces in contents.groups.items():
                numbers = [face.reference_id for face in faces]
                record = {"subject_id": subject_id, "size": len(faces), "reference_ids": numbers}
                journal.add(str(subject_id), None, record, [])
        return f"{moved:,} faces moved; {len(contents.groups):,} groups"


def _moved(gallery: SqliteGallery, actor: str, reason: str) -> int | None:
    """Return how many faces this very job moved before, ``None`` when it did not come to it."""
    for entry in reversed(gallery.audit()):
        if (entry.action, entry.actor, entry.reason) == ("cluster", actor, reason):
            return entry.n
    return None

"""The job "analyze": every picture of a folder, as ``mien analyze FOLDER`` does it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from mien.apps.job import expand, run, settings_of
from mien.apps.server.engine import Engine
from mien.apps.server.jobs.folders import Roots, below
from mien.apps.server.jobs.kind import Kind, register
from mien.apps.server.jobs.queued import Queued
from mien.apps.server.jobs.work import Work
from mien.apps.server.routes_pictures import AnalyzeOptions, document
from mien.types import Analysis


class AnalyzeJob(AnalyzeOptions):
    """Which folder, which tasks (all unless named), and which points to return."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "analyze", "folder": "2024/party", "tasks": ["age", "pose"]}]
        }
    )
    kind: Literal["analyze"]
    folder: str = Field(min_length=1, max_length=4096)


@register
class Analyze(Kind[AnalyzeJob]):
    """Results: one line a picture, as /v1/analyze answers, or with its error."""

    name: ClassVar[str] = "analyze"
    scope: ClassVar[str] = "analyse"
    needs_gallery: ClassVar[bool] = False
    options = AnalyzeJob

    def title(self, options: AnalyzeJob, roots: Roots) -> str:
        """Name the folder."""
        roots.folder(options.folder)
        return f"analyze {options.folder}"

    def run(self, options: AnalyzeJob, work: Work, engine: Engine) -> str:
        """Analyse what the journal does not hold yet."""
        tasks = None if options.tasks is None else tuple(sorted(set(options.tasks)))
        analyzer = engine.analyzer(tasks)
        folder = work.roots.folder(options.folder)
        inputs = expand([folder])
        n_failed = 0

        def record(analysis: Analysis) -> tuple[dict[str, Any], list[list[Any]]]:
            nonlocal n_failed
            n_failed += analysis.error is not None
            plain = document(analysis, options.landmarks)
            if plain["error"] is not None:
                plain["error"]["message"] = below(folder, plain["error"]["message"])
            return plain | {"source": below(folder, str(analysis.source))}, []

        queued = Queued(analyzer, engine.batcher, read=work.roots.read, look=work.look)
        with work.journal(settings_of(analyzer, tuple(options.landmarks))) as journal:
            work.begin(len(inputs))
            run(queued, inputs, journal, record=record, on_done=work.step)
        return f"{len(inputs) - n_failed:,} pictures analysed, {n_failed:,} with an error"
